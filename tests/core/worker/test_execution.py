"""Tests of one claimed run: what its worker does when the process ends, or is asked to end."""

import logging
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from sacred_core.exceptions import RerunError, RunRemovedError, UnavailableError
from sacred_core.rerun.records import MissingValuesError
from sacred_core.stores import StoredRun
from sacred_core.testing import MemoryObserver, MemoryStore
from sacred_core.worker import execution
from sacred_core.worker.execution import Execution
from sacred_core.worker.options import WorkerOptions
from sacred_core.worker.persistence import StoreCalls
from sacred_core.worker.stopping import StopRequest
from sacred_core.worker.work_plan import NotExecutableError, WorkOutcome

LOGGER = logging.getLogger("sacred_core.worker")
Execute = Callable[..., bool]


class FakePlan:
    """Has what the worker sets of a plan."""

    outcome = ""
    takes_first = False

    def write(self, path: Path) -> None:
        path.touch()


class FakeProcess:
    """Ends at once, or after it was asked to, and reports what a test sets.

    Attributes:
        outcomes: What one process after the other reports.
        code: The exit code.
        waits: It ends when it is asked to; with ``ignores``, when it is killed.
    """

    outcomes: list[WorkOutcome]
    code = 0
    waits = ignores = False
    calls: list[str]

    def __init__(self, plan: Path, when_ended: Callable[[], None]) -> None:
        self.plan, self.when_ended = plan, when_ended
        self.has_ended = False
        if not self.waits:
            self._end()

    def terminate(self) -> None:
        self.calls.append("terminate")
        if not self.ignores:
            self._end()

    def kill(self) -> None:
        self.calls.append("kill")
        self._end()

    def _end(self) -> None:
        if self.outcomes:
            self.outcomes.pop(0).write(self.plan.parent / "outcome.json")
        self.has_ended = True
        self.when_ended()


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> type[FakeProcess]:
    class Process(FakeProcess):
        outcomes: list[WorkOutcome] = []
        calls: list[str] = []

    monkeypatch.setattr(execution, "RunProcess", Process)
    monkeypatch.setattr(execution, "make_plan", lambda *args: FakePlan())
    return Process


@pytest.fixture
def execute(store: MemoryStore, stop: StopRequest) -> Execute:
    """Claims the run and executes it."""

    def call(tries: int = 3, deadline: float = 30.0, lease: float = 30.0) -> bool:
        run = store.claim(None, "me", lease)
        assert run is not None
        options = WorkerOptions(location="memory", tries=tries, deadline=deadline)
        calls = StoreCalls("memory", stop, LOGGER)
        return Execution(store, run, options, calls, stop, LOGGER).execute()

    return call


def stored(store: MemoryStore) -> StoredRun:
    """Return the run, which has a claim."""
    run = store.get(1)
    assert run.claim is not None
    return run


ENDED = WorkOutcome(is_started=True, status="COMPLETED")


def test_a_run_that_has_ended_is_not_touched(
    store: MemoryStore, process: type[FakeProcess], execute: Execute
) -> None:
    """Its process has recorded the end; the store is not even read."""
    process.outcomes.append(ENDED)
    assert execute()
    run = stored(store)
    assert (run.recorded_status, run.claim and run.claim.worker) == ("QUEUED", "me")


