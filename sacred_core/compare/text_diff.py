"""Unified diffs of texts, in the form that ``diff -u`` and git print."""

import difflib
from collections.abc import Callable, Iterator, Sequence

#: Equal lines that are shown around a difference.
_CONTEXT = 3
#: Lines between the first and the last difference up to which equal ones are searched.
_MOST_LINES = 50_000
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


def _groups(old: Sequence[str], new: Sequence[str]) -> Iterator[list[_Opcode]]:
    if max(len(old), len(new)) > _MOST_LINES:
        yield [("replace", 0, len(old), 0, len(new))]
        return
    yield from difflib.SequenceMatcher(None, old, new).get_grouped_opcodes(_CONTEXT)


def _common_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """Return how many equal lines are left out before the first and after the last difference."""
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
