"""Tests of handing events to observers."""

import logging
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sacred_core.delivery.dispatcher import Dispatcher
from sacred_core.events import (
    ArtifactAdded,
    Event,
    EventSource,
    Heartbeat,
    ResourceAdded,
    RunCompleted,
    RunStarted,
)
from sacred_core.exceptions import ObserverSignatureError, ObserverStartError
from sacred_core.observers import RetryPolicy, RunObserver

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LOGGER = logging.getLogger("tests.dispatch")


class Recorder(RunObserver):
    """Stores the events that it receives; fails in the methods named in ``failing``."""

    def __init__(self, answer: Any = None, priority: int = 0, failing: Any = ()) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.answer, self.priority, self.failing = answer, priority, set(failing)

    def receive(self, method: str, **fields: Any) -> Any:
        if method in self.failing:
            raise OSError("gone: mongodb://u:pw@host")
        self.heard.append((method, fields))
        return self.answer

    def started_event(self, _id: Any) -> Any:
        return self.receive("started_event", _id=_id)

    def resource_event(self, filename: str) -> None:
        self.receive("resource_event", filename=filename)

    def artifact_event(self, **fields: Any) -> None:
        self.receive("artifact_event", **fields)

    def heartbeat_event(self, beat_time: datetime) -> None:
        self.receive("heartbeat_event", beat_time=beat_time)

    def completed_event(self, result: Any) -> None:
        self.receive("completed_event", result=result)

    def join(self) -> None:
        self.receive("join")

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.heard]


class Events:
    """Makes one event of each kind."""

    def __init__(self) -> None:
        self.source = EventSource("uid")

    def started(self) -> Event:
        empty: dict[str, Any] = {}
        return self.source.make(
            RunStarted, ex_info=empty, command="main", host_info=empty, config=empty,
            meta_info=empty, start_time=NOW,
        )  # fmt: skip

    def resource(self, name: str = "/r") -> Event:
        return self.source.make(ResourceAdded, filename=name)

    def artifact(self, filename: str = "/a") -> Event:
        return self.source.make(ArtifactAdded, name="a", filename=filename)

    def beat(self) -> Event:
        return self.source.make(Heartbeat, info={}, beat_time=NOW)

    def completed(self) -> Event:
        return self.source.make(RunCompleted, stop_time=NOW, result=3)


@pytest.fixture
def events() -> Events:
    return Events()


def dispatcher(*observers: Any, captured_out: str = "") -> Dispatcher:
    return Dispatcher(observers, {"captured_out": captured_out}.__getitem__, LOGGER)


def test_the_first_answer_by_priority_names_the_run(events: Events) -> None:
    """Higher priority first; those after it are given the id."""
    low, silent, high = Recorder("low"), Recorder(None, 9), Recorder("high", 5)
    run_id = dispatcher(low, silent, high).send_start(events.started(), None)
    assert run_id == "high"
    assert [o.heard[0][1]["_id"] for o in (silent, high, low)] == [None, None, "high"]


def test_the_id_asked_for_wins(events: Events) -> None:
    """No observer renames a run whose id the user chose."""
    observer = Recorder("other")
    assert dispatcher(observer).send_start(events.started(), "mine") == "mine"
    assert observer.heard == [("started_event", {"_id": "mine"})]


def test_methods_get_what_they_declare(events: Events) -> None:
    """A subset of the fields by keyword; ``**fields`` gets all documented ones."""
    observer = Recorder()
    dispatch = dispatcher(observer)
    dispatch.send_start(events.started(), None)
    dispatch.send(events.artifact())
    expected = {"name": "a", "filename": "/a", "metadata": None, "content_type": None}
    assert observer.heard[1] == ("artifact_event", expected)


def test_whole_output_is_put_together_only_when_required(events: Events) -> None:
    """A default for ``captured_out`` means that it is not needed."""
    seen = []

    class Needs:
        def heartbeat_event(self, captured_out: str) -> None:
            seen.append(captured_out)

    class Spares:
        def heartbeat_event(self, captured_out: str | None = None) -> None:
            seen.append(captured_out)

    dispatch = dispatcher(Needs(), Spares(), captured_out="text")
    dispatch.send_start(events.started(), None)
    dispatch.send(events.beat())
    assert seen == ["text", None]


def test_unknown_required_argument_is_refused_at_attachment() -> None:
    """The error names the method, the argument and what there is."""

    class Wrong:
        def completed_event(self, stop_time: datetime, outcome: int) -> None: ...

    with pytest.raises(ObserverSignatureError, match=r"completed_event.*'outcome'.*stop_time, res"):
        dispatcher(Wrong())


def test_failure_at_the_start_passes_and_ends_there(events: Events) -> None:
    """Observers that had started receive the end; later ones receive nothing."""
    first, broken, last = Recorder(1, 3), Recorder(2, 2, ["started_event"]), Recorder(3, 1)
    dispatch = dispatcher(first, broken, last)
    with pytest.raises(ObserverStartError, match=r"Recorder could not .* OSError: gone"):
        dispatch.send_start(events.started(), None)
    dispatch.finish(events.completed())
    assert first.methods == ["started_event", "completed_event", "join"]
    assert broken.methods == last.methods == []


def test_failure_harms_no_other_observer(events: Events, caplog: pytest.LogCaptureFixture) -> None:
    """One warning has the observer's name and no password; the others receive everything."""
    broken, sound = Recorder(1, 9, ["resource_event"]), Recorder(2)
    dispatch = dispatcher(broken, sound)
    dispatch.send_start(events.started(), None)
    for _ in range(3):
        dispatch.send(events.resource())
    assert sound.methods == ["started_event", *["resource_event"] * 3]
    assert len(caplog.messages) == 1
    assert "Recorder failed in resource_event: OSError" in caplog.text
    assert ":pw" not in caplog.text


