"""Tests of the work of a worker: what it claims, when it waits, and when it ends."""

import logging
import signal
from types import SimpleNamespace
from typing import Any

import attrs
import pytest

from sacred_core.exceptions import OptionError, QueryError, UnavailableError
from sacred_core.stores.worker_claims import QUEUEING, WorkerClaim
from sacred_core.testing import EventDriver, MemoryStore
from sacred_core.worker import working
from sacred_core.worker.options import WorkerOptions
from sacred_core.worker.stopping import StopRequest
from sacred_core.worker.work_plan import NotExecutableError
from sacred_core.worker.working import Worker, work

from .conftest import queue_run


@attrs.define(slots=False)
class Ended:
    """What the runs do in place of a process."""

    status: str = "completed"
    runs: list[Any] = attrs.field(factory=list)

    def __call__(self, store: MemoryStore, run: Any, *args: Any) -> "Ended":
        self.runs.append(run.id)
        if self.status != "held":
            observer = store.observer_of(run.id)
            driver = EventDriver(observer)
            driver.fail() if self.status == "failed" else driver.complete()
        return self

    def execute(self) -> bool:
        if self.status == "missing":
            raise NotExecutableError("it is elsewhere")
        return True


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Ended:
    found = Ended()
    monkeypatch.setattr(working, "Execution", found)
    return found


def start(store: MemoryStore, stop: StopRequest, **options: Any) -> int:
    """Let a worker with a short lease work, and return its exit code."""
    options = {"location": "memory", "lease": 0.06, "name": "me", **options}
    return Worker(store, WorkerOptions(**options), stop).work()


