"""Tests of what observers read from the current event."""

import threading
from array import array
from datetime import UTC, datetime
from typing import Any

import pytest

from sacred_core import events
from sacred_core.observers.delivering import (
    MetricPositions,
    artifact_details,
    asked_id,
    captured_calls,
    current_event,
    delivering,
    interrupt_trace,
    optional_host_info,
    points_for,
    takes_time_columns,
)
from sacred_core.stores.times import column_of_seconds
from sacred_core.testing.samples import START_FIELDS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
START = {**START_FIELDS, "host_info": {"a": 1}}


@pytest.fixture
def source() -> events.EventSource:
    return events.EventSource("run")


def columns(count: int) -> dict[str, Any]:
    return {"name": "x", "steps": [0] * count, "values": [0.0] * count, "timestamps": [NOW] * count}


def logged(
    source: events.EventSource, **counts_and_starts: tuple[int, int]
) -> events.MetricsLogged:
    return source.make(
        events.MetricsLogged,
        metrics_by_name={name: columns(count) for name, (count, _) in counts_and_starts.items()},
        starts={name: start for name, (_, start) in counts_and_starts.items()},
        info={},
    )


def starts(positions: MetricPositions, event: events.MetricsLogged | None, **counts: int) -> Any:
    metrics = {name: columns(count) for name, count in counts.items()}
    if event is None:
        return positions.starts(metrics)
    with delivering(event):
        return positions.starts(metrics)


def test_the_current_event_is_that_of_the_innermost_delivery(source: events.EventSource) -> None:
    """The current event is that of the innermost delivery, by its kind, in the thread of the call;
    afterwards there is none.
    """
    event = logged(source)
    beat = source.make(events.Heartbeat, info={}, beat_time=NOW)
    elsewhere: list[Any] = []
    with delivering(event):
        assert current_event(events.MetricsLogged) is event
        assert current_event(events.Heartbeat) is None
        with delivering(beat):
            assert current_event(events.MetricsLogged) is None
            assert current_event(events.Heartbeat) is beat
        assert current_event(events.MetricsLogged) is event
        thread = threading.Thread(
            target=lambda: elsewhere.append(current_event(events.MetricsLogged))
        )
        thread.start()
        thread.join()
    assert (current_event(events.MetricsLogged), elsewhere) == (None, [None])


def test_captured_functions_are_those_of_the_heartbeat(source: events.EventSource) -> None:
    """They come from the event, because documented signatures do not name them."""
    calls: list[list[Any]] = [["a.py", "main", []]]
    assert captured_calls() is None
    with delivering(source.make(events.Heartbeat, info={}, beat_time=NOW, captured=calls)):
        assert captured_calls() is calls
    with delivering(source.make(events.Heartbeat, info={}, beat_time=NOW)):
        assert captured_calls() is None


def test_only_the_id_of_the_user_is_asked_for(source: events.EventSource) -> None:
    """Only the id of the user is asked for, not that of another observer, nor one that an override
    made up.
    """
    asked = source.make(events.RunStarted, start_time=NOW, _id=7, asked_id=7, **START)
    free = source.make(events.RunStarted, start_time=NOW, _id=7, **START)
    assert asked_id(7) is None
    with delivering(asked):
        assert (asked_id(7), asked_id("mine"), asked_id(None)) == (7, None, None)
    with delivering(free):
        assert (asked_id(7), asked_id(None)) == (None, None)


def test_details_of_an_artifact_come_from_the_event(source: events.EventSource) -> None:
    """For its file only, and only what the call does not give."""
    event = source.make(
        events.ArtifactAdded, name="a", filename="/a", metadata={"b": 1}, content_type="text/x"
    )
    assert artifact_details("/a", None, None) == (None, None)
    with delivering(event):
        assert artifact_details("/a", None, None) == ({"b": 1}, "text/x")
        assert artifact_details("/a", {}, "text/y") == ({}, "text/y")
        assert artifact_details("/thumbnail", None, None) == (None, None)


def test_the_trace_of_an_interrupt_comes_from_the_event(source: events.EventSource) -> None:
    """The trace of an interrupt comes from the event, unless the call gives one."""
    event = source.make(events.RunInterrupted, interrupt_time=NOW, status="S", fail_trace=["line"])
    assert interrupt_trace(None) == []
    with delivering(event):
        assert (interrupt_trace(None), interrupt_trace(["x"])) == (["line"], ["x"])


