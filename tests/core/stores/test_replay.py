"""The events of a stored run are those that would have recorded it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import attrs
import pytest

from sacred_core import events
from sacred_core.exceptions import StoreError
from sacred_core.stores import StoredRun
from sacred_core.stores.replay import replay
from sacred_core.stores.stored_parts import Stored
from sacred_core.stores.worker_claims import WorkerClaim, encode_claim
from sacred_core.testing import EventDriver
from sacred_core.testing.event_driver import START
from sacred_core.testing.memory import Memory, MemoryObserver, MemoryStore


class Recorded:
    """One run in memory, and its events."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.store = MemoryStore(self.memory)
        self.driver = EventDriver(MemoryObserver(self.memory))

    def events(self, stored: Stored | None = None, **changed: Any) -> list[events.Event]:
        run = self.store.get(1)
        for name, value in changed.items():
            setattr(run, name, value)
        return list(replay(self.store, run, stored))

    def kinds(self, stored: Stored | None = None, **changed: Any) -> list[str]:
        return [type(event).__name__ for event in self.events(stored, **changed)]


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    made = Recorded()
    made.driver.start(meta_info={"command": "main", "queue_time": "x"})
    return made  # type: ignore[return-value]


def stored(run: StoredRun, output: str | int = "", **changed: Any) -> Stored:
    return Stored(
        run=attrs.evolve(run, status=changed.pop("status", run.recorded_status), **changed),
        output=output,
    )


def test_events_have_the_order_of_a_run(recorded: Recorded) -> None:
    """Start, output, points, annotations, heartbeat, end; all of the run's uid, and numbered."""
    driver = recorded.driver
    driver.annotate("note")
    driver.log("loss", [1])
    driver.print("x")
    driver.beat(info={"a": 1}, result=2)
    driver.complete(result=3)
    found = recorded.events()
    assert [type(event).__name__ for event in found] == [
        "RunStarted", "OutputCaptured", "MetricsLogged", "RunAnnotated", "Heartbeat",
        "RunCompleted",
    ]  # fmt: skip
    uid = recorded.store.get(1).uid
    assert {event.run for event in found} == {uid}
    assert [event.seq for event in found] == list(range(len(found)))


def test_the_start_says_that_it_is_replayed(recorded: Recorded) -> None:
    """It has the uid, also of a run that was recorded without one, and the id of the source."""
    (start,) = recorded.events()
    assert isinstance(start, events.RunStarted)
    assert (start.replayed, start._id, start.asked_id) == (True, 1, None)
    assert start.meta_info == {"command": "main", "uid": recorded.store.get(1).uid}
    assert start.start_time == START


def test_a_run_that_was_queued(recorded: Recorded) -> None:
    """A run that waited in a queue has the time of both."""
    queue_time = START - timedelta(hours=1)
    queued, started = recorded.events(queue_time=queue_time)
    assert isinstance(queued, events.RunQueued) and queued.queue_time == queue_time
    assert isinstance(started, events.RunStarted) and started.start_time == START
    waiting = {"queue_time": queue_time, "recorded_status": "QUEUED", "start_time": None}
    assert recorded.kinds(**waiting) == ["RunQueued"]
    known = stored(recorded.store.get(1), status="QUEUED", start_time=None)
    assert recorded.kinds(known, queue_time=queue_time) == ["RunStarted"]


def test_a_run_that_was_put_back_into_the_queue(recorded: Recorded) -> None:
    """Its start is followed by a heartbeat that puts the copy into the queue, unless it is there;
    the claim in it has no worker.
    """
    claim = WorkerClaim(worker="ann", token="claim-1", number=2, reason="node lost", beats=4)
    queued = {"recorded_status": "QUEUED", "claim": claim}
    started, beat = recorded.events(**queued)
    assert isinstance(started, events.RunStarted) and isinstance(beat, events.Heartbeat)
    expected = WorkerClaim(number=2, reason="node lost")
    assert beat.claim == encode_claim(expected)
    run = recorded.store.get(1)
    assert (
        recorded.kinds(stored(run, status="QUEUED", claim=expected, heartbeat=START), **queued)
        == []
    )
    assert recorded.kinds(stored(run), **queued) == ["Heartbeat"]
    (*_, beat, end) = recorded.events(recorded_status="FAILED", stop_time=START, claim=claim)
    assert beat.claim == encode_claim(claim) and isinstance(end, events.RunFailed)
    assert all(not getattr(each, "claim", None) for each in recorded.events(claim=claim))


@pytest.mark.parametrize(
    ("status", "kind", "time"),
    [
        ("COMPLETED", events.RunCompleted, "stop_time"),
        ("FAILED", events.RunFailed, "fail_time"),
        ("INTERRUPTED", events.RunInterrupted, "interrupt_time"),
        ("TIMEOUT", events.RunInterrupted, "interrupt_time"),
    ],
)
def test_ends(recorded: Recorded, status: str, kind: type[events.Event], time: str) -> None:
    """Each status has its event, with the time of the end, or else of the last heartbeat."""
    stop = START + timedelta(seconds=5)
    end = recorded.events(recorded_status=status, stop_time=stop, fail_trace=["x\n"])[-1]
    assert type(end) is kind and getattr(end, time) == stop
    if kind is not events.RunCompleted:
        assert end.fail_trace == ["x\n"]  # type: ignore[attr-defined]
    if kind is events.RunInterrupted:
        assert end.status == status  # type: ignore[attr-defined]
    for beat, expected in ((stop, stop), (None, START)):
        end = recorded.events(recorded_status=status, stop_time=None, heartbeat=beat)[-1]
        assert getattr(end, time) == expected


