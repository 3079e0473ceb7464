"""Tests of the search for the run of rank 0."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from sacred_core.exceptions import StoreError
from sacred_core.ranks.detection import Rank
from sacred_core.ranks.search import Found, RunSearch, process_start, wait_for
from sacred_core.stores import RunQuery
from sacred_core.stores.segments import Segment
from sacred_core.testing import Memory, MemoryObserver, MemoryStore
from sacred_core.testing.event_driver import EventDriver

RANK = Rank(number=1, world_size=2, group="g", job="j")
NOW = datetime.now(UTC)


class Runs:
    """A store whose runs a test changes."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.queries: list[RunQuery | None] = []

    @property
    def store(self) -> MemoryStore:
        runs = self

        class Store(MemoryStore):
            def list(self, query: RunQuery | None = None) -> Any:
                runs.queries.append(query)
                return super().list(query)

        return Store(self.memory)

    def start(self, group: str = "g", **changed: Any) -> Any:
        """Store a run of a group, and return its id."""
        uid = os.urandom(16).hex()
        driver = EventDriver(MemoryObserver(self.memory))
        run_id = driver.start(meta_info={"group": group, "uid": uid})
        run = self.memory.runs[run_id].run
        run.host, run.start_time = {"hostname": os.uname().nodename}, datetime.now(UTC)
        for name, value in changed.items():
            setattr(run, name, value)
        return run_id

    def search(self, **arguments: Any) -> RunSearch:
        return RunSearch(lambda: self.store, RANK, **({"wait": 60.0} | arguments))

    def find(self, **arguments: Any) -> Any:
        """Return the id of the run that a new search finds."""
        found = self.search(**arguments).find()
        return None if found is None else found.run.id


@pytest.fixture
def runs() -> Runs:
    return Runs()


def test_only_runs_of_the_group_are_found(runs: Runs) -> None:
    """A run of another group, or of no group, is not that of rank 0."""
    assert runs.find() is None
    runs.start("other")
    runs.start("")
    assert runs.find() is None
    run_id = runs.start()
    runs.start("other")
    assert runs.find() == run_id


@pytest.mark.parametrize(
    ("changed", "is_found"),
    [
        ({"start_time": NOW - timedelta(seconds=3600)}, False),
        ({"start_time": NOW - timedelta(seconds=30)}, True),
        ({"recorded_status": "COMPLETED", "stop_time": NOW - timedelta(seconds=3000)}, False),
        ({"recorded_status": "COMPLETED", "stop_time": NOW + timedelta(seconds=5)}, True),
        ({"recorded_status": "FAILED", "stop_time": NOW + timedelta(seconds=5)}, True),
        ({"heartbeat": NOW - timedelta(seconds=3000)}, False),
        ({"recorded_status": "QUEUED", "start_time": None}, False),
    ],
)
def test_runs_of_earlier_processes(runs: Runs, changed: dict[str, Any], is_found: bool) -> None:
    """A run that ended before this process started, or that started long before, is not its."""
    run_id = runs.start(**changed)
    assert runs.find() == (run_id if is_found else None)


def test_clocks_of_other_machines_may_differ(runs: Runs) -> None:
    """The end of a run on another machine may be some seconds before the start of this process."""
    stop = process_start() - timedelta(seconds=2)
    changed: Any = {"recorded_status": "COMPLETED", "stop_time": stop, "start_time": stop}
    runs.start(**changed)
    assert runs.find() is None
    run_id = runs.start(**changed, host={"hostname": "other"})
    assert runs.find() == run_id


def test_the_first_run_without_a_part_is_found(runs: Runs) -> None:
    """Of several runs it is the one that started first and that this rank has not joined."""
    ids = [runs.start() for _ in range(3)]
    uids = [runs.store.get(run_id).uid for run_id in ids]
    assert runs.find() == ids[0]
    assert runs.find(joined=frozenset(uids[:1])) == ids[1]
    for run_id in ids[:2]:
        observer = runs.store.writer_observer(run_id)
        EventDriver(observer).start(meta_info={"writer": "rank1", "group": "g"})
    assert runs.find() == ids[2]
    observer = runs.store.writer_observer(ids[2])
    EventDriver(observer).start(meta_info={"writer": "rank2", "group": "g"})
    assert runs.find() == ids[2]


