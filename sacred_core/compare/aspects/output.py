"""The output, without what differs in each run."""

import hashlib
import re
from typing import Any

from sacred_core.compare.compared_run import ComparedRun
from sacred_core.compare.records import MISSING, Difference
from sacred_core.compare.text_diff import split_lines, unified_diff

_TIME = r"\d+:\d\d(?::\d\d)?(?:[.,]\d+)?"
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_DURATION = rf"(?:\d+ days?, )?{_TIME}"
#: What differs between equal runs: the id, the duration and the location in lines of Sacred, the
#: times of a progress bar of tqdm, and the time at the start of a line. A pattern that begins with
#: plain text is searched much faster than an alternative of several.
_VARYING = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r'Started run with ID ".*"',
        *(rf"{word} after {_DURATION}" for word in ("Completed", "Failed", "Aborted")),
        r"To see it: .*",
        rf"\[{_TIME}(?:<(?:{_TIME}|\?))?, +[\d.?]+ ?[^\],]*\]",
        rf"^[\[(]?\d{{4}}-\d\d-\d\d[ T]{_TIME}(?:Z|[+-]\d\d:?\d\d)?[\])]?",
    )
)
_REPLACEMENT = "…"


def collect_output(side: ComparedRun) -> dict[str, Any]:
    """Return the number of lines, and a digest of what does not differ in each run."""
    text = _output(side)
    if not text:
        return {}
    compared = comparable_text(text)
    digest = hashlib.md5(compared.encode("utf-8", "surrogatepass"), usedforsecurity=False)
    return {"output": {"lines": len(compared.splitlines()), "md5": digest.hexdigest()}}


def render_output(difference: Difference, first: ComparedRun, second: ComparedRun) -> Difference:
    """Return the unified diff of what was printed."""
    sides = ((difference.first, first), (difference.second, second))
    old, new = ([] if fact is MISSING else split_lines(_output(side)) for fact, side in sides)
    lines = [*unified_diff(old, new, comparable_text)]
    return difference.shown(lines, {"diff": "\n".join(lines)})


def comparable_text(text: str) -> str:
    """Return text without what differs in each run: see `_VARYING`."""
    for pattern in _VARYING:
        text = pattern.sub(_REPLACEMENT, text)
    return text


def _output(side: ComparedRun) -> str:
    """Return the output without colours; what was rewritten is several lines."""
    text = side.output().replace("\r\n", "\n").replace("\r", "\n")
    return _COLOUR.sub("", text) if "\x1b" in text else text
