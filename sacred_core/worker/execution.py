"""Executes one run that a worker has claimed, and puts it back if its process is lost."""

import logging
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sacred_core.exceptions import SacredError
from sacred_core.masking import mask_text
from sacred_core.observers.retry_policy import OUTAGES
from sacred_core.plurals import counted
from sacred_core.resume.leftovers import deliver_undelivered, has_undelivered
from sacred_core.serialization import message_of
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_store import find_stored
from sacred_core.worker.losses import change_run, lose_run
from sacred_core.worker.options import WorkerOptions
from sacred_core.worker.persistence import StoreCalls
from sacred_core.worker.processes import RunProcess, end_text
from sacred_core.worker.stopping import StopRequest
from sacred_core.worker.work_plan import NotExecutableError, WorkOutcome, WorkPlan, make_plan

#: Seconds that a worker waits for a signal of its own after one has ended the process of its run:
#: Slurm sends it to all processes of a job.
_SIGNAL_GRACE = 1.0
#: The exit code of a process that SIGTERM ended while its run was recorded.
_TERMINATED = 128 + signal.SIGTERM


class Execution:
    """One run that a worker has claimed.

    Args:
        store: The queue.
        run: The run.
        options: Of the worker.
        calls: Repeats calls of the store.
        stop: Whether the worker was asked to end.
        logger: Of the worker.
    """

    def __init__(
        self,
        store: Any,
        run: StoredRun,
        options: WorkerOptions,
        calls: StoreCalls,
        stop: StopRequest,
        logger: logging.Logger,
    ) -> None:
        self._store = store
        self._run = run
        self._options = options
        self._calls = calls
        self._stop = stop
        self._logger = logger
        self._deadline: float | None = None
        self._name = f"Run {run.id}"

    def execute(self) -> bool:
        """Execute the run, and put it back or end it if its process does not do so.

        Returns:
            False if a store could not be reached, so that the run was put back.

        Raises:
            NotExecutableError: its folder is not on this machine; it was put back.
            StoppedError: the worker was asked to end, and the store cannot be reached.
        """
        with tempfile.TemporaryDirectory(prefix="sacred-worker-") as private:
            try:
                folder = self._new_folder() if self._options.from_store else None
                plan = self._calls.persist(lambda: self._make_plan(folder), self._has_time)
            except NotExecutableError as error:
                self._requeue(message_of(error))
                raise
            except OUTAGES:
                raise
            except SacredError as error:
                self._fail([mask_text(message_of(error)) + "\n"])
                return True
            plan.outcome = str(Path(private, "outcome.json"))
            outcome, code = self._run_process(plan, Path(private))
        is_reached = self._conclude(outcome, code)
        if folder is not None:
            self._remove_folder(folder, outcome)
        return is_reached

    def _make_plan(self, folder: Path | None) -> WorkPlan:
        if folder is not None:
            shutil.rmtree(folder)
            folder.mkdir(mode=0o700)
        return make_plan(self._store, self._options.location, self._run, folder)

    @staticmethod
    def _new_folder() -> Path:
        return Path(tempfile.mkdtemp(prefix="sacred-run-")).resolve()

    def _remove_folder(self, folder: Path, outcome: WorkOutcome) -> None:
        """Remove the temporary folder of stored sources, unless the run has failed."""
        if outcome.status == "FAILED":
            self._logger.info("%s has failed; its files remain in %s", self._name, folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)

    def _run_process(self, plan: WorkPlan, private: Path) -> tuple[WorkOutcome, int]:
        """Return what the process of a plan reports, and its exit code.

        If no run of the script is like the recorded one, the script is executed once more, and its
        first run is taken.
        """
        outcome, code = WorkOutcome(), 0
        for takes_first in (False, True):
            plan.takes_first = takes_first
            path = private / "plan.json"
            plan.write(path)
            process = RunProcess(path, self._stop.wake)
            self._stop.when_urgent = process.kill
            self._wait_for(process, Path(plan.outcome))
            self._stop.when_urgent = lambda: None
            path.unlink(missing_ok=True)
            outcome, code = WorkOutcome.read(Path(plan.outcome)), process.code
            if not outcome.is_unmatched:
                break
        return outcome, code

    def _wait_for(self, process: RunProcess, outcome: Path) -> None:
        """Wait for the end of a process; renew the claim until its run has started."""
        interval = self._run.claim.interval if self._run.claim else self._options.lease
        due: float | None = time.monotonic() + interval
        is_asked = False
        while not process.has_ended:
            if self._stop.signum is not None and not is_asked:
                is_asked = True
                self._deadline = time.monotonic() + self._options.deadline
                self._logger.info(
                    "%s: asked to end by %s; its process has %s to end", self._name,
                    self._stop.name, counted(round(self._options.deadline), "second"),
                )  # fmt: skip
                process.terminate()
            if self._is_late(is_asked):
                process.kill()
            if due is not None and time.monotonic() >= due:
                due = self._renew(outcome, interval)
            times = [each for each in (due, self._deadline if is_asked else None) if each]
            pause = min(times) - time.monotonic() if times else None
            self._stop.wait(None if pause is None else max(pause, 0.01))

    def _is_late(self, is_asked: bool) -> bool:
        is_over = self._deadline is not None and time.monotonic() >= self._deadline
        return is_asked and (is_over or self._stop.is_urgent)

    def _renew(self, outcome: Path, interval: float) -> float | None:
        """Renew the claim, and return when to do it next; None if the run has started."""
        if WorkOutcome.read(outcome).is_started or self._run.claim is None:
            return None
        try:
            if not self._store.renew(self._run.id, self._run.claim):
                return None
        except OUTAGES as error:
            self._logger.warning("%s: its claim was not renewed: %s", self._name, message_of(error))
        return time.monotonic() + interval

    def _conclude(self, outcome: WorkOutcome, code: int) -> bool:
        """Put the run back, or end it, if its process has not ended it."""
        if outcome.status == "INTERRUPTED" and code == _TERMINATED:
            self._await_signal()
        if self._stop.signum is not None and outcome.status != "COMPLETED":
            worker = self._run.claim.worker if self._run.claim else ""
            self._requeue(f"worker {worker} was stopped by {self._stop.name}")
            return True
        if outcome.status is not None:
            self._deliver_rest()
            self._logger.info("%s: %s", self._name, outcome.status)
        elif outcome.is_lost:
            self._logger.warning("%s was taken over by another worker", self._name)
        elif outcome.is_unavailable:
            self._requeue("".join(outcome.problem or ()).strip())
            return False
        elif outcome.problem is not None:
            self._fail(outcome.problem)
        elif outcome.is_unmatched:
            self._fail([f"the script requests no run of the experiment {self._run.name!r}\n"])
        elif code < 0 or outcome.is_started:
            self._lose(f"its process {end_text(code)}")
        else:
            self._fail([f"the process {end_text(code)} before the run was started\n"])
        return True

    def _deliver_rest(self) -> None:
        """Deliver the end of a run whose process could not reach the store."""
        uid = self._run.uid
        if not has_undelivered(uid):
            return
        self._logger.warning("%s has ended, but not all of it is stored yet", self._name)
        run_id = self._run.id
        # This waits for the store.
        self._calls.persist(lambda: find_stored(self._store, run_id), self._has_time)
        deliver_undelivered(uid, self._store.new_observer(), self._logger)

    def _await_signal(self) -> None:
        """Wait for a signal that was sent to the process of the run and to this one."""
        end = time.monotonic() + _SIGNAL_GRACE
        while self._stop.signum is None and time.monotonic() < end:
            self._stop.wait(max(0.0, end - time.monotonic()))

    def _lose(self, reason: str) -> None:
        run = self._own_run()
        if run is not None:
            tries = self._options.tries
            done = self._calls.persist(
                lambda: lose_run(self._store, run, tries, reason), self._has_time
            )
            self._logger.warning("%s: %s", self._name, done or "another worker has taken it over")

    def _requeue(self, reason: str) -> None:
        """Put the run back into the queue, unless this worker has lost it."""
        run = self._own_run()
        if run is not None and self._change(
            lambda: self._store.requeue(run.id, reason, expected=run)
        ):
            self._logger.info("%s is queued again: %s", self._name, reason)

    def _fail(self, trace: list[str]) -> None:
        """End the run as failed, unless this worker has lost it."""
        run = self._own_run()
        if run is not None and self._change(lambda: self._store.fail(run.id, trace, expected=run)):
            self._logger.error("%s could not be executed: %s", self._name, "".join(trace).strip())

    def _own_run(self) -> StoredRun | None:
        """Return the run as it is stored now; None if another worker has taken it, or it ended."""
        run = self._calls.persist(lambda: find_stored(self._store, self._run.id), self._has_time)
        claim = self._run.claim
        if run is None or run.claim is None or claim is None or run.claim.token != claim.token:
            self._logger.warning("%s was taken over by another worker, or deleted", self._name)
            return None
        if run.recorded_status == "COMPLETED":
            self._logger.info("%s: COMPLETED", self._name)
            return None
        return run

    def _change(self, call: Callable[[], bool]) -> bool:
        return self._calls.persist(lambda: change_run(call), self._has_time)

    def _has_time(self) -> bool:
        """Return whether the store may be called again: until the deadline after a signal."""
        if self._stop.signum is None:
            return True
        if self._deadline is None:
            self._deadline = time.monotonic() + self._options.deadline
        return not self._stop.is_urgent and time.monotonic() < self._deadline