def test_heartbeats(recorded: Recorded) -> None:
    """There is one if the run had one, or if its information would be lost without it."""
    assert recorded.kinds() == ["RunStarted"]
    assert recorded.kinds(info={"a": 1}) == ["RunStarted", "Heartbeat"]
    assert recorded.kinds(result=0) == ["RunStarted", "Heartbeat"]
    beat = START + timedelta(seconds=9)
    last = recorded.events(heartbeat=beat, info={"a": 1}, result=2)[-1]
    assert isinstance(last, events.Heartbeat)
    assert (last.beat_time, last.info, last.result) == (beat, {"a": 1}, 2)
    known = stored(recorded.store.get(1), heartbeat=beat)
    assert recorded.kinds(known, heartbeat=beat) == []
    assert recorded.kinds(known, heartbeat=START) == []
    later = beat + timedelta(milliseconds=1)
    assert recorded.kinds(known, heartbeat=later) == ["Heartbeat"]


def test_captured_functions_come_with_a_heartbeat(recorded: Recorded) -> None:
    """They are not in the start, as in a run; there is a heartbeat if they would be lost."""
    captured = [["a.py", "main", ["rate"]]]
    start, beat = recorded.events(experiment={"name": "x", "captured": captured})
    assert isinstance(start, events.RunStarted) and start.ex_info["name"] == "x"
    assert "captured" not in start.ex_info
    assert isinstance(beat, events.Heartbeat) and beat.captured == captured
    both = recorded.events(heartbeat=START, info={"a": 1})
    assert isinstance(both[-1], events.Heartbeat) and both[-1].captured is None


def test_what_is_added_to_a_run_that_ended(recorded: Recorded) -> None:
    """A heartbeat and the end follow it, so that the store writes facts about it."""
    recorded.driver.log("loss", [1, 2])
    recorded.driver.beat()
    recorded.driver.complete()
    run = recorded.store.get(1)
    assert recorded.kinds(stored(run, 0)) == []
    assert recorded.kinds(stored(run, 0, metrics={})) == [
        "MetricsLogged", "Heartbeat", "RunCompleted",
    ]  # fmt: skip


def test_later_code(recorded: Recorded) -> None:
    """Sources and packages that the target does not have are sent as code that was loaded later."""
    run = recorded.store.get(1)
    experiment = {
        **run.experiment,
        "base_dir": None,
        "sources": [["a.py", "1" * 32], ["b.py", "2" * 32]],
        "dependencies": ["numpy==2.0", "pandas==3.0"],
    }
    old = {**experiment, "sources": [["a.py", "1" * 32]], "dependencies": ["numpy==2.0"]}
    code, _ = recorded.events(stored(run, experiment=old), experiment=experiment)
    assert isinstance(code, events.CodeLoaded)
    assert (code.sources, code.dependencies) == ([["b.py", "2" * 32]], ["pandas==3.0"])
    assert code.base_dir == "."
    assert recorded.kinds(stored(run, experiment=experiment), experiment=experiment) == []


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ("", [(0, "20 % done")]),
        ("20 %", [(4, " done")]),
        ("20 % done", []),
        ("10 % done", [(0, "20 % done")]),
        ("20 % DONE", [(5, "done")]),
        ("20 % done and more", []),
    ],
)
def test_output_from_where_it_differs(
    recorded: Recorded, known: str, expected: list[tuple[int, str]]
) -> None:
    """What was rewritten since is sent again."""
    recorded.driver.print("20 % done")
    found = recorded.events(stored(recorded.store.get(1), known))
    sent = [(e.offset, e.text) for e in found if isinstance(e, events.OutputCaptured)]
    assert sent == expected


def test_output_that_became_shorter(recorded: Recorded) -> None:
    """Of a run that ended, what the target has too much is cut off."""
    recorded.driver.print("20 %")
    recorded.driver.complete()
    run = recorded.store.get(1)
    for known in ("20 % done", 9):
        cut = recorded.events(stored(run, known))[0]
        assert isinstance(cut, events.OutputCaptured)
        assert (cut.offset, cut.text) == (4, "")


def test_points_of_a_run_of_sacred(recorded: Recorded) -> None:
    """They are read at once; a missing time is that of the start."""
    recorded.driver.log("loss", [1, 2, 3])
    points = recorded.memory.runs[1].metrics["loss"]
    points["timestamps"][1] = None
    calls = []
    read = recorded.store.metrics
    recorded.store.metrics = lambda run_id: calls.append(run_id) or read(run_id)  # type: ignore[method-assign, func-returns-value]
    (found,) = (e for e in recorded.events() if isinstance(e, events.MetricsLogged))
    assert found.metrics_by_name["loss"]["timestamps"][1] == START
    assert found.metrics_by_name["loss"]["values"] == [1, 2, 3]
    assert calls == [1]


def test_a_damaged_run_has_no_events(recorded: Recorded) -> None:
    """It is refused with the reason."""
    with pytest.raises(StoreError, match=r"run '1' is damaged and is not copied: no config"):
        recorded.events(damage="no config")
