"""Tests of workers and runs that are killed, suspended or asked to end, and of wrong clocks."""

import os
import signal
import time
from pathlib import Path

from sacred_core.testing.shifted_clocks import shifted_environ

from .queued_scripts import QueuedScript, wait_until

#: What a script begins with that ignores SIGTERM.
IGNORING = """import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
"""
#: What a script begins with that waits when it is executed for the first time.
HANGING = """import os, time
from pathlib import Path
folder = Path(__file__).parent
number = len([*folder.glob("import?")])
(folder / f"import{number}").write_text(str(os.getpid()))
(folder / f"import{number}.done").touch()
while number == 0 and not (folder / "start").exists():
    time.sleep(0.01)
"""


def kill(pid: int, signum: int = signal.SIGKILL) -> None:
    """Send a signal."""
    os.kill(pid, signum)


def exists(pid: int) -> bool:
    """Return whether a process has not ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or ") Z " not in state.read_text()


def test_sigterm_puts_the_run_back_and_the_next_worker_resumes_it(tmp_path: Path) -> None:
    """The run is the next segment of the same record; its loss is not counted."""
    script = QueuedScript(tmp_path)
    script.queue()
    worker = script.start_worker("--name", "first", "--lease", "30")
    script.wait_for_start()
    worker.send(signal.SIGTERM)
    printed = worker.finish(143)
    run = script.run()
    assert run.status == "QUEUED"
    assert run.claim is not None
    assert run.claim.reason == "worker first was stopped by SIGTERM"
    assert (run.claim.worker, run.claim.lost, run.claim.number) == ("", 0, 1)
    assert "Run 1 is queued again: worker first was stopped by SIGTERM" in printed
    script.go()
    assert script.work() == 0
    assert script.statuses() == ["INTERRUPTED", "COMPLETED"]
    assert script.store.metrics(1)["step"]["values"] == [0, 1]


def test_ctrl_c_reaches_only_the_worker_and_a_second_one_kills_the_run(tmp_path: Path) -> None:
    """The run has a session of its own; it ignores SIGTERM here. The exit code is 130."""
    script = QueuedScript(tmp_path)
    script.queue()
    script.path.write_text(IGNORING + script.path.read_text())
    worker = script.start_worker("--name", "first", "--lease", "30", "--deadline", "1000")
    pid = script.wait_for_start()
    assert os.getsid(pid) == pid
    worker.send(signal.SIGINT)
    time.sleep(0.2)
    assert exists(pid)
    assert worker.process.poll() is None
    worker.send(signal.SIGINT)
    worker.finish(130)
    assert not exists(pid)
    run = script.run()
    assert run.status == "QUEUED"
    assert run.claim is not None
    assert (run.claim.lost, run.claim.reason) == (0, "worker first was stopped by SIGINT")


def test_a_run_that_does_not_end_before_the_deadline_is_killed(tmp_path: Path) -> None:
    """It is queued again all the same."""
    script = QueuedScript(tmp_path)
    script.queue()
    script.path.write_text(IGNORING + script.path.read_text())
    worker = script.start_worker("--deadline", "0.1", "--lease", "30")
    script.wait_for_start()
    worker.send(signal.SIGTERM)
    worker.finish(143)
    run = script.run()
    assert run.status == "QUEUED"
    assert run.claim is not None
    assert run.claim.lost == 0


def test_a_run_that_is_killed_is_resumed_and_at_last_fails(tmp_path: Path) -> None:
    """It is started ``tries`` times; the record has the reason."""
    script = QueuedScript(tmp_path)
    text = script.path.read_text()
    script.path.write_text(text.replace("folder =", "os.kill(os.getpid(), 9); folder ="))
    script.queue()
    assert script.work(tries=2) == 0
    run = script.run()
    assert run.status == "FAILED"
    assert run.fail_trace == [
        "the process of the run was lost 2 times; the last time, its process was ended by SIGKILL\n"
    ]
    assert script.statuses() == ["DEAD", "FAILED"]


def test_a_run_goes_on_without_its_worker(tmp_path: Path) -> None:
    """Another worker waits for it, as it sees its heartbeats, and does not take it."""
    script = QueuedScript(tmp_path)
    script.queue()
    worker = script.start_worker("--name", "first")
    script.wait_for_start()
    worker.send(signal.SIGKILL)
    worker.finish(-signal.SIGKILL)
    other = script.start_worker("--name", "other")
    time.sleep(1.2)  # twice the lease
    assert other.process.poll() is None
    script.go()
    printed = other.finish()
    assert script.statuses() == ["COMPLETED"]
    assert "ends after 0 runs" in printed


def test_a_run_whose_worker_and_process_are_killed_is_taken_over(tmp_path: Path) -> None:
    """Another worker resumes it after the lease."""
    script = QueuedScript(tmp_path)
    script.queue()
    worker = script.start_worker("--name", "first")
    pid = script.wait_for_start()
    worker.send(signal.SIGKILL)
    kill(pid)
    worker.finish(-signal.SIGKILL)
    script.go()
    began = time.monotonic()
    assert script.work(name="other") == 0
    assert time.monotonic() - began < 0.6 * 2 + 3
    assert script.statuses() == ["DEAD", "COMPLETED"]
    run = script.run()
    assert run.claim is not None
    assert (run.claim.worker, run.claim.lost, run.claim.number) == ("other", 1, 2)
    assert "worker first" in run.claim.reason


def test_a_worker_that_is_killed_before_its_run_starts_is_taken_over(tmp_path: Path) -> None:
    """The claim was not renewed, and the process that starts later is refused."""
    script = QueuedScript(tmp_path)
    script.queue()
    script.path.write_text(HANGING + script.path.read_text())
    worker = script.start_worker("--name", "first")
    wait_until((tmp_path / "import0.done").exists)
    pid = int((tmp_path / "import0").read_text())
    worker.send(signal.SIGKILL)
    worker.finish(-signal.SIGKILL)
    script.go()
    assert script.work(name="other") == 0
    assert script.statuses() == ["COMPLETED"]
    (tmp_path / "start").touch()
    wait_until(lambda: not exists(pid))
    assert script.statuses() == ["COMPLETED"]
    run = script.run()
    assert run.claim is not None
    assert (run.claim.worker, run.claim.number) == ("other", 2)


def test_a_process_that_was_suspended_records_nothing_more(tmp_path: Path) -> None:
    """It was taken over meanwhile; its worker reports that, and goes on."""
    script = QueuedScript(tmp_path)
    script.queue()
    worker = script.start_worker("--name", "first")
    pid = script.wait_for_start()
    kill(worker.pid, signal.SIGSTOP)
    kill(pid, signal.SIGSTOP)
    other = script.start_worker("--name", "other")
    script.wait_for_start(segment=1)
    kill(pid, signal.SIGCONT)
    kill(worker.pid, signal.SIGCONT)
    wait_until(lambda: not exists(pid))
    assert script.run().status == "RUNNING"
    script.go()
    printed = worker.finish()
    other.finish()
    assert "Run 1 was taken over by another worker" in printed
    assert script.statuses() == ["DEAD", "COMPLETED"]
    points = script.store.metrics(1, raw=True)["step"]["values"]
    assert points in ([0], [0, 1])  # the first process had sent its point, or not


def test_wrong_clocks_take_no_run_from_a_living_worker(tmp_path: Path) -> None:
    """One worker is 10 minutes early, and another one 10 minutes late, during three leases."""
    script = QueuedScript(tmp_path)
    for _ in range(2):
        script.queue()
    workers = []
    for number, shift in enumerate((600, -600)):
        folder = tmp_path / f"clock{number}"
        folder.mkdir()
        workers.append(script.start_worker(**shifted_environ(folder, shift)))
    for run_id in (1, 2):
        script.wait_for_start(run_id)
    watching = script.start_worker()
    time.sleep(1.8)
    script.go()
    for each in (*workers, watching):
        each.finish()
    starts = []
    for run_id in (1, 2):
        assert script.statuses(run_id) == ["COMPLETED"]
        start = script.run(run_id).start_time
        assert start is not None
        starts.append(start)
    assert 1100 < abs((starts[0] - starts[1]).total_seconds()) < 1300


def test_workers_share_the_runs(tmp_path: Path) -> None:
    """Two workers at the same time execute each run once."""
    script = QueuedScript(tmp_path)
    script.go()
    for _ in range(4):
        script.queue()
    workers = [script.start_worker() for _ in range(2)]
    printed = [each.finish() for each in workers]
    assert [script.statuses(run_id) for run_id in (1, 2, 3, 4)] == [["COMPLETED"]] * 4
    assert sum(text.count(": claimed") for text in printed) == 4
