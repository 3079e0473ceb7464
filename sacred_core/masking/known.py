"""Values that were found under the key of a secret: they are masked wherever they occur.

A value that could be an ordinary word or number (``swordfish``, ``2024``) is masked only where it
is a whole word, and one of less than four characters only at its place.
"""

import os
import re
import threading
from collections.abc import Iterator

from sacred_core.environment import environment_state
from sacred_core.masking.secret_names import is_folder, is_secret, secret_names
from sacred_core.masking.words import Words

#: How many are known at a time: of more, the oldest are forgotten.
_MOST = 200
_SHORTEST, _SHORTEST_PART, _LONGEST_WORD = 4, 6, 16
_LONGEST = 4096
#: Words that are given in place of secrets, and that are frequent in text.
_PLACEHOLDERS = frozenset(
    "none null true false test default admin root user username password passwd secret token "
    "localhost string empty unset disabled enabled example changeme basic bearer".split()
)
_NUMBER = re.compile(r"[\d.,:+-]+")

_lock = threading.Lock()
_values: dict[str, re.Pattern[str] | None] = {}
_count = 0
_entries: tuple[tuple[str, re.Pattern[str] | None], ...] = ()
#: Values, rules and environment after the last call of `note_environment`.
_noted: tuple[object, object, object] | None = None


def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def note(value: str) -> None:
    """Mask ``value`` from now on in every text, also as it is in a URL or in a repr."""
    global _count, _entries
    if value in _values or not _SHORTEST <= len(value) <= _LONGEST or not value.strip():
        return
    if value.lower() in _PLACEHOLDERS or not value.strip("*"):
        return
    with _lock:
        for form in _forms(value):
            _values[form] = _pattern(form)
        while len(_values) > _MOST:
            del _values[next(iter(_values))]
        _entries = tuple(_values.items())
        _count += 1


def forget() -> None:
    """Forget all values: they are masked only where they are found by a name or form."""
    global _entries
    with _lock:
        _values.clear()
        _entries = ()


def note_environment() -> None:
    """Note the environment variables with the name of a secret, except paths of files.

    This costs little if neither they, nor what is known, nor the rules have changed.
    """
    global _noted
    if _noted is not None and (_entries, secret_names(), environment_state()) == _noted:
        return
    for name in os.environ:  # not `items`, which decodes all values too
        if not is_secret(name):
            continue
        value = os.environ.get(name, "")
        if not is_folder(name, value) and not os.path.isabs(value):  # noqa: PTH117 - of a string
            note(value)
    _noted = _entries, secret_names(), environment_state()


def count() -> int:
    """Return how many values were noted so far."""
    return _count


def entries() -> tuple[object, ...]:
    """Return the values; another object after each change."""
    return _entries


def spans(words: Words) -> Iterator[tuple[int, int]]:
    """Yield where a text contains a value that is known."""
    text = words.text
    for value, pattern in _entries:
        at = text.find(value) if words.may_contain(value.lower()) else -1
        if at < 0:
            continue
        if pattern is not None:
            yield from (match.span() for match in pattern.finditer(text, max(0, at - 1)))
            continue
        while at >= 0:
            yield at, at + len(value)
            at = text.find(value, at + len(value))


def beginning_at(text: str) -> int:
    """Return where a value that ``text`` contains only in part may begin, or its length."""
    first = len(text)
    for value, _ in _entries:
        start = text.find(value[0], max(0, len(text) - len(value) + 1))
        while 0 <= start < first:
            if value.startswith(text[start:]):
                first = start
            start = text.find(value[0], start + 1)
    return first


def _pattern(value: str) -> re.Pattern[str] | None:
    """Return what finds a value that is found only as a whole word; None of any other."""
    is_word = all(map(_is_word, value.split(" ")))
    if len(value) < _SHORTEST_PART or (is_word and len(value) < _LONGEST_WORD):
        return re.compile(rf"(?<!\w){re.escape(value)}(?!\w)")
    if _NUMBER.fullmatch(value):
        return re.compile(rf"(?<![\w.]){re.escape(value)}(?![\w]|\.\d)")
    return None


def _is_word(text: str) -> bool:
    return text.isalpha() and (text.islower() or text.isupper() or text.istitle())


def _forms(value: str) -> set[str]:
    """Return ``value`` also as URLs, reprs and JSON write it."""
    if value.isalnum() and value.isascii():
        return {value}
    import json
    from urllib.parse import quote, quote_plus, unquote

    odd = value.encode("utf-8", "replace").decode()
    forms = {
        value, repr(value)[1:-1], json.dumps(value)[1:-1], quote(odd, safe=""), quote(odd),
        quote_plus(odd), unquote(value),
    }  # fmt: skip
    return {form for form in forms if len(form) >= _SHORTEST}
