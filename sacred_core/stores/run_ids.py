"""Ids of runs: one rule for all stores, see ``docs/run-ids.md``.

An id is an integer or a string. A string that is the decimal form of an integer means that
integer, and no other string does: ``"1"`` is 1, ``"01"`` is a string. Ids that are chosen by a
user must be possible in every store; ids that are read may be anything.
"""

import heapq
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from sacred_core.exceptions import RunIdError
from sacred_core.plurals import counted

#: The largest integer that may be requested. Numbers above it do not count when the next number is
#: computed, so a store is never full; all are exact in JavaScript, where dashboards run.
LARGEST = 10**15 - 1
_DIGITS, _FIRST = 15, frozenset("123456789")
#: Maximum bytes of a string. SQL databases store it in 255 characters, with up to five for three.
LONGEST = 150

#: The integers that databases and buckets can store.
INT64 = range(-(2**63), 2**63)
_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
#: Characters of the longest integer with 64 bits.
_LONGEST_INTEGER = len(str(INT64.start))
_FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
#: Unicode categories: control, format, surrogate, line and paragraph separators.
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def normalize_id(run_id: Any) -> int | str:
    """Return an id as stores list it: an integer where it is written as one, else a string.

    Observers of folders and buckets give strings as ids, as in Sacred, those of databases
    integers; `StoredRun.id` of one run is the same whichever came first. Integers of more than 64
    bits, which databases cannot store, are strings.

    Args:
        run_id: Anything; it need not be valid.
    """
    if isinstance(run_id, int) and not isinstance(run_id, bool):
        number = int(run_id)  # with a subclass of int, `in range` compares with each number
        if number in INT64:
            return number
    text = _text(run_id)
    if len(text) > _LONGEST_INTEGER or not _INTEGER.fullmatch(text):
        return text
    return number if (number := int(text)) in INT64 else text


def validate_id(run_id: Any) -> int | str:
    """Return the id of a new run as `normalize_id` does.

    Raises:
        RunIdError: some store could not have a run with this id.
    """
    normalized = normalize_id(run_id)
    problem = _problem(normalized)
    if problem is not None:
        shown = repr(str(normalized))
        raise RunIdError(f"run id {shown if len(shown) < 90 else shown[:80] + '...'} {problem}")
    return normalized


def is_valid_id(run_id: Any) -> bool:
    """Return whether a new run may have this id in every store."""
    return _problem(normalize_id(run_id)) is None


def countable_id(run_id: Any) -> int | None:
    """Return an id that counts when the next number is computed, else None.

    Strings, negative integers and those above `LARGEST` do not count.
    """
    normalized = normalize_id(run_id)
    return normalized if isinstance(normalized, int) and 0 <= normalized <= LARGEST else None


def next_number(ids: Iterable[Any]) -> int:
    """Return the number of the next run: one more than the largest that counts, or 1.

    Args:
        ids: Those of a store, in any form.
    """
    return max((each for each in map(countable_id, ids) if each is not None), default=0) + 1


def id_order(run_id: Any) -> tuple[int, int | str]:
    """Return a sort key: integers in their order, then strings in theirs."""
    normalized = normalize_id(run_id)
    return (0, normalized) if isinstance(normalized, int) else (1, normalized)


class RunNames(NamedTuple):
    """Names of runs; of 100,000 only those are examined one by one that are needed.

    Attributes:
        numbers: Integers from 1 to `LARGEST` as `normalize_id` writes them, in their order.
        others: All others, in the order of `id_order`.
    """

    numbers: list[str]
    others: list[str]

    @classmethod
    def of(cls, names: Iterable[str], is_accepted: Callable[[str], bool]) -> "RunNames":
        """Return the names for which ``is_accepted`` is true; it is not called for numbers."""
        numbers, others = [], []
        for name in names:
            if name.isdecimal() and name[0] in _FIRST and len(name) <= _DIGITS and name.isascii():
                numbers.append(name)
            elif is_accepted(name):
                others.append(name)
        return cls(sorted(numbers, key=int), sorted(others, key=id_order))

    def in_order(self, is_reversed: bool = False) -> Iterator[str]:
        """Yield all names in the order of `id_order`, or reversed."""
        step = -1 if is_reversed else 1
        numbers, others = self.numbers[::step], self.others[::step]
        if not others:
            return iter(numbers)
        return heapq.merge(numbers, others, key=id_order, reverse=is_reversed)


def _problem(run_id: int | str) -> str | None:
    if countable_id(run_id) is not None:
        return None
    if isinstance(run_id, int) or _INTEGER.fullmatch(run_id):
        return f"is out of range: an integer must be 0 to {LARGEST}"
    return _problem_of_text(run_id)


def _problem_of_text(text: str) -> str | None:
    if not text:
        return "is empty: give a name or an integer"
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST:
        return f"is too long: the maximum is {counted(LONGEST, 'byte')} of UTF-8"
    if text != text.strip() or any(unicodedata.category(each) in _INVISIBLE for each in text):
        return "must not begin or end with white space nor contain invisible characters"
    if text[0] in "_.-" or text[-1] == ".":
        return "must not begin with '_', '.' or '-' nor end with '.'"
    if _FORBIDDEN.search(text):
        return r'must not contain any of / \ : * ? " < > |'
    if _RESERVED.fullmatch(text):
        return "is reserved by Windows: choose another name"
    if not unicodedata.is_normalized("NFC", text):
        return "is not in Unicode normalization form C: file systems may change it"
    return None


def _text(run_id: Any) -> str:
    try:
        return str(run_id)
    except ValueError:  # an integer of thousands of digits, which Python does not convert
        return hex(run_id)
