"""Tests of observers that continue replayed runs; the contract has the rules of each backend."""

import contextlib
import copy
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from sacred_core.exceptions import RunIdError, StoreError, UnavailableError
from sacred_core.observers import QueueObserver, replays
from sacred_core.stores import RunStore, StoredRun
from sacred_core.stores.claims import IdRequest
from sacred_core.stores.uids import UidIndex
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.testing.replay_contract import EventList, deliver, replayed_events

UID = "a" * 32


@pytest.fixture
def memory() -> Memory:
    return Memory()


def start(**fields: Any) -> Any:
    """Return a replayed start."""
    collected = EventList()
    collected.start(**{"replayed": True, "meta_info": {"uid": UID}, **fields})
    return collected.events[0]


class CountsStores(MemoryObserver):
    """Counts how often its store is opened."""

    opened = 0

    def open_store(self) -> MemoryStore:
        type(self).opened += 1
        return super().open_store()


class IsOvertaken(MemoryObserver):
    """Another observer stores the run between the lookup and the insertion."""

    requested: Any = None

    def claim_run(self, run: StoredRun, request: IdRequest) -> int | str:
        other = EventDriver(MemoryObserver(self.memory))
        other.start(meta_info={"uid": UID}, _id=self.requested)
        return super().claim_run(run, request)


