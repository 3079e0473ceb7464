"""Tests of finding runs by their uid."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.stores import RunQuery, StoredRun
from sacred_core.stores.uids import UidIndex, precedence
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

UID, OTHER = "a" * 32, "b" * 32


class CountingStore(MemoryStore):
    """Counts its listings and the runs that are read."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.calls: Counter[str] = Counter()
        self.attributes: Any = ()

    def list(self, query: RunQuery | None = None) -> Iterator[StoredRun]:
        self.calls["list"] += 1
        self.attributes = query and query.attributes
        return super().list(query)

    def get(self, run_id: int | str) -> StoredRun:
        self.calls["get"] += 1
        return super().get(run_id)


class FindingStore(CountingStore):
    """Finds recorded uids itself."""

    def find_uid(self, uid: str) -> list[int | str]:
        self.calls["find"] += 1
        return [run.run.id for run in self.memory.runs.values() if uid in str(run.run.meta)]

    def has_derived_uids(self) -> bool:
        return any("uid" not in record.run.meta for record in self.memory.runs.values())


@pytest.fixture
def memory() -> Memory:
    return Memory()


def add(memory: Memory, uid: str | None = None, **fields: Any) -> Any:
    """Store a run, and return its id."""
    meta = {} if uid is None else {"uid": uid}
    return EventDriver(MemoryObserver(memory)).start(meta_info=meta, **fields)


@pytest.mark.parametrize("kind", [CountingStore, FindingStore])
def test_recorded_and_derived_uids_are_found(memory: Memory, kind: type[CountingStore]) -> None:
    """The run is returned as it is stored now; an unknown uid is not found."""
    recorded, derived = add(memory, UID), add(memory, config={"a": 1})
    store = kind(memory)
    index = UidIndex(store)
    found = index.find(UID)
    assert found is not None and found.id == recorded
    memory.runs[recorded].run.recorded_status = "FAILED"
    assert index.find(UID) == store.get(recorded)
    uid = store.get(derived).uid
    assert [run.id for run in index.find_all(uid)] == [derived]
    assert index.find(OTHER) is None
    assert index.find_all(UID, excluding=recorded) == []


def test_only_new_runs_are_read(memory: Memory) -> None:
    """After one listing with few attributes, each run is read once when it is new."""
    for number in range(60):
        add(memory, f"{number:032x}")
    store = CountingStore(memory)
    index = UidIndex(store)
    assert index.find(OTHER) is None
    assert store.calls == {"list": 1}
    assert store.attributes is not None and "info" not in store.attributes
    for number in range(60, 70):
        add(memory, f"{number:032x}")
        assert index.find(OTHER) is None
    assert store.calls == {"list": 1, "get": 10}
    for number in range(70, 130):
        add(memory, f"{number:032x}")
    assert index.find(OTHER) is None
    assert store.calls == {"list": 2, "get": 10}, "many new runs are listed"


def test_a_store_that_finds_uids_is_not_listed(memory: Memory) -> None:
    """Without derived uids it is never listed; otherwise once, after a uid was not found."""
    run_id = add(memory, UID)
    store = FindingStore(memory)
    index = UidIndex(store)
    assert index.find(OTHER) is None and index.find(UID) is not None
    assert store.calls == {"find": 2, "get": 1}
    derived = store.get(add(memory)).uid
    assert index.find(UID) is not None and store.calls["list"] == 0
    for _ in range(2):
        assert index.find(derived) is not None and index.find(OTHER) is None
    assert store.calls["list"] == 1
    assert run_id == 1


def test_a_store_is_not_asked_for_a_uid_where_all_runs_are_noted(memory: Memory) -> None:
    """A store that lists new ids is asked for these only: others are known."""

    class ListingStore(FindingStore):
        def new_ids(self, known: Any) -> list[int | str]:
            return [each for each in self.memory.runs if each not in known]

    store = ListingStore(memory)
    index = UidIndex(store)
    index.has_all = True
    index.note(MemoryStore(memory).get(add(memory, UID)))
    add(memory, OTHER)
    assert index.find(UID) is not None and index.find(OTHER) is not None
    assert store.calls == {"get": 3}, "one for each answer, and one for the new run"


