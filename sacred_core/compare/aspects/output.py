"""The output, without what differs in each run."""

import hashlib
import re
from typing import Any

from sacred_core.compare.compared_run import ComparedRun
from sacred_core.compare.records import MISSING, Difference
from sacred_core.compare.text_diff import split_lines, unified_diff

_TIME = r"\d+:\d\d(?::\d\d)?(?:[.,]\d+)?"
#: What differs between equal runs, as groups: colours, the time at the start of a line, the id and
#: the duration in lines of Sacred, and the times of a progress bar of tqdm.
_VARYING = re.compile(
    r"(?P<colour>\x1b\[[0-9;:]*m)"
    rf"|^(?P<date>[\[(]?\d{{4}}-\d\d-\d\d[ T]{_TIME}(?:Z|[+-]\d\d:?\d\d)?[\])]?)"
    r'|(?P<id>Started run with ID ".*")'
    rf"|(?P<end>(?:Completed|Failed|Aborted) after (?:\d+ days?, )?{_TIME})"
    r"|(?P<hint>To see it: .*)"
    rf"|(?P<bar>\[{_TIME}(?:<(?:{_TIME}|\?))?, +[\d.?]+ ?[^\],]*\])",
    re.MULTILINE,
)


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
    return _VARYING.sub(lambda found: "" if found["colour"] else f"<{found.lastgroup}>", text)


def _output(side: ComparedRun) -> str:
    return side.output().replace("\r\n", "\n").replace("\r", "\n")
