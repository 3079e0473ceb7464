"""The observer that compares the events of a rerun with the recorded run."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from sacred_core.observers.base import RunObserver
from sacred_core.observers.retry_policy import RetryPolicy
from sacred_core.provenance.sources import get_digest
from sacred_core.rerun.expectation import Expectation, exception_type
from sacred_core.rerun.records import Departure, Outcome
from sacred_core.rerun.values import Tolerance

_COMPARING = RetryPolicy(start_timeout=3600.0, end_timeout=3600.0, hands_over=False)


class VerdictObserver(RunObserver):
    """Compares what a run logs, returns and produces with what a recorded run did.

    Args:
        expected: What was recorded.
        tolerance: Which values are accepted.
        report: Called with the outcome whenever something is known that matters, and at the end.
        stop: Called at the first point that differs; None: the run continues.
        locations: Returns location and id of the run in each store.
    """

    priority = -1_000_000
    retry_policy = _COMPARING

    def __init__(
        self,
        expected: Expectation,
        tolerance: Tolerance,
        report: Callable[[Outcome], None],
        stop: Callable[[], None] | None = None,
        locations: Callable[[], list[list[Any]]] = list,
    ) -> None:
        self.expected = expected
        self.outcome = Outcome()
        self._tolerance = tolerance
        self._report = report
        self._stop = stop
        self._locations = locations
        self._counts: dict[str, int] = {}
        self._departures: dict[str, tuple[Any, Departure]] = {}
        self._artifacts: dict[str, str] = {}
        self._result: Any = None

    def note(self, text: str) -> None:
        """Add a fact that the user should know."""
        if text not in self.outcome.notes:
            self.outcome = attrs.evolve(self.outcome, notes=[*self.outcome.notes, text])

    def note_config(self, left: list[str], added: list[str]) -> None:
        """Add entries of the configuration that are not as recorded."""
        self.outcome = attrs.evolve(self.outcome, left=left)
        if added:
            self.note(f"entries that the record does not have: {', '.join(added)}")

    def started_event(self, ex_info: dict[str, Any]) -> None:
        """Compare the sources that are imported already."""
        self.outcome = attrs.evolve(self.outcome, status="RUNNING", runs=self._locations())
        self._compare_sources(ex_info.get("sources") or ())
        self._report(self.outcome)

    def code_event(self, sources: list[list[str]]) -> None:
        """Compare sources that are imported later."""
        self._compare_sources(sources)

    def log_metrics(self, metrics_by_name: Mapping[str, Mapping[str, Any]]) -> None:
        """Compare points; at the first departure of a metric, report it."""
        found = [
            (time, departure)
            for name, metric in metrics_by_name.items()
            for time, departure in self._compare_points(name, metric)
        ]
        if found:
            self._add_departures(found)
            if self._stop is not None and not self.outcome.is_stopped:
                self.outcome = attrs.evolve(self.outcome, is_stopped=True)
                self._stop()
            self._report(self.outcome)

    def artifact_event(self, name: str, filename: str) -> None:
        """Read the digest of an artifact; the last content of a name counts."""
        self._artifacts[name] = get_digest(filename)

    def heartbeat_event(self, result: Any) -> None:
        """Store the result so far."""
        self._result = result

    def completed_event(self, result: Any) -> None:
        """Compare the rest."""
        self._end("COMPLETED", None, self._result if result is None else result)

    def interrupted_event(self, status: str, fail_trace: list[str]) -> None:
        """Compare what there is."""
        self._end(status, exception_type(fail_trace), self._result)

    def failed_event(self, fail_trace: list[str]) -> None:
        """Compare what there is."""
        self._end("FAILED", exception_type(fail_trace), self._result)

    def _compare_sources(self, sources: Any) -> None:
        known = self.expected.sources
        other = [name for name, md5 in sources if known.get(name, md5) not in (md5, None)]
        if other:
            names = sorted({*self.outcome.sources, *other})
            self.outcome = attrs.evolve(self.outcome, sources=names)

    def _compare_points(self, name: str, metric: Mapping[str, Any]) -> list[tuple[Any, Departure]]:
        """Compare the new points of a metric up to the first one that differs."""
        start = self._counts.get(name, 0)
        points = list(zip(metric["steps"], metric["values"], metric["timestamps"], strict=True))
        self._counts[name] = start + len(points)
        if name in self._departures:
            return []
        recorded = self.expected.points.get(name, [])
        for index, (step, value, time) in enumerate(points, start):
            before = recorded[index][:2] if index < len(recorded) else None
            largest = self._tolerance.largest
            if before is None or before[0] != step or not self._tolerance.accepts(before[1], value):
                shown = step if before is None else before[0]
                departure = Departure(
                    metric=name, step=shown, index=index, recorded=before, now=[step, value]
                )
                return [(time, departure)]
            if self._tolerance.largest > largest:
                self._note_largest(name, step)
        return []

    def _note_largest(self, name: str, step: Any) -> None:
        self.outcome = attrs.evolve(self.outcome, largest=[self._tolerance.largest, name, step])

    def _add_departures(self, found: list[tuple[Any, Departure]]) -> None:
        """Add first departures in the order of their times."""
        for time, departure in found:
            self._departures.setdefault(departure.metric, (time, departure))
        ordered = sorted(self._departures.values(), key=lambda pair: pair[0])
        self.outcome = attrs.evolve(self.outcome, departures=[each for _, each in ordered])

    def _end(self, status: str, error: str | None, result: Any) -> None:
        is_stopped = self.outcome.is_stopped and status != "COMPLETED"
        self.outcome = attrs.evolve(self.outcome, is_stopped=is_stopped)
        if not is_stopped:
            self._add_missing_points()
        outcome = self.outcome
        largest = self._tolerance.largest
        is_same = status != "COMPLETED" or self._tolerance.accepts(self.expected.result, result)
        if is_same and self._tolerance.largest > largest:
            outcome = attrs.evolve(outcome, largest=[self._tolerance.largest, "result", None])
        self.outcome = attrs.evolve(
            outcome,
            status=status,
            error=error,
            points=sum(self._counts.values()),
            result=None if is_same else [self.expected.result, result],
            artifacts={} if outcome.is_stopped else self._compare_artifacts(),
        )
        self._report(self.outcome)

    def _add_missing_points(self) -> None:
        missing = []
        for name, recorded in self.expected.points.items():
            count = self._counts.get(name, 0)
            if count < len(recorded) and name not in self._departures:
                step, value, _ = recorded[count]
                departure = Departure(
                    metric=name, step=step, index=count, recorded=[step, value], now=None
                )
                missing.append((recorded[count][2], departure))
        ordered = [departure for _, departure in sorted(missing, key=lambda pair: pair[0])]
        departures = [*self.outcome.departures, *ordered]
        self.outcome = attrs.evolve(self.outcome, departures=departures)

    def _compare_artifacts(self) -> dict[str, str]:
        recorded, now = self.expected.artifacts, self._artifacts
        found = dict.fromkeys(recorded.keys() - now.keys(), "missing")
        found |= dict.fromkeys(now.keys() - recorded.keys(), "new")
        changed = (name for name in recorded.keys() & now.keys() if recorded[name] != now[name])
        return found | dict.fromkeys(changed, "changed")
