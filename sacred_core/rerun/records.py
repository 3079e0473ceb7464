"""What a rerun returns: its verdict, and the facts that it follows from."""

from collections.abc import Mapping
from typing import Any

import attrs

from sacred_core.exceptions import RerunError
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.shared_methods import ValueMethods

#: Exit codes of a rerun that is not identical: what was recorded differs, or the end does.
DIFFERENT, OTHER_END = 3, 4


class MissingValuesError(RerunError, ValueError):
    """Entries of the configuration that the record masks must be set for a rerun.

    Cause: The run was started with secrets, and records contain ``***`` in place of them.

    Fix: Set the entries again: ``--set NAME=VALUE``, or the argument ``set`` of
    `sacred_core.rerun.rerun`.
    """


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Departure(ValueMethods):
    """The first point of a metric that differs; a value is `None` where the point is missing.

    Attributes:
        metric: Its name.
        step: That of the recorded point, or of the new one if there is no recorded point.
        index: The position of the point in its metric.
        recorded: ``[step, value]`` of the recorded point, or None.
        now: ``[step, value]`` of the point of the rerun, or None.
    """

    metric: str
    step: Any
    index: int
    recorded: list[Any] | None
    now: list[Any] | None

    def text(self) -> str:
        """Return one line: where, and both values."""
        place = f"{self.metric}, step {self.step}"
        if self.recorded is None:
            return f"{place}: no point recorded, {self._now(1)} now"
        if self.now is None:
            return f"{place}: {_short(self.recorded[1])} recorded, no point now"
        if self.recorded[0] != self.now[0]:
            return f"{place}: point {self.index} is at step {self.now[0]} now"
        return f"{place}: {_short(self.recorded[1])} recorded, {self._now(1)} now"

    def _now(self, column: int) -> str:
        return _short((self.now or [None, None])[column])