def test_queued_events_have_host_info_or_not(source: events.EventSource) -> None:
    """Queued events have host info or not, as in Sacred's manual, and as in Sacred 0.8, by position
    and by name.
    """

    class Observer:
        @optional_host_info
        def queued_event(
            self, ex_info: Any, command: Any, host_info: Any, queue_time: Any, config: Any,
            meta_info: Any, _id: Any,
        ) -> Any:  # fmt: skip
            return [ex_info, command, host_info, queue_time, config, meta_info, _id]

    observer: Any = Observer()
    expected = ["ex", "command", "host", "time", "config", "meta", 1]
    assert observer.queued_event(*expected) == expected
    assert (
        observer.queued_event(*expected[:4], config="config", meta_info="meta", _id=1) == expected
    )
    without = [each for each in expected if each != "host"]
    expected[2] = {}
    assert observer.queued_event(*without) == expected
    with delivering(source.make(events.RunQueued, queue_time=NOW, **START)):
        expected[2] = {"a": 1}
        assert observer.queued_event(*without) == expected
        names = ("ex_info", "command", "queue_time", "config", "meta_info", "_id")
        assert observer.queued_event(**dict(zip(names, without, strict=True))) == expected


def test_positions_are_those_of_the_event(source: events.EventSource) -> None:
    """Positions are those of the event, also after a gap, where earlier points were lost, and for a
    retry.
    """
    positions = MetricPositions()
    assert starts(positions, logged(source, a=(2, 0), b=(1, 5)), a=2, b=1) == {"a": 0, "b": 5}
    event = logged(source, a=(3, 4))
    assert starts(positions, event, a=3) == {"a": 4}
    assert starts(positions, event, a=3) == {"a": 4}


def test_changed_points_are_appended(source: events.EventSource) -> None:
    """Fewer points, other names; from then on always for that metric."""
    positions = MetricPositions()
    assert starts(positions, logged(source, a=(4, 0), b=(4, 0)), a=2, b=4, c=3) == {
        "a": 0, "b": 0, "c": 0,
    }  # fmt: skip
    assert starts(positions, logged(source, a=(4, 4), b=(4, 4)), a=4, b=4, c=1) == {
        "a": 2, "b": 4, "c": 3,
    }  # fmt: skip
    assert starts(positions, logged(source, a=(1, 8)), a=1) == {"a": 6}


def test_changed_points_of_a_retry_take_the_same_place(source: events.EventSource) -> None:
    """Changed points of a retry take the same place, however many calls an attempt makes; the next
    event follows.
    """
    positions = MetricPositions()
    event = logged(source, a=(4, 0))
    for _ in range(3):
        with delivering(event):
            for expected in (0, 1, 3):
                count = 1 if expected == 0 else 2
                assert positions.starts({"a": columns(count)}) == {"a": expected}
    assert starts(positions, logged(source, a=(4, 4)), a=1) == {"a": 5}


def test_calls_by_hand_append(source: events.EventSource) -> None:
    """There is no event then, also not one of another kind."""
    positions = MetricPositions()
    assert starts(positions, None, a=2) == {"a": 0}
    with delivering(source.make(events.Heartbeat, info={}, beat_time=NOW)):
        assert positions.starts({"a": columns(2)}) == {"a": 2}
    assert starts(positions, None, a=2) == {"a": 4}


def test_only_methods_that_take_columns_of_times_are_called_with_them() -> None:
    """Others, as the override of one that takes them, are called with lists."""

    class Base:
        @takes_time_columns
        def log_metrics(self, metrics_by_name: Any) -> Any:
            return metrics_by_name

    class Override(Base):
        def log_metrics(self, metrics_by_name: Any) -> Any:
            return super().log_metrics(metrics_by_name)

    times = column_of_seconds(array("d", [NOW.timestamp()]))
    points = {"x": {**columns(1), "timestamps": times}}
    assert points_for(Base().log_metrics, points) is points
    given = points_for(Override().log_metrics, points)
    assert given == {"x": columns(1)} and type(given["x"]["timestamps"]) is list