def test_the_end_of_a_run_is_delivered_when_the_store_can_be_reached(
    store: MemoryStore,
    process: type[FakeProcess],
    execute: Execute,
    stop: StopRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its process could not deliver it; else another worker would execute the run again."""
    process.outcomes.append(ENDED)
    get, errors = store.get, [UnavailableError("down")] * 2
    delivered: list[tuple[str, int]] = []

    def failing(run_id: int | str) -> StoredRun:
        if errors and process.outcomes == []:
            raise errors.pop()
        return get(run_id)

    def deliver(uid: str, observer: MemoryObserver, logger: logging.Logger) -> None:
        assert observer.memory is store.memory
        delivered.append((uid, len(errors)))

    uid = get(1).uid
    monkeypatch.setattr(store, "get", failing)
    monkeypatch.setattr(stop, "wait", lambda seconds: None)
    monkeypatch.setattr(execution, "has_undelivered", lambda each: each == uid)
    monkeypatch.setattr(execution, "deliver_undelivered", deliver)
    assert execute()
    assert delivered == [(uid, 0)]


def test_the_first_run_is_taken_if_none_is_like_the_recorded_one(
    store: MemoryStore, process: type[FakeProcess], execute: Execute
) -> None:
    """The script is executed twice; if it requests no run at all, the run fails."""
    process.outcomes += [WorkOutcome(is_unmatched=True), ENDED]
    assert execute()
    assert process.outcomes == []
    assert stored(store).recorded_status == "QUEUED"


def test_a_script_that_requests_no_run_fails(
    store: MemoryStore, process: type[FakeProcess], execute: Execute
) -> None:
    """The record has the name of the experiment."""
    process.outcomes += [WorkOutcome(is_unmatched=True)] * 2
    assert execute()
    run = stored(store)
    assert run.status == "FAILED"
    assert run.fail_trace == [f"the script requests no run of the experiment {run.name!r}\n"]


@pytest.mark.parametrize(
    ("outcome", "code", "expected"),
    [
        (WorkOutcome(problem=["it is wrong\n"]), 1, "it is wrong\n"),
        (WorkOutcome(), 3, "the process ended with exit code 3 before the run was started\n"),
    ],
)
def test_a_run_that_cannot_be_started_fails(
    store: MemoryStore,
    process: type[FakeProcess],
    execute: Execute,
    outcome: WorkOutcome,
    code: int,
    expected: str,
) -> None:
    """The reason is its traceback."""
    process.outcomes.append(outcome)
    process.code = code
    assert execute()
    run = stored(store)
    assert (run.status, run.fail_trace) == ("FAILED", [expected])


@pytest.mark.parametrize(
    ("outcome", "code", "reason"),
    [
        (WorkOutcome(), -9, "its process was ended by SIGKILL"),
        (WorkOutcome(is_started=True), -11, "its process was ended by SIGSEGV"),
        (WorkOutcome(is_started=True), 0, "its process ended with exit code 0"),
        (WorkOutcome(), -99, "its process was ended by signal 99"),
    ],
)
def test_a_process_that_is_lost_is_counted(
    store: MemoryStore,
    process: type[FakeProcess],
    execute: Execute,
    outcome: WorkOutcome,
    code: int,
    reason: str,
) -> None:
    """The run is queued again; the last time, it fails."""
    process.outcomes += [outcome] * 2
    process.code = code
    assert execute(tries=2)
    claim = stored(store).claim
    assert claim is not None
    assert (claim.worker, claim.lost, claim.reason) == ("", 1, reason)
    assert execute(tries=2)
    run = stored(store)
    assert run.status == "FAILED"
    assert run.fail_trace == [f"the process of the run was lost 2 times; the last time, {reason}\n"]


def test_a_store_that_cannot_be_reached_requeues_the_run(
    store: MemoryStore, process: type[FakeProcess], execute: Execute
) -> None:
    """This is no loss; the worker makes a pause before it claims again."""
    process.outcomes.append(WorkOutcome(problem=["the server is down\n"], is_unavailable=True))
    assert execute() is False
    claim = stored(store).claim
    assert claim is not None
    assert (claim.worker, claim.lost, claim.reason) == ("", 0, "the server is down")


@pytest.mark.parametrize("outcome", [WorkOutcome(is_started=True, is_lost=True), WorkOutcome()])
def test_a_run_of_another_worker_is_left_alone(
    store: MemoryStore, process: type[FakeProcess], stop: StopRequest, outcome: WorkOutcome
) -> None:
    """It was queued again and claimed while its process was suspended."""
    run = store.claim(None, "me", 30.0)
    assert run is not None
    store.requeue(1, "no heartbeat", is_lost=True)
    assert store.claim(None, "other", 30.0) is not None
    process.outcomes.append(outcome)
    process.code = -9
    options = WorkerOptions(location="memory")
    calls = StoreCalls("memory", stop, LOGGER)
    assert Execution(store, run, options, calls, stop, LOGGER).execute()
    claim = stored(store).claim
    assert claim is not None
    assert (claim.worker, claim.lost, claim.number) == ("other", 1, 2)


@pytest.mark.parametrize("status", [None, "INTERRUPTED", "FAILED"])
def test_a_signal_ends_the_process_and_requeues_the_run(
    store: MemoryStore,
    process: type[FakeProcess],
    execute: Execute,
    stop: StopRequest,
    status: str | None,
) -> None:
    """Whatever the run makes of SIGTERM: it is not its end, and no loss."""
    process.outcomes.append(WorkOutcome(is_started=True, status=status))
    process.waits = True
    stop.request(signal.SIGTERM)
    assert execute()
    assert process.calls == ["terminate"]
    claim = stored(store).claim
    assert claim is not None
    assert (claim.worker, claim.lost) == ("", 0)
    assert claim.reason == "worker me was stopped by SIGTERM"


def test_a_run_that_completes_after_a_signal_is_not_requeued(
    store: MemoryStore, process: type[FakeProcess], execute: Execute, stop: StopRequest
) -> None:
    """It was at its end."""
    process.outcomes.append(ENDED)
    process.waits = True
    stop.request(signal.SIGTERM)
    assert execute()
    claim = stored(store).claim
    assert claim is not None
    assert claim.worker == "me"


@pytest.mark.parametrize("is_urgent", [False, True])
def test_a_process_that_ignores_the_signal_is_killed(
    store: MemoryStore,
    process: type[FakeProcess],
    execute: Execute,
    stop: StopRequest,
    is_urgent: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """That is after the deadline, or at the second signal."""
    caplog.set_level(logging.INFO)
    process.waits = process.ignores = True
    process.code = -9
    stop.request(signal.SIGTERM)
    if is_urgent:
        stop.request(signal.SIGINT)
    assert execute(deadline=1000.0 if is_urgent else 0.01)
    assert process.calls == ["terminate", "kill"]
    assert caplog.messages[0].startswith("Run 1: asked to end by SIGTERM; its process has ")
    claim = stored(store).claim
    assert claim is not None
    assert (claim.worker, claim.lost) == ("", 0)


def test_the_claim_is_renewed_until_the_run_has_started(
    store: MemoryStore,
    process: type[FakeProcess],
    execute: Execute,
    stop: StopRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An outage does not end the renewals."""
    process.waits = True
    process.outcomes.append(ENDED)
    answers = [True, UnavailableError("down"), True, False]
    renewed: list[object] = []

    def renew(run_id: object, claim: object) -> bool:
        renewed.append(run_id)
        answer = answers.pop(0)
        if not answers:
            stop.request(signal.SIGTERM)
        if isinstance(answer, Exception):
            raise answer
        return bool(answer)

    monkeypatch.setattr(store, "renew", renew)
    assert execute(lease=0.03)
    assert renewed == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "error", [MissingValuesError("set these: api_key"), RerunError("no main file")]
)
def test_a_record_that_cannot_be_started_fails(
    store: MemoryStore,
    process: type[FakeProcess],
    execute: Execute,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    """No process is started."""

    def make_plan(*args: object) -> None:
        raise error

    monkeypatch.setattr(execution, "make_plan", make_plan)
    assert execute()
    assert stored(store).fail_trace == [f"{error}\n"]


def test_a_folder_that_is_missing_requeues_the_run(
    store: MemoryStore,
    process: type[FakeProcess],
    execute: Execute,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """This worker cannot execute it, but another one can."""

    def make_plan(*args: object) -> None:
        raise NotExecutableError("it is elsewhere")

    monkeypatch.setattr(execution, "make_plan", make_plan)
    with pytest.raises(NotExecutableError):
        execute()
    claim = stored(store).claim
    assert claim is not None
    assert (claim.worker, claim.lost, claim.reason) == ("", 0, "it is elsewhere")


@pytest.mark.parametrize("tries", [1, 3])
def test_a_run_that_is_deleted_meanwhile_is_left(
    store: MemoryStore,
    process: type[FakeProcess],
    execute: Execute,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tries: int,
) -> None:
    """The worker goes on; also if another process changes the run in the same moment."""

    def refuse(*args: object, **options: object) -> bool:
        raise RunRemovedError("run '1' was deleted")

    monkeypatch.setattr(store, "requeue", refuse)
    monkeypatch.setattr(store, "fail", refuse)
    process.code = -9
    assert execute(tries=tries)
    assert caplog.messages[-1] == "Run 1: another worker has taken it over"