#: What to do after an exception that an incomplete record leads to, by its type.
_HINTS = {
    "FileNotFoundError": "a file that the script reads is not in the record: use --repo if git "
    "tracks it, or --files, and record further runs with ex.open_resource",
    "ModuleNotFoundError": "the module is neither installed nor among the recorded sources: "
    "install it, or use --env uv, or --repo if it is in the repository",
}


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Outcome(ValueMethods):
    """What the process of a rerun reports, while it is running and at its end.

    Attributes:
        runs: Location and id of the rerun in each store.
        status: The status of the rerun; None before it starts, ``"RUNNING"`` if it did not end.
        error: The type of the exception that ended it, or None.
        departures: Of each metric that differs the first point, in the order of logging.
        points: The number of points that were compared.
        largest: The largest relative difference of accepted values, with metric and step.
        result: ``[recorded, now]`` if the result differs, else None.
        artifacts: By name how it differs: ``"changed"``, ``"missing"`` or ``"new"``.
        sources: Names of sources that the rerun imported with another content.
        left: Entries of the configuration whose recorded form is not their value.
        notes: Other facts that the user should know.
        problem: Why the run could not be started, or None.
        is_usage: The problem is one of the call.
        is_stopped: It was interrupted at the first departure.
        is_unmatched: No run that the script requested was like the recorded one.
    """

    runs: list[list[Any]] = attrs.field(factory=list)
    status: str | None = None
    error: str | None = None
    departures: list[Departure] = attrs.field(factory=list)
    points: int = 0
    largest: list[Any] | None = None
    result: list[Any] | None = None
    artifacts: dict[str, str] = attrs.field(factory=dict)
    sources: list[str] = attrs.field(factory=list)
    left: list[str] = attrs.field(factory=list)
    notes: list[str] = attrs.field(factory=list)
    problem: str | None = None
    is_usage: bool = False
    is_stopped: bool = False
    is_unmatched: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether the rerun has ended."""
        return self.status not in (None, "RUNNING")

    def data(self) -> dict[str, Any]:
        """Return it as plain data; see `of`."""
        return attrs.asdict(self)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Outcome":
        """Return the outcome that `data` describes."""
        departures = [Departure(**each) for each in data["departures"]]
        return cls(**{**data, "departures": departures})


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Rerun(ValueMethods):
    """The verdict on a rerun.

    Attributes:
        verdict: ``"identical"``; ``"equal"`` within the tolerance; ``"metrics"``, ``"result"`` or
            ``"artifacts"``: what differs first; ``"end"``: it did not end as the recorded run did;
            ``"not started"``; ``"interrupted"`` by the user.
        exit_code: That of ``sacred runs rerun``.
        run_id: The id of the recorded run.
        location: Its store, without secrets.
        folder: Where it ran.
        ended: Status and exception of the recorded run, such as ``"FAILED (ValueError)"``.
        compared: The number of recorded points, whether there is a result, and the number of
            artifacts: ``{"points", "metrics", "result", "artifacts"}``.
        differences: What differed before it ran: ``{"aspect", "key", "recorded", "now"}``.
        changed: Entries that the user set.
        warnings: What could not be restored, or should be known.
        rtol, atol: The tolerances.
        outcome: What the process reported.
        end: How its process ended, in words.
    """

    verdict: str
    exit_code: int
    run_id: int | str
    location: str
    folder: str
    ended: str
    compared: dict[str, Any]
    differences: list[dict[str, Any]] = attrs.field(factory=list)
    changed: list[str] = attrs.field(factory=list)
    warnings: list[str] = attrs.field(factory=list)
    rtol: float = 0.0
    atol: float = 0.0
    outcome: Outcome = attrs.field(factory=Outcome)
    end: str = ""

    @property
    def departure(self) -> Departure | None:
        """The first point that differs, or None."""
        return next(iter(self.outcome.departures), None)

    @property
    def runs(self) -> list[tuple[str, Any]]:
        """Location and id of the rerun in each store."""
        return [(str(location), run_id) for location, run_id in self.outcome.runs]

    def __bool__(self) -> bool:
        """Return whether the rerun gave the same: it is identical, or equal in the tolerance."""
        return self.exit_code == 0

    def __repr__(self) -> str:
        return f"<Rerun {printable(self.run_id)}: {self.verdict}>"

    def __str__(self) -> str:
        return self.text()

    def text(self) -> str:
        """Return the verdict: a line for it, and one for each further fact."""
        return "\n".join([self._headline(), *self._facts()])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        # Only what shows runs needs it.
        from sacred_core.stores.run_display import blocks_html

        blocks = [
            ("", [line.strip() for line in self._facts()]),
            ("Stored as", [f"run {run_id} in {location}" for location, run_id in self.runs]),
            ("Changed", self.changed),
            ("Differed before the rerun", [*map(_difference_line, self.differences)]),
            ("Warnings", [*self.warnings, *self.outcome.notes]),
        ]
        heading = f"Rerun of run {self.run_id}: {self._headline()}"
        return blocks_html(heading, [each for each in blocks if each[1]], "print(….data())")

    def data(self) -> dict[str, Any]:
        """Return plain data, as ``sacred runs rerun --json`` prints it."""
        outcome = self.outcome
        return {
            "verdict": self.verdict,
            "text": self.text(),
            "exit_code": self.exit_code,
            "run": {"location": self.location, "id": self.run_id, "ended": self.ended},
            "reruns": [{"location": location, "id": run_id} for location, run_id in self.runs],
            "folder": self.folder,
            "status": outcome.status,
            "error": outcome.error,
            "rtol": self.rtol,
            "atol": self.atol,
            "compared": self.compared,
            "departures": [attrs.asdict(each) for each in outcome.departures],
            "largest": outcome.largest and dict(
                zip(("difference", "metric", "step"), outcome.largest, strict=True)
            ),
            "result": outcome.result and dict(
                zip(("recorded", "now"), outcome.result, strict=True)
            ),
            "artifacts": outcome.artifacts,
            "differences": self.differences,
            "changed": self.changed,
            "left": outcome.left,
            "sources": outcome.sources,
            "warnings": [*self.warnings, *outcome.notes],
        }  # fmt: skip

    def _headline(self) -> str:
        again = " (a changed rerun)" if self.changed else ""
        return f"{self._verdict()}{again}"

    def _verdict(self) -> str:
        outcome = self.outcome
        match self.verdict:
            case "identical":
                return f"Identical: {self._compared()}"
            case "equal":
                difference, metric, step = outcome.largest or (0.0, "", None)
                place = metric if step is None else f"{metric}, step {step}"
                return (
                    f"Equal within a tolerance: {self._compared()}; largest relative difference "
                    f"{difference:.3g} ({place})"
                )
            case "metrics":
                return f"Departs at {self.departure.text() if self.departure else ''}"
            case "result":
                return f"The result differs: {self._result()}"
            case "artifacts":
                return f"Artifacts differ: {self._artifacts()}"
            case "end":
                return f"Did not end as the recorded run ({self.ended}): {self.end}"
            case "interrupted":
                return "Interrupted"
        return f"Not started: {outcome.problem or self.end}"

    def _compared(self) -> str:
        parts = []
        if self.compared["points"]:
            points = counted(self.compared["points"], "point")
            parts.append(f"{points} of {counted(self.compared['metrics'], 'metric')}")
        if self.compared["result"]:
            parts.append("the result")
        if self.compared["artifacts"]:
            parts.append(counted(self.compared["artifacts"], "artifact"))
        if not parts:
            return f"the end ({self.ended}); no metrics, result or artifacts are recorded"
        return ", ".join(parts)

    def _facts(self) -> list[str]:
        outcome, lines = self.outcome, []
        if self.departure is not None and self.verdict not in ("metrics", "not started"):
            lines.append(f"  metrics depart at {self.departure.text()}")
        others = outcome.departures[1:]
        if others:
            lines.append(f"  also: {'; '.join(each.text() for each in others[:5])}")
        if outcome.result and self.verdict != "result":
            lines.append(f"  result: {self._result()}")
        if outcome.artifacts and self.verdict != "artifacts":
            lines.append(f"  artifacts: {self._artifacts()}")
        if outcome.is_stopped:
            lines.append("  stopped at the first departure")
        hint = _HINTS.get(self._new_error())
        return [*lines, f"  {hint}"] if hint else lines

    def _new_error(self) -> str:
        """Return the type of the exception that ended the rerun and not the recorded run."""
        if self.verdict not in ("end", "not started"):
            return ""
        return self.outcome.error or str(self.outcome.problem).partition(":")[0]

    def _result(self) -> str:
        recorded, now = self.outcome.result or (None, None)
        return f"{_short(recorded)} recorded, {_short(now)} now"

    def _artifacts(self) -> str:
        return ", ".join(f"{name} ({how})" for name, how in sorted(self.outcome.artifacts.items()))


def _difference_line(difference: Mapping[str, Any]) -> str:
    """Return a difference of the environments in a line."""
    sides = [
        f"{_short(difference[side])} {side}" if side in difference else missing
        for side, missing in (("recorded", "not recorded"), ("now", "missing now"))
    ]
    return f"{difference['aspect']} {difference['key']}: {', '.join(sides)}"


def _short(value: Any, length: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= length else f"{text[:length]}…"
