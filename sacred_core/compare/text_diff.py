"""Unified diffs of texts, in the form that ``diff -u`` and git print."""

import bisect
import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

#: Equal lines that are shown around a difference.
_CONTEXT = 3
#: Lines up to which difflib compares a text.
_SHORT = 1_000
_NO_NEWLINE = "\\ No newline at end of file"


def split_lines(text: str) -> list[str]:
    """Return the lines of a text; where the last one has no newline, another line reports it."""
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else [*lines, _NO_NEWLINE]


def unified_diff(
    old: Sequence[str], new: Sequence[str], key: Callable[[str], str] | None = None
) -> Iterator[str]:
    """Yield the lines of a unified diff, without the names of files.

    Args:
        old, new: Lines.
        key: Lines are equal if this function returns equal strings for them.
    """
    keys = [old, new] if key is None else [[*map(key, lines)] for lines in (old, new)]
    start, after = _common_ends(*keys)
    stops = len(old) - after, len(new) - after
    for group in _groups(*(own[start:stop] for own, stop in zip(keys, stops, strict=True))):
        ranges = [(start + a, start + b) for a, b in _bounds(group)]
        yield f"@@ -{_range_text(*ranges[0])} +{_range_text(*ranges[1])} @@"
        for tag, *position in group:
            i1, i2, j1, j2 = (start + each for each in position)
            if tag == "equal":
                yield from (f" {line}" for line in new[j1:j2])
            else:
                yield from (f"-{line}" for line in old[i1:i2])
                yield from (f"+{line}" for line in new[j1:j2])


_Opcode = tuple[str, int, int, int, int]


def _groups(old: Sequence[str], new: Sequence[str]) -> Iterable[list[_Opcode]]:
    """Return what differs in groups, with the equal lines around it."""
    is_long = max(len(old), len(new)) > _SHORT
    matcher = _LongMatcher(old, new) if is_long else difflib.SequenceMatcher(None, old, new)
    return matcher.get_grouped_opcodes(_CONTEXT)


class _LongMatcher(difflib.SequenceMatcher[str]):
    """Compares long texts, for which `difflib.SequenceMatcher` takes quadratic time."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        super().__init__(None, (), ())
        self._texts = old, new

    def get_opcodes(self) -> list[Any]:
        """Return what to change in the first text to get the second one."""
        return [*_merged(_opcodes_of_parts(*self._texts))]


def _opcodes_of_parts(old: Sequence[str], new: Sequence[str]) -> Iterator[_Opcode]:
    """Yield the opcodes of long texts.

    They are divided at lines that both have once, and in the same order. A part that is still long
    is replaced as a whole.
    """
    i = j = 0
    for next_i, next_j in [*_anchors(old, new), (len(old), len(new))]:
        if max(next_i - i, next_j - j) > _SHORT:
            yield "replace", i, next_i, j, next_j
        else:
            part = difflib.SequenceMatcher(None, old[i:next_i], new[j:next_j])
            for tag, i1, i2, j1, j2 in part.get_opcodes():
                yield tag, i + i1, i + i2, j + j1, j + j2
        if next_i < len(old) and next_j < len(new):
            yield "equal", next_i, next_i + 1, next_j, next_j + 1
        i, j = next_i + 1, next_j + 1


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return the longest increasing series of pairs of equal lines that both texts have once."""
    position = _positions_of_unique(new)
    known = _positions_of_unique(old).items()
    pairs = [(i, position[line]) for line, i in known if line in position]
    ends: list[int] = []  # of series of each length: the least position in `new`
    last: list[int] = []  # its pair
    before: list[int | None] = []
    for number, (_, j) in enumerate(pairs):
        length = bisect.bisect_left(ends, j)
        if length == len(ends):
            ends.append(j)
            last.append(number)
        ends[length], last[length] = j, number
        before.append(last[length - 1] if length else None)
    found = []
    number_or_none = last[-1] if last else None
    while number_or_none is not None:
        found.append(pairs[number_or_none])
        number_or_none = before[number_or_none]
    return found[::-1]


def _positions_of_unique(lines: Sequence[str]) -> dict[str, int]:
    counts = Counter(lines)
    return {line: index for index, line in enumerate(lines) if counts[line] == 1}


def _merged(opcodes: Iterable[_Opcode]) -> Iterator[_Opcode]:
    """Yield opcodes with neighbours of one kind merged."""
    pending: _Opcode | None = None
    for tag, i1, i2, j1, j2 in opcodes:
        if pending is not None and pending[0] == tag:
            pending = (tag, pending[1], i2, pending[3], j2)
            continue
        if pending is not None:
            yield pending
        pending = (tag, i1, i2, j1, j2)
    if pending is not None:
        yield pending


def _common_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """Return how many equal lines are omitted before the first and after the last difference."""
    shortest = min(len(old), len(new))
    start = next((i for i in range(shortest) if old[i] != new[i]), shortest)
    if start == len(old) == len(new):
        return start, 0
    rest = shortest - start
    after = next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)
    return max(start - _CONTEXT, 0), max(after - _CONTEXT, 0)


def _bounds(group: Sequence[_Opcode]) -> tuple[tuple[int, int], tuple[int, int]]:
    first, last = group[0], group[-1]
    return (first[1], last[2]), (first[3], last[4])


def _range_text(start: int, stop: int) -> str:
    """Return a range of lines as unified diffs have it: counted from 1, the count after a comma."""
    count = stop - start
    if count == 1:
        return str(start + 1)
    return f"{start + 1 if count else start},{count}"