def test_what_was_missed_comes_again_in_order(events: Events) -> None:
    """At a later beat the observer first receives what it missed; beats are merged."""
    observer = Recorder(1, 0, ["resource_event", "artifact_event", "heartbeat_event"])
    dispatch = dispatcher(observer)
    dispatch.send_start(events.started(), None)
    dispatch.send(events.beat())
    dispatch.send(events.resource("/1"))
    dispatch.send(events.artifact())
    dispatch.send(events.beat())
    assert observer.methods == ["started_event"]
    observer.failing.clear()
    dispatch.send(events.beat())
    # A call with the first one may have been running: it is not merged.
    beat = "heartbeat_event"
    assert observer.methods[1:] == [beat, "resource_event", "artifact_event", beat]


def test_a_file_that_cannot_be_copied_delays_nothing(
    events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    """It is retried with each beat and at the end, and reported once."""
    observer = Recorder(1, 0, ["artifact_event"])
    dispatch = dispatcher(observer)
    dispatch.send_start(events.started(), None)
    dispatch.send(events.artifact())
    dispatch.send(events.beat())
    dispatch.send(events.beat())
    assert observer.methods[1:] == ["heartbeat_event"] * 2
    assert len(caplog.messages) == 1
    observer.failing.clear()
    dispatch.send(events.beat())
    assert observer.methods[3:] == ["heartbeat_event", "artifact_event"]


def test_final_event_is_tried_in_any_case(events: Events, caplog: pytest.LogCaptureFixture) -> None:
    """What still fails at the end is reported by name, and the end is delivered all the same."""
    observer = Recorder(1, 0, ["resource_event"])
    dispatch = dispatcher(observer)
    dispatch.send_start(events.started(), None)
    dispatch.send(events.resource())
    dispatch.finish(events.completed())
    assert observer.methods == ["started_event", "completed_event", "join"]
    assert "Recorder did not record: resource_event" in caplog.text


def test_an_observer_that_fails_slowly_does_not_hold_up_the_end(
    events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    """Once the time for retries is over only the end is attempted; failures are counted."""
    observer = Recorder(1, 0, ["resource_event"])
    observer.retry_policy = RetryPolicy(end_timeout=0.0)
    dispatch = dispatcher(observer)
    dispatch.send_start(events.started(), None)
    for _ in range(5):
        dispatch.send(events.resource())
    dispatch.finish(events.completed())
    assert observer.methods == ["started_event", "completed_event", "join"]
    assert "resource_event (OSError" in caplog.text
    assert "4 times resource_event (not tried)" in caplog.text


def test_busy_observer_serves_another_run_as_a_copy(events: Events) -> None:
    """Two live runs never share an observer; after the end it is free again."""
    observer = Recorder(1)
    first, second = dispatcher(observer), dispatcher(observer)
    assert first.observers == [observer]
    assert second.observers != [observer]
    first.send_start(events.started(), None)
    first.finish(None)
    assert dispatcher(observer).observers == [observer]


@pytest.mark.parametrize("failing", ["artifact_event", "heartbeat_event"])
def test_a_file_is_retained_until_it_is_recorded(
    events: Events, failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user may remove an artifact once it was added, also while an observer is failing."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    contents = []

    class Reading(Recorder):
        def artifact_event(self, name: str, filename: str) -> None:
            self.receive("artifact_event", name=name)
            contents.append(Path(filename).read_text())

    observer = Reading(1, 0, [failing])
    dispatch = dispatcher(observer)
    dispatch.send_start(events.started(), None)
    dispatch.send(events.beat())
    made = tmp_path / "made"
    made.write_text("content")
    dispatch.send(events.artifact(filename=str(made)))
    made.unlink()
    dispatch.send(events.beat())
    assert contents == []
    observer.failing.clear()
    dispatch.finish(events.completed())
    assert contents == ["content"]
    assert list(tmp_path.iterdir()) == [], "the copy is left"


class Ordered(RunObserver):
    """Appends its calls to a list, after a while."""

    def __init__(self, calls: list[tuple[str, str]], name: str, priority: int) -> None:
        self.calls, self.name, self.priority = calls, name, priority

    def note(self, event: str) -> None:
        time.sleep(0.03 if self.priority > 0 else 0)
        self.calls.append((event, self.name))

    def started_event(self) -> None:
        self.note("started")

    def resource_event(self, filename: str) -> None:
        self.note(filename)

    def heartbeat_event(self) -> None:
        self.note("heartbeat")

    def completed_event(self) -> None:
        self.note("completed")


def test_each_event_is_recorded_in_the_order_of_priorities(events: Events) -> None:
    """The observer with the highest priority is called first, also where it is the slowest one."""
    calls: list[tuple[str, str]] = []
    observers = [Ordered(calls, "low", 0), Ordered(calls, "high", 2), Ordered(calls, "middle", 1)]
    dispatcher = Dispatcher(observers, lambda name: None, LOGGER)
    dispatcher.send_start(events.started(), None)
    dispatcher.send(events.resource("/a"))
    dispatcher.send(events.beat())
    dispatcher.finish(events.completed())
    assert calls == [
        (event, name)
        for event in ("started", "/a", "heartbeat", "completed")
        for name in ("high", "middle", "low")
    ]
