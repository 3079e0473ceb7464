"""Tests of the queue that each store has; `QueueContract` tests it with each backend."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.stores import RunQuery, StoredRun
from sacred_core.stores.query import parse_where
from sacred_core.stores.run_queue import RunQueue
from sacred_core.stores.run_store import find_stored
from sacred_core.stores.worker_claims import CLAIM_PREFIX, is_waiting, priority_of
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore


class CountingStore(MemoryStore):
    """Counts its listings and the attempts to take a run."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.calls: Counter[str] = Counter()

    def list(self, query: RunQuery | None = None) -> Iterator[StoredRun]:
        self.calls["list"] += 1
        return super().list(query)

    def new_observer(self) -> MemoryObserver:
        return CountingObserver(self.memory, self.calls)


class CountingObserver(MemoryObserver):
    """Counts its attempts to replace a token."""

    def __init__(self, memory: Memory, calls: Counter[str]) -> None:
        super().__init__(memory)
        self.calls = calls

    def replace_token(self, old: str, new: str) -> bool:
        self.calls["attempts"] += 1
        return super().replace_token(old, new)


def queue_runs(memory: Memory, count: int, **meta: Any) -> list[Any]:
    """Queue runs and return their ids."""
    drivers = [EventDriver(MemoryObserver(memory)) for _ in range(count)]
    return [driver.queue(meta_info=dict(meta)) for driver in drivers]


def test_a_list_of_runs_serves_many_claims() -> None:
    """A worker lists the queue once for all runs that it claims, and once when it is empty."""
    memory = Memory()
    ids = queue_runs(memory, 20)
    store = CountingStore(memory)
    assert isinstance(store, RunQueue)
    claimed = []
    while (run := store.claim(None, "ann")) is not None:
        claimed.append(run.id)
    assert sorted(claimed) == ids
    assert store.calls == {"list": 2, "attempts": 20}


def test_sixteen_workers_rarely_try_the_same_run() -> None:
    """They take turns; at most 1.1 attempts to take a run are made for each claim."""
    memory = Memory()
    ids = queue_runs(memory, 160)
    workers = [CountingStore(memory) for _ in range(16)]
    has_runs = True
    while has_runs:
        answers = [worker.claim(None, "w") for worker in workers]
        has_runs = any(answers)
    attempts = sum(worker.calls["attempts"] for worker in workers)
    claimed = [run.id for run in MemoryStore(memory).list() if not is_waiting(run)]
    assert sorted(claimed) == ids
    assert attempts <= 1.1 * len(ids), f"{attempts} attempts for {len(ids)} runs"


def test_a_claim_that_was_interrupted_is_taken_after_its_time() -> None:
    """A run whose token was replaced, without a recorded claim, is taken by another worker only
    after this worker has seen it unchanged for the time of a claim.
    """
    memory = Memory()
    (run_id,) = queue_runs(memory, 1)
    memory.runs[run_id].token = f"{CLAIM_PREFIX}of a killed worker"
    store = MemoryStore(memory)
    assert store.claim(None, "ann", lease=1000) is None
    assert store.claim(None, "ann", lease=1000) is None
    run = store.claim(None, "ann", lease=0)
    assert run is not None and run.claim is not None and run.claim.worker == "ann"


def test_a_worker_is_not_hindered_between_token_and_record() -> None:
    """While one worker records its claim, another one does not take the run."""
    memory = Memory()
    queue_runs(memory, 1)
    others: list[Any] = []

    class Slow(MemoryObserver):
        def replace_token(self, old: str, new: str) -> bool:
            is_replaced = super().replace_token(old, new)
            others.append(MemoryStore(memory).claim(None, "bob"))
            return is_replaced

    store = MemoryStore(memory)
    store.new_observer = lambda: Slow(memory)  # type: ignore[method-assign]
    run = store.claim(None, "ann")
    assert run is not None and run.claim is not None and run.claim.worker == "ann"
    assert others == [None]


def test_an_end_before_the_token_is_replaced_is_not_undone() -> None:
    """A run that completes while it is put back has completed."""
    memory = Memory()
    (run_id,) = queue_runs(memory, 1)
    store = MemoryStore(memory)
    driver = EventDriver(MemoryObserver(memory))
    driver.start(_id=run_id, asked_id=run_id)

    class Late(MemoryObserver):
        def replace_token(self, old: str, new: str) -> bool:
            driver.complete(7)
            return super().replace_token(old, new)

    store.new_observer = lambda: Late(memory)  # type: ignore[method-assign]
    assert not store.requeue(run_id, "dead")
    run = store.get(run_id)
    assert (run.recorded_status, run.result) == ("COMPLETED", 7)


def test_a_run_that_is_deleted_meanwhile_is_skipped() -> None:
    """Another run is claimed; a renewal answers that the claim is lost."""
    memory = Memory()
    first, second = queue_runs(memory, 2)
    store = MemoryStore(memory)
    run = store.claim(None, "ann")
    assert run is not None and run.claim is not None
    other = second if run.id == first else first
    store.delete(other)
    assert store.claim(None, "ann") is None
    store.delete(run.id)
    assert not store.renew(run.id, run.claim)


def test_an_unreachable_store_is_an_error() -> None:
    """It is not taken for a store without the run."""

    class Away(MemoryStore):
        def get(self, run_id: int | str, raw: bool = False) -> StoredRun:
            raise UnavailableError("no network")

    with pytest.raises(UnavailableError):
        find_stored(Away(Memory()), 1)
    assert find_stored(MemoryStore(Memory()), 1) is None
    with pytest.raises(StoreError):
        MemoryStore(Memory()).requeue(1, "lost")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, 3.0), (-1.5, -1.5), ("5", 0.0), (None, 0.0), (float("nan"), 0.0), (True, 0.0)],
)
def test_a_priority_is_a_number(value: Any, expected: float) -> None:
    """Whatever is not a number counts as 0."""
    run = StoredRun(id=1, status="QUEUED")
    run.meta = {"priority": value}
    assert priority_of(run) == expected


def test_an_empty_condition_is_none() -> None:
    """The option of a worker is an empty string where it takes all runs."""
    assert parse_where("") is None and parse_where("  ") is None and parse_where(None) is None
    query = parse_where("status = QUEUED")
    assert query is not None and parse_where(query) is query


class LateStore(MemoryStore):
    """Reads the token of a run some time after its record, as a database does."""

    meanwhile: Any = None
    known = ""

    def continue_with(self, observer: Any, run_id: int | str) -> None:
        super().continue_with(observer, run_id)
        if self.meanwhile is not None and observer.token != self.known:
            meanwhile, self.meanwhile = self.meanwhile, None
            stale = observer.require_run()
            meanwhile()
            super().continue_with(observer, run_id)
            observer.continue_run(stale, observer.token)


def test_a_run_that_was_claimed_since_is_not_put_back() -> None:
    """A slow worker puts a run back after another one has done so, and a third one has claimed it:
    it does not write with the token of that one.
    """
    memory = Memory()
    (run_id,) = queue_runs(memory, 1)
    slow, other = LateStore(memory), MemoryStore(memory)
    known = other.claim(None, "dead")
    slow.known = slow.observer_of(run_id).token

    def put_back_and_claim() -> None:
        assert other.requeue(run_id, "dead", expected=known, is_lost=True)
        assert other.claim(None, "third").id == run_id

    slow.meanwhile = put_back_and_claim
    assert not slow.requeue(run_id, "dead", expected=known, is_lost=True)
    claim = other.get(run_id).claim
    assert (claim.worker, claim.lost, claim.number) == ("third", 1, 2)
    assert claim.token == other.observer_of(run_id).token