def test_only_a_replayed_start_is_looked_up(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A normal run costs no lookup."""
    monkeypatch.setattr(CountsStores, "opened", 0)
    EventDriver(CountsStores(memory)).start(meta_info={"uid": UID})
    assert CountsStores.opened == 0
    assert deliver(CountsStores(memory), [start()]) == 1
    assert CountsStores.opened == 1


def test_copies_of_an_observer_share_the_index(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runs of the store are listed once."""
    monkeypatch.setattr(CountsStores, "opened", 0)
    observer = CountsStores(memory)
    deliver(observer, [start()])
    for number in range(3):
        deliver(copy.copy(observer), [start(meta_info={"uid": f"{number:032x}"})])
    assert CountsStores.opened == 1 and len(memory.runs) == 4


@pytest.mark.parametrize(("requested", "first"), [(None, 1), ("mine", "mine")])
def test_a_run_that_another_observer_inserted_first_remains(
    memory: Memory, requested: Any, first: Any
) -> None:
    """The run that was inserted later is deleted, and the other one continued."""
    observer = IsOvertaken(memory)
    observer.requested = requested
    collected = EventList()
    collected.print("later")
    collected.complete(1)
    assert deliver(observer, [start(_id=requested), *collected.events]) == first
    assert list(memory.runs) == [first]
    store = MemoryStore(memory)
    assert (store.output(first), store.get(first).status) == ("later", "COMPLETED")


def test_a_queued_run_that_another_process_starts_is_continued(memory: Memory) -> None:
    """The claim of the queued run fails, and the started run is continued."""

    class IsLate(MemoryObserver):
        def take_over_run(self, run: StoredRun) -> bool:
            self.memory.runs[run.id].run.recorded_status = "RUNNING"
            return super().take_over_run(run)

    run_id = EventDriver(MemoryObserver(memory)).queue(meta_info={"uid": UID})
    assert deliver(IsLate(memory), [start()]) == run_id
    assert list(memory.runs) == [run_id]


def test_a_queued_run_that_cannot_be_claimed_is_an_error(memory: Memory) -> None:
    """The error of the claim is raised if the run is still queued."""

    class IsRefused(MemoryObserver):
        def take_over_run(self, run: StoredRun) -> bool:
            raise RunIdError("refused")

    EventDriver(MemoryObserver(memory)).queue(meta_info={"uid": UID})
    with pytest.raises(RunIdError, match="refused"):
        deliver(IsRefused(memory), [start()])


def test_an_override_may_remove_the_uid(memory: Memory) -> None:
    """The uid is that of the event, and is stored."""

    class Removes(MemoryObserver):
        def started_event(self, **fields: Any) -> Any:
            return super().started_event(**{**fields, "meta_info": {}})

    assert [deliver(Removes(memory), [start()]) for _ in range(2)] == [1, 1]
    assert memory.runs[1].run.uid == UID


def test_a_store_that_cannot_continue_runs_is_an_error(memory: Memory) -> None:
    """The first replay is stored; another one names what the store needs."""

    class ReadOnly:
        """The methods that read."""

        def __init__(self, store: MemoryStore) -> None:
            self.get, self.list, self.ids, self.count = store.get, store.list, store.ids, len

    class Records(MemoryObserver):
        def open_store(self) -> Any:
            return ReadOnly(MemoryStore(self.memory))

    assert deliver(Records(memory), [start()]) == 1
    with pytest.raises(StoreError, match="'1' is stored already, and ReadOnly cannot continue"):
        deliver(Records(memory), [start()])


def test_a_queue_continues_replayed_runs(memory: Memory) -> None:
    """The whole event is forwarded."""
    assert [deliver(QueueObserver(MemoryObserver(memory)), [start()]) for _ in range(2)] == [1, 1]


def test_a_heartbeat_that_is_stored_changes_nothing(memory: Memory) -> None:
    """A newer one does, and what was not saved is saved with either."""
    collected = EventList()
    for number in range(3):
        collected.log("loss", [float(number)])
        collected.beat(info={"number": number}, result=number)
    events = [start(), *collected.events]
    deliver(MemoryObserver(memory), events[:5])
    deliver(MemoryObserver(memory), events[:3])
    run = memory.runs[1].run
    assert (run.info, run.result) == ({"number": 1}, 1)
    deliver(MemoryObserver(memory), events)
    run = memory.runs[1].run
    assert (run.info, run.result) == ({"number": 2}, 2)
    assert run.metrics is not None and run.metrics["loss"].count == 3


def test_the_state_of_a_replayed_run_ends_with_it(memory: Memory) -> None:
    """Heartbeats of the next run of the observer are compared with nothing."""
    events = EventList()
    events.beat(info={"a": 1})
    observer = MemoryObserver(memory)
    for _ in range(2):
        deliver(observer, [start(), *events.events])
    deliver(observer, [attrs.evolve(start(), replayed=False), *events.events])
    store: RunStore = MemoryStore(memory)
    assert [run.info for run in store.list()] == [{"a": 1}, {"a": 1}]


def test_a_start_that_failed_after_the_insertion_is_completed(
    memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sources that were not stored are stored when the start is delivered again."""
    event = replayed_events(tmp_path, UID)[0]
    observer = MemoryObserver(memory)

    def fail(*arguments: Any) -> bool:
        raise UnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(observer, "put_file", fail)
        with pytest.raises(UnavailableError):
            deliver(observer, [event])
    assert list(memory.runs) == [1] and not memory.runs[1].files
    assert deliver(observer, [event]) == 1
    assert memory.runs[1].files == {("source", "main.py"): b"1\n"}


def test_a_run_that_was_inserted_before_the_lock_is_continued(memory: Memory) -> None:
    """The uid is looked up again within the lock; no other run is inserted."""

    class Locks(MemoryObserver):
        @contextlib.contextmanager
        def lock_uid(self, uid: str) -> Iterator[None]:
            EventDriver(MemoryObserver(self.memory)).start(meta_info={"uid": uid})
            yield

    assert deliver(Locks(memory), [start()]) == 1
    assert list(memory.runs) == [1]
    assert deliver(Locks(memory), [start(meta_info={"uid": "b" * 32})]) == 2


class Late(UidIndex):
    """Finds no run before one was inserted."""

    def find(self, uid: str) -> None:
        """Return None, as before another process inserted the run."""


@pytest.mark.parametrize("is_kept", [True, False])
def test_of_two_runs_whose_order_is_not_known_one_remains(
    is_kept: bool, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that was stored under another id, as its own was not free then, remains if it has a
    heartbeat, and after a time without one.
    """
    monkeypatch.setattr(replays, "_PATIENCE", 0.0)
    other = EventDriver(MemoryObserver(memory))
    other.start(_id="elsewhere")
    other.complete()
    events = EventList()
    events.start(_id="elsewhere", replayed=True, meta_info={"uid": UID})
    event = events.events[0]
    if is_kept:
        events.beat()
    assert deliver(MemoryObserver(memory), events.events) == 1
    MemoryStore(memory).delete("elsewhere")
    observer = MemoryObserver(memory)
    observer.uid_index = Late(MemoryStore(memory))
    assert deliver(observer, [event]) == 1
    assert list(memory.runs) == [1]


def test_a_run_remains_where_another_process_deletes_its_own(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that another one precedes is deleted by the process that inserted it."""
    event = start(_id="elsewhere")
    deliver(MemoryObserver(memory), [start(_id="elsewhere", meta_info={"uid": "b" * 32})])
    assert deliver(MemoryObserver(memory), [event]) == 1
    memory.runs.pop("elsewhere")
    monkeypatch.setattr(time, "sleep", lambda seconds: memory.runs.pop(1))
    observer = MemoryObserver(memory)
    observer.uid_index = Late(MemoryStore(memory))
    assert deliver(observer, [event]) == "elsewhere"
    assert list(memory.runs) == ["elsewhere"]


class OnceLate(UidIndex):
    """Does not find a run the first time."""

    looks = 0

    def find(self, uid: str) -> Any:
        """Return None, as before another process inserted the run, and later the run."""
        self.looks += 1
        return None if self.looks == 1 else super().find(uid)


def test_a_run_that_another_process_inserted_under_the_requested_id(memory: Memory) -> None:
    """It is continued; the same id of another run is an error."""
    event = start(_id="asked", asked_id="asked")
    assert deliver(MemoryObserver(memory), [event]) == "asked"
    observer = MemoryObserver(memory)
    observer.uid_index = OnceLate(MemoryStore(memory))
    assert deliver(observer, [event]) == "asked"
    assert list(memory.runs) == ["asked"]
    other = start(_id="asked", asked_id="asked", meta_info={"uid": "c" * 32})
    with pytest.raises(RunIdError, match="'asked' already exists"):
        deliver(MemoryObserver(memory), [other])