def test_an_id_that_is_used_again(memory: Memory) -> None:
    """A run under the id of a deleted one is found where all runs with a uid are asked for."""

    class ListingStore(FindingStore):
        def new_ids(self, known: Any) -> list[int | str]:
            return [each for each in self.memory.runs if each not in known]

    index = UidIndex(ListingStore(memory))
    index.has_all = True
    index.note(MemoryStore(memory).get(add(memory, UID)))
    memory.runs[1].run.meta["uid"] = OTHER
    assert [run.id for run in index.find_all(OTHER)] == [1]


def test_a_candidate_with_another_uid_is_skipped(memory: Memory) -> None:
    """A store may return runs whose record contains the uid elsewhere."""
    add(memory, OTHER)
    memory.runs[1].run.meta["comment"] = UID
    assert UidIndex(FindingStore(memory)).find(UID) is None


def test_a_noted_run_is_not_read(memory: Memory) -> None:
    """The caller has stored it itself."""
    store = CountingStore(memory)
    index = UidIndex(store)
    run_id = add(memory, UID)
    index.note(MemoryStore(memory).get(run_id))
    assert index.find_all(UID, excluding=run_id) == [] and store.calls["get"] == 0
    assert index.find(UID) is not None


def test_the_derived_uid_of_a_queued_run_is_that_of_its_start(memory: Memory) -> None:
    """A uid depends on the time of the start, so that a queued run is read again."""
    index = UidIndex(MemoryStore(memory))
    run_id = EventDriver(MemoryObserver(memory)).queue(meta_info={})
    queued = MemoryStore(memory).get(run_id).uid
    assert index.find(queued) is None, "its uid is going to change"
    memory.runs[run_id].run.recorded_status = "RUNNING"
    assert [run.id for run in index.find_all(queued)] == [run_id]


def test_a_uid_that_is_derived_from_a_damaged_record_is_not_found(memory: Memory) -> None:
    """Another run may have the same uid; a recorded one is found."""
    for uid in (None, UID):
        add(memory, uid)
        memory.runs[len(memory.runs)].run.config = [1]  # type: ignore[assignment]
    store = MemoryStore(memory)
    assert store.get(1).damage is not None
    index = UidIndex(store)
    assert index.find(store.get(1).uid) is None
    found = index.find(UID)
    assert found is not None and found.id == 2


def test_a_deleted_run_is_not_found(memory: Memory) -> None:
    """Other errors of the store are raised."""
    run_id = add(memory, UID)
    store = CountingStore(memory)
    index = UidIndex(store)
    assert index.find(UID) is not None
    del memory.runs[run_id]
    assert index.find(UID) is None
    add(memory, UID)
    assert index.find(UID) is not None


@pytest.mark.parametrize("error", [UnavailableError("away"), StoreError("cannot be read")])
def test_errors_of_the_store_are_raised(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, error: StoreError
) -> None:
    """A run that exists and cannot be read is an error, as is a lost connection."""
    add(memory, UID)
    store = MemoryStore(memory)
    index = UidIndex(store)
    assert index.find(UID) is not None

    def fail(run_id: Any) -> Any:
        raise error

    monkeypatch.setattr(store, "get", fail)
    with pytest.raises(StoreError, match=str(error)):
        index.find(UID)


def test_runs_with_one_uid_are_in_the_order_of_precedence(memory: Memory) -> None:
    """First those with the requested id, then lower numbers, then names."""
    runs = [
        StoredRun(id=each, status="RUNNING", run_id=other, meta={"uid": UID})
        for each, other in (("name", None), (12, None), (3, 12), (4, 12), (7, None))
    ]
    ordered = sorted(runs, key=precedence)
    assert [run.id for run in ordered] == [7, 12, "name", 3, 4]
    for each in runs:
        add(memory, UID, _id=each.id)
        memory.runs[each.id].run = attrs.evolve(each)
    assert [run.id for run in UidIndex(MemoryStore(memory)).find_all(UID)] == [
        run.id for run in ordered
    ]
