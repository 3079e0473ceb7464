"""Gives an observer the events of runs, in the way in which a run gives them."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sacred_core import events
from sacred_core.delivery.dispatcher import Dispatcher
from sacred_core.observers.call_plan import call_plans
from sacred_core.stores import StoredRun
from sacred_core.stores.run_ids import normalize_id
from sacred_core.stores.segments import output_mark

E = TypeVar("E", bound=events.RunIdEvent)
START = datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)


class EventDriver:
    """One run of one observer. Exceptions of the observer pass.

    Args:
        observer: Is called with what its methods accept.
        times: How often each event is delivered: delivery is at least once.

    Attributes:
        expected: What a store should return for the run.
        output, metrics: The same for what it printed and logged.
    """

    def __init__(self, observer: Any, times: int = 1) -> None:
        self.observer = observer
        self.expected = StoredRun(id=0, status="")
        self.output = ""
        self.metrics: dict[str, dict[str, list[Any]]] = {}
        self._plans = call_plans(observer)
        self._source = events.EventSource("driver")
        self._last: events.Event | None = None
        self._times = times
        self._beats = self._annotations = 0
        self._began, self._output_start, self._starts = START, 0, dict[str, int]()
        self._id: Any = None

    def start(self, _id: Any = None, asked_id: Any = None, **fields: Any) -> Any:
        """Start the run and return its id as stores list it."""
        return self._send_start(events.RunStarted, "start_time", _id, asked_id, fields)

    def queue(self, _id: Any = None, asked_id: Any = None, **fields: Any) -> Any:
        """Queue the run and return its id as stores list it."""
        return self._send_start(events.RunQueued, "queue_time", _id, asked_id, fields)

    def continue_with(self, observer: Any) -> None:
        """Send what follows to another observer, see `ContinuingStore.observer_of`."""
        self.observer, self._plans = observer, call_plans(observer)

    def resume(self, observer: Any, **fields: Any) -> Any:
        """Resume the run with another observer, as its next segment, and return its id."""
        self.continue_with(observer)
        segment = len(self.expected.segments)
        self._source, self._beats = events.EventSource("driver", segment), 0
        self._began = START + timedelta(hours=segment)
        uid = {"meta_info": {**self.expected.meta, "uid": self.expected.uid}}
        event = self._start_event(
            events.RunStarted, "start_time", self._id, None, {**uid, "resumed": True, **fields}
        )
        self.output += output_mark(event, self.output)
        self._output_start = len(self.output)
        self._starts = {name: len(own["steps"]) for name, own in self.metrics.items()}
        self.expected.output_length = len(self.output)
        self.expected.apply(event)
        answers = [self._start(event) for _ in range(self._times)]
        return normalize_id(answers[-1])

    def use_segment(self, segment: int) -> None:
        """Send what follows as events of a segment, or with `events.WHOLE_RUN` of all segments."""
        self._source = events.EventSource("driver", segment)

    def beat(self, info: Any = None, result: Any = None, captured: Any = None) -> None:
        """Send the heartbeat that follows output and metrics."""
        self._beats += 1
        time = self._began + timedelta(seconds=self._beats)
        fields = {"info": info or {}, "result": result, "captured": captured}
        self._give(events.Heartbeat, beat_time=time, **fields)

    def print(self, text: str, offset: int | None = None) -> None:
        """Add ``text`` to the output, or replace it from the character ``offset`` on."""
        offset = len(self.output) if offset is None else offset
        self.output = self.output[:offset] + text
        self._give(events.OutputCaptured, text=text, offset=offset - self._output_start)

    def log(self, name: str, values: list[Any], first_step: int = 0) -> None:
        """Add points to a metric."""
        self.log_together({name: values}, first_step)

    def log_together(self, values_by_name: dict[str, list[Any]], first_step: int = 0) -> None:
        """Add points to several metrics in one event."""
        self.log_points(
            {
                name: (list(range(first_step, first_step + len(values))), values)
                for name, values in values_by_name.items()
            }
        )

    def log_points(self, points_by_name: dict[str, tuple[list[Any], list[Any]]]) -> None:
        """Add points, their steps and their values, to several metrics in one event."""
        metrics, starts = {}, {}
        for name, (steps, values) in points_by_name.items():
            known = self.metrics.setdefault(name, {"steps": [], "values": [], "timestamps": []})
            start = len(known["values"])
            starts[name] = start - self._starts.get(name, 0)
            times = [START + timedelta(microseconds=start + n) for n in range(len(values))]
            new: dict[str, list[Any]] = {"steps": steps, "values": values, "timestamps": times}
            for column, more in new.items():
                known[column] += more
            metrics[name] = {"name": name, **new}
        self._give(events.MetricsLogged, metrics_by_name=metrics, info={}, starts=starts)

    def resource(self, filename: str) -> None:
        """Send a resource."""
        self._give(events.ResourceAdded, filename=filename)

    def artifact(self, name: str, filename: str, **details: Any) -> None:
        """Send an artifact."""
        self._give(events.ArtifactAdded, name=name, filename=filename, **details)

    def annotate(
        self, note: str | None = None, added: Sequence[str] = (), removed: Sequence[str] = ()
    ) -> None:
        """Send tags and a note of the run itself."""
        self._annotations += 1
        self._give(
            events.RunAnnotated,
            time=START + timedelta(milliseconds=self._annotations),
            user="ann",
            note=note,
            added=list(added),
            removed=list(removed),
        )

    def code(self, base_dir: str, sources: list[list[str]], dependencies: list[str]) -> None:
        """Send code that was imported later."""
        self._give(events.CodeLoaded, base_dir=base_dir, sources=sources, dependencies=dependencies)

    def complete(self, result: Any = None) -> None:
        """End the run."""
        self._end(events.RunCompleted, stop_time=self._now(), result=result)

    def interrupt(self, status: str = "INTERRUPTED", trace: tuple[str, ...] = ()) -> None:
        """End the run for a reason that is not a failure."""
        fields = {"interrupt_time": self._now(), "status": status, "fail_trace": list(trace)}
        self._end(events.RunInterrupted, **fields)

    def fail(self, trace: tuple[str, ...] = ("ValueError: broke\n",)) -> None:
        """End the run with a traceback."""
        self._end(events.RunFailed, fail_time=self._now(), fail_trace=list(trace))

    def repeat(self) -> None:
        """Deliver the last event once more, as where its answer was lost."""
        if self._last is not None:
            self._deliver(self._last)

    def join(self) -> None:
        """Let the observer finish what it does in the background."""
        join: Callable[[], None] = getattr(self.observer, "join", lambda: None)
        join()

    def _now(self) -> datetime:
        return self._began + timedelta(seconds=self._beats, microseconds=1)

    def _end(self, kind: type[events.Event], **fields: Any) -> None:
        self._give(kind, **fields)
        self.join()

    def _send_start(
        self,
        kind: type[events.RunIdEvent],
        time: str,
        _id: Any,
        asked_id: Any,
        fields: dict[str, Any],
    ) -> Any:
        event = self._start_event(kind, time, _id, asked_id, fields)
        self.expected.apply(event)
        answer = self._start(event)
        self._id = None if answer is None else normalize_id(answer)
        return self._id

    def _start_event(
        self, kind: type[E], time: str, _id: Any, asked_id: Any, fields: dict[str, Any]
    ) -> E:
        if _id is None:
            _id = asked_id
        return self._source.make(
            kind,
            **{
                "ex_info": {"name": "fed", "base_dir": ".", "sources": [], "dependencies": []},
                "command": "main",
                "host_info": {"hostname": "here"},
                "config": {"seed": 1},
                "meta_info": {"command": "main", "beat_interval": 10.0},
                "_id": _id,
                "asked_id": asked_id,
                time: self._began,
                **fields,
            },
        )

    def _start(self, event: events.RunIdEvent) -> Any:
        plan = self._plans.get(type(event))
        return plan(event, self._resolve_lazy) if plan else None

    def _give(self, kind: type[events.Event], **fields: Any) -> None:
        self._last = self._source.make(kind, **fields)
        self.expected.apply(self._last)
        for _ in range(self._times):
            self._deliver(self._last)

    def _deliver(self, event: events.Event) -> None:
        plan = self._plans.get(type(event))
        if plan is not None:
            plan(event, self._resolve_lazy)

    def _resolve_lazy(self, name: str) -> Any:
        return {"captured_out": self.output}[name]


def record_completed_run(observer: Any, result: Any = 1) -> EventDriver:
    """Start a run and complete it with ``result``, and return its driver."""
    driver = EventDriver(observer)
    driver.start()
    driver.complete(result)
    return driver


class DispatchingDriver(EventDriver):
    """The same through the core's delivery, which retries what the observer fails to record.

    Args:
        observer: Of the run.
        logger: Where failures are reported.
    """

    def __init__(self, observer: Any, logger: logging.Logger) -> None:
        super().__init__(observer)
        self._dispatcher = Dispatcher([observer], self._resolve_lazy, logger)

    def _start(self, event: events.RunIdEvent) -> Any:
        return self._dispatcher.send_start(event, event._id)

    def _deliver(self, event: events.Event) -> None:
        if event.final:
            self._dispatcher.finish(event)
        else:
            self._dispatcher.send(event)

    def join(self) -> None:
        """Do nothing: the delivery of the end has joined the observer."""
