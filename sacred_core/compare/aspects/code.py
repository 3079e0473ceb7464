"""The sources."""

import hashlib
from collections.abc import Iterator
from typing import Any

from sacred_core.compare.compared_run import ComparedRun
from sacred_core.compare.records import MISSING, Difference
from sacred_core.compare.text_diff import split_lines, unified_diff
from sacred_core.readable_numbers import size_text

_NOWHERE = "/dev/null"


def collect_code(side: ComparedRun) -> dict[str, Any]:
    """Return the MD5 digests of sources by their names; of a source without one it is computed."""
    return {name: md5 or _computed_md5(side, name) for name, md5 in side.run.sources.items()}


def render_code(
    difference: Difference, first: ComparedRun, second: ComparedRun
) -> Difference | None:
    """Return the unified diff of the stored texts, of which only these are read."""
    name = difference.key
    if difference.first is None or difference.second is None:
        return None  # it is reported as not comparable
    sides = [
        side if fact is not MISSING else None
        for fact, side in ((difference.first, first), (difference.second, second))
    ]
    lost = [side.name for side in sides if side and side.read_file("source", name) is None]
    if lost:
        lines = [f"  its text is not stored in {place}" for place in lost]
    else:
        lines = [*_text_diff(name, *sides)]
    headers = [
        f"{sign * 3} {name if side else _NOWHERE}" for sign, side in zip("-+", sides, strict=True)
    ]
    details = {"not_stored": lost} if lost else {"diff": "\n".join([*headers, *lines])}
    return difference.shown([*headers, *lines], details)


def _text_diff(name: str, first: ComparedRun | None, second: ComparedRun | None) -> Iterator[str]:
    contents = [side.read_file("source", name) or b"" for side in (first, second) if side]
    if any(b"\0" in content for content in contents):
        yield f"  binary content of {' and '.join(size_text(len(each)) for each in contents)}"
        return
    old, new = (split_lines(side.source(name) or "") if side else [] for side in (first, second))
    yield from unified_diff(old, new)


def _computed_md5(side: ComparedRun, name: str) -> str | None:
    content = side.read_file("source", name)
    if content is None:
        side.report(f"the source {name!r} has no digest, and is not stored")
        return None
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