def test_all_runs_are_executed_until_there_is_none(
    store: MemoryStore, stop: StopRequest, ended: Ended, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the number and the reason of the end."""
    caplog.set_level(logging.INFO)
    queue_run(store.memory)
    assert start(store, stop, until_empty=True) == 0
    assert sorted(ended.runs) == [1, 2]
    claimed = [each for each in caplog.messages if "claimed" in each]
    assert sorted(each[:14] for each in claimed) == ["Run 1: claimed", "Run 2: claimed"]
    assert caplog.messages[-1] == (
        "Worker me ends after 2 runs: no run is queued, and no worker executes one"
    )


def test_only_matching_runs_are_executed(
    store: MemoryStore, stop: StopRequest, ended: Ended
) -> None:
    """Others neither are claimed, nor waited for."""
    queue_run(store.memory, config={"lr": 0.5})
    assert start(store, stop, until_empty=True, where="config.lr > 0.1") == 0
    assert ended.runs == [2]


def test_a_maximum_ends_the_worker(store: MemoryStore, stop: StopRequest, ended: Ended) -> None:
    """A run is left."""
    queue_run(store.memory)
    assert start(store, stop, max_runs=1) == 0
    assert len(ended.runs) == 1


def test_a_time_without_runs_ends_the_worker(
    store: MemoryStore, stop: StopRequest, ended: Ended, caplog: pytest.LogCaptureFixture
) -> None:
    """It waits at least as long."""
    caplog.set_level(logging.INFO)
    assert start(store, stop, idle=0.1) == 0
    assert caplog.messages[-1].endswith("no run could be claimed for 0.1 seconds")
    assert ended.runs == [1]


def test_a_signal_ends_the_worker(
    store: MemoryStore, stop: StopRequest, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other run is claimed."""
    queue_run(store.memory)
    monkeypatch.setattr(ended, "execute", lambda: stop.request(signal.SIGTERM) or True)
    assert start(store, stop) == 143
    assert len(ended.runs) == 1


def test_a_worker_that_cannot_execute_a_run_ends_with_1(
    store: MemoryStore, stop: StopRequest, ended: Ended, caplog: pytest.LogCaptureFixture
) -> None:
    """It would fail for the next one, too."""
    ended.status = "missing"
    assert start(store, stop) == 1
    assert caplog.messages[-1] == "Worker me ends: it is elsewhere"


def test_the_run_of_a_dead_worker_is_taken_over(
    store: MemoryStore, stop: StopRequest, ended: Ended
) -> None:
    """The other one has claimed it, and sends no heartbeat."""
    assert store.claim(None, "other", 0.06) is not None
    assert start(store, stop, until_empty=True) == 0
    claim = store.get(1).claim
    assert claim is not None
    assert (claim.worker, claim.lost, claim.number) == ("me", 1, 2)
    assert "worker other" in claim.reason


def test_a_run_that_is_lost_too_often_fails(
    store: MemoryStore, stop: StopRequest, ended: Ended
) -> None:
    """It is not executed again."""
    assert store.claim(None, "other", 0.06) is not None
    assert start(store, stop, until_empty=True, tries=1) == 0
    assert ended.runs == []
    assert store.get(1).status == "FAILED"
    assert "lost 1 time;" in store.get(1).fail_trace[0]


def test_a_run_whose_queueing_process_was_killed_is_executed(
    store: MemoryStore, stop: StopRequest, ended: Ended
) -> None:
    """Nothing has executed it before: that is no loss, and one try is enough."""
    observer = store.observer_of(1)
    run = observer.require_run()
    run.claim = WorkerClaim(worker=QUEUEING, interval=0.02)
    assert observer.update_run(run, frozenset({"claim"}))
    assert store.claim(None, "other", 0.06) is None
    assert start(store, stop, until_empty=True, tries=1) == 0
    assert (ended.runs, store.get(1).status) == ([1], "COMPLETED")
    claim = store.get(1).claim
    assert claim is not None
    assert (claim.worker, claim.lost, claim.number) == ("me", 0, 1)
    assert claim.reason == "the process that queued it was lost"


def test_an_outage_is_waited_for(
    store: MemoryStore, stop: StopRequest, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker goes on as soon as the store answers."""
    claim, errors = store.claim, [UnavailableError("down"), UnavailableError("down")]

    def failing(*args: Any) -> Any:
        if errors:
            raise errors.pop(0)
        return claim(*args)

    monkeypatch.setattr(store, "claim", failing)
    assert start(store, stop, until_empty=True) == 0
    assert (ended.runs, errors) == ([1], [])


def test_failed_runs_are_repeated_if_asked(
    store: MemoryStore, stop: StopRequest, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are at most ``tries`` executions, also by other workers."""
    ended.status = "failed"
    assert start(store, stop, until_empty=True) == 0
    assert ended.runs == [1]
    pauses: list[float] = []
    monkeypatch.setattr(stop, "wait", pauses.append)
    assert start(store, stop, until_empty=True, retry_failed=True, tries=3) == 0
    assert ended.runs == [1, 1, 1]
    assert start(store, stop, until_empty=True, retry_failed=True, tries=3) == 0
    assert (ended.runs, pauses) == ([1, 1, 1], [])


def test_a_source_of_runs_is_asked_before_the_worker_ends(
    store: MemoryStore, stop: StopRequest, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It queues a run once."""
    left = [1]

    def fill(queue: MemoryStore, where: Any) -> int:
        assert where is None
        for _ in left:
            queue_run(queue.memory)
        found, left[:] = len(left), []
        return found

    monkeypatch.setattr(working, "fill_queue", fill)
    assert start(store, stop, until_empty=True) == 0
    assert ended.runs == [1, 2]


def test_pauses_grow_up_to_a_third_of_the_lease(
    store: MemoryStore, stop: StopRequest, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that waits for others does not ask the store all the time."""
    ended.status = "held"
    pauses: list[float] = []

    def wait(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 12:
            stop.request(signal.SIGINT)

    monkeypatch.setattr(stop, "wait", wait)
    assert start(store, stop, lease=30.0) == 130
    assert 0.1 <= pauses[0] <= 0.2 < pauses[3]
    assert max(pauses) <= 10.0
    assert min(pauses[-4:]) >= 5.0


def test_a_worker_reports_once_that_it_waits(
    store: MemoryStore,
    stop: StopRequest,
    ended: Ended,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """After two seconds without a run; after the next run it does so again, with the reason."""
    caplog.set_level(logging.INFO)
    now = [0.0]

    def wait(seconds: float) -> None:
        now[0] += 1.0
        if now[0] == 5.0:
            queue_run(store.memory)
            ended.status = "held"
        if now[0] == 12.0:
            stop.request(signal.SIGINT)

    monkeypatch.setattr(working, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(stop, "wait", wait)
    assert start(store, stop, lease=600.0) == 130
    assert ended.runs == [1, 2]
    assert [message for message in caplog.messages if "waits" in message] == [
        "Worker me waits: no run is queued (Ctrl-C ends it)",
        "Worker me waits: no run is queued, and other workers execute some (Ctrl-C ends it)",
    ]


def test_a_place_without_a_queue_is_an_error(
    stop: StopRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No run can be recorded in an archive; and so is a condition that cannot be parsed."""
    monkeypatch.setattr(working, "open_store", lambda location: object())
    with pytest.raises(OptionError, match=r"'mysql://ann:\*\*\*@db/runs' has no queue"):
        work(WorkerOptions(location="mysql://ann:hunter2@db/runs"))
    with pytest.raises(QueryError):
        Worker(None, WorkerOptions(location="memory", where="lr >"), stop)


def test_an_idle_worker_lists_the_runs_once_per_pass(
    store: MemoryStore, stop: StopRequest, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While no run is waiting it tries no claim, which would list them again."""
    calls: list[str] = []
    claim = store.claim
    monkeypatch.setattr(store, "claim", lambda *args: calls.append("claim") or claim(*args))
    known = store.claim(None, "other", 60.0)

    def fill_queue(*args: Any) -> int:
        calls.append("look")
        if calls.count("look") == 4:
            store.requeue(known.id, "stopped")
        return 0

    calls.clear()
    monkeypatch.setattr(working, "fill_queue", fill_queue)
    assert start(store, stop, max_runs=1) == 0
    assert calls == ["claim", *["look"] * 4, "claim"]
    assert ended.runs == [known.id]