def test_a_search_reads_few_runs(runs: Runs) -> None:
    """It reads runs that started after this process, and then those that are new."""
    for _ in range(40):
        runs.start("other", start_time=NOW - timedelta(days=1))
    search = runs.search()
    assert search.find() is None
    assert [query.limit for query in runs.queries if query] == [8]
    for _ in range(40):
        runs.start("other")
    run_id = runs.start()
    for _ in range(9):
        runs.start("other")
    runs.queries.clear()
    found = search.find()
    assert found is not None
    assert found.run.id == run_id
    assert [query.limit for query in runs.queries if query] == [8, 32, 128]
    runs.queries.clear()
    assert search.find() is not None
    assert [query.limit for query in runs.queries if query] == [8]


def test_resumed_runs(runs: Runs) -> None:
    """Of a run that was resumed, the last segment counts: its group, start and parts."""
    old: Any = {"start_time": NOW - timedelta(days=1), "meta": {"group": "old", "uid": "1" * 32}}
    run_id = runs.start(**old)
    observer = runs.store.writer_observer(run_id)
    EventDriver(observer).start(meta_info={"writer": "rank1", "group": "old"})
    for _ in range(9):
        runs.start("other", start_time=NOW - timedelta(days=1))
    search = runs.search(is_resumed=True)
    assert search.find() is None
    now = datetime.now(UTC)
    run = runs.memory.runs[run_id].run
    run.recorded_segments = [
        Segment(start_time=run.start_time, group="old"), Segment(start_time=now, group="g"),
    ]  # fmt: skip
    run.heartbeat = now
    found = search.find()
    assert found is not None
    assert (found.run.id, found.part and found.part.meta["group"]) == (run_id, "old")
    assert runs.find() is None
    assert runs.find(watched=(run_id, 77)) == run_id


def test_stores_are_opened_when_they_are_there(runs: Runs) -> None:
    """A store that does not exist yet is opened with the next attempt."""
    attempts: list[int] = []

    def open_store() -> MemoryStore:
        attempts.append(len(attempts))
        if len(attempts) == 1:
            raise StoreError("nothing is there")
        return runs.store

    run_id = runs.start()
    search = RunSearch(open_store, RANK, wait=60)
    with pytest.raises(StoreError):
        search.find()
    found = search.find()
    assert found is not None
    assert found.run.id == run_id
    search.find()
    assert attempts == [0, 1]


def test_waiting_for_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses become longer, the wait is reported once, and errors of the store may pass."""
    now, pauses, reports = [0.0], [], []
    run = Found(store=MemoryStore(Memory()), run=MemoryStore(Memory()))  # type: ignore[arg-type]

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        now[0] += seconds

    def find() -> Found | None:
        if now[0] < 1:
            raise StoreError("nothing is there")
        return run if now[0] > 15 else None

    monkeypatch.setattr("sacred_core.ranks.search.time.monotonic", lambda: now[0])
    monkeypatch.setattr("sacred_core.ranks.search.time.sleep", sleep)
    assert wait_for(find, 60, lambda: reports.append(now[0])) == (run, "")
    assert len(reports) == 1 and 2 <= reports[0] < 4.5
    assert pauses[0] <= 0.05 and 1.4 <= pauses[-1] <= 2.0 and len(pauses) < 30
    now[0] = 0
    assert wait_for(find, 0.5) == (None, "nothing is there")
    assert now[0] == pytest.approx(0.5)
    now[0] = 1
    assert wait_for(find, 3) == (None, "")


def test_the_start_of_this_process() -> None:
    """It is known to a fraction of a second."""
    code = "from sacred_core.ranks.search import process_start; print(process_start().timestamp())"
    before = time.time()
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert before - 0.1 <= float(output) <= before + 0.5
    assert attrs.asdict(RANK)["group"] == "g"
