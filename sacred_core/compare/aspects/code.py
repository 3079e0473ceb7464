"""The sources."""

import difflib
from typing import Any

from sacred_core.compare.compared_run import ComparedRun
from sacred_core.compare.records import MISSING, Difference


def collect_code(side: ComparedRun) -> dict[str, Any]:
    """Return the MD5 digests of sources by their names."""
    return dict(side.run.sources)


def render_code(difference: Difference, first: ComparedRun, second: ComparedRun) -> Difference:
    """Return the unified diff of the stored texts."""
    old, new = (
        "" if fact is MISSING else side.source(difference.key) or ""
        for fact, side in ((difference.first, first), (difference.second, second))
    )
    name = difference.key
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), name, name, lineterm="")
    return difference.shown(lines)
