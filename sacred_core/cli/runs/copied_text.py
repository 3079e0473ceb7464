"""The results of copying as lines and as JSON."""

from collections.abc import Iterator
from typing import Any

import attrs

from sacred_core.cli.runs.two_locations import ids_text
from sacred_core.plurals import counted
from sacred_core.readable_numbers import number_text
from sacred_core.transfer.copying import Copied

#: What happened, in the order of a summary; by whether it only would happen.
_TEXTS = {
    "copied": ("copied", "would be copied"),
    "continued": ("continued", "would be continued"),
    "complete": ("complete already", "complete already"),
    "conflict": ("not changed", "would not be changed"),
    "failed": ("not copied", "would not be copied"),
}
_COUNTS = (("points", "point"), ("characters", "character"), ("files", "file"))
_UNITS = ("bytes", "kB", "MB", "GB")


@attrs.define
class Totals:
    """Counts of results.

    Attributes:
        states: The number of runs by `state_of`.
        missing: The number of parts that are missing in runs that were copied.
        left: Ids of runs that have not ended.
    """

    states: dict[str, int] = attrs.field(factory=lambda: dict.fromkeys(_TEXTS, 0))
    missing: int = 0

    def add(self, copied: Copied) -> None:
        """Count a result."""
        state = state_of(copied)
        self.states[state] += 1
        if state not in ("failed", "conflict"):
            self.missing += len(copied.missing)

    @property
    def failure(self) -> str | None:
        """What is missing in the target; None if nothing is."""
        runs = self.states["failed"] + self.states["conflict"]
        found = [counted(runs, "run")] if runs else []
        found += [counted(self.missing, "part")] if self.missing else []
        return f"Not copied: {' and '.join(found)}; see above." if found else None

    def text(self, is_dry: bool = False) -> str:
        """Return how many runs were copied, complete and so on."""
        parts = [f"{n} {_TEXTS[state][is_dry]}" for state, n in self.states.items() if n]
        total = counted(sum(self.states.values()), "run")
        return f"{total}: {', '.join(parts)}." if parts else f"{total}."


def state_of(copied: Copied) -> str:
    """Return ``copied``, ``continued``, ``complete``, ``conflict`` or ``failed``."""
    if copied.conflict:
        return "conflict"
    if copied.target_id is None and not copied.is_new:
        return "failed"
    if copied.is_new:
        return "copied"
    return "continued" if copied.events else "complete"


def copied_lines(copied: Copied, is_dry: bool = False) -> Iterator[str]:
    """Yield the lines about a run; none if it was complete already."""
    state = state_of(copied)
    what = _TEXTS[state][is_dry]
    target_id = copied.source_id if copied.target_id is None else copied.target_id
    run = f"Run {ids_text(copied.source_id, target_id)}"
    if state == "failed":
        yield f"{run}: {what}: {'; '.join(copied.missing)}"
        return
    if state == "conflict":
        yield f"{run}: {what}: {copied.conflict}"
    elif state != "complete":
        yield f"{run}: {what}{_details(copied)}"
    for each in copied.missing:
        yield f"  missing: {each}"


def copied_object(copied: Copied, is_dry: bool = False) -> dict[str, Any]:
    """Return a result as ``docs/copied.schema.json`` describes it."""
    return attrs.asdict(copied) | {"state": state_of(copied), "dry_run": is_dry}


def _details(copied: Copied) -> str:
    parts = [counted(n, noun) for name, noun in _COUNTS if (n := getattr(copied, name))]
    if copied.size:
        parts.append(_size_text(copied.size))
    if not parts:
        parts = [counted(copied.events, "event")]
    is_open = "" if copied.has_ended else "; it has not ended"
    return f" ({', '.join(parts)}){is_open}"


def _size_text(size: float) -> str:
    for unit in _UNITS[:-1]:
        if size < 1000:
            return (
                counted(int(size), "byte") if unit == "bytes" else f"{number_text(size, 3)} {unit}"
            )
        size /= 1000
    return f"{number_text(size, 3)} {_UNITS[-1]}"
