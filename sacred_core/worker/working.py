"""The work of a worker: it claims runs of a queue, one after the other, and executes them."""

import enum
import os
import platform
import random
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from sacred_core.exceptions import OptionError
from sacred_core.loggers import own_logger
from sacred_core.masking import mask_text
from sacred_core.plurals import counted
from sacred_core.script_cli.protocol import FAILURE
from sacred_core.serialization import message_of
from sacred_core.stores.model import StoredRun
from sacred_core.stores.opening import open_store
from sacred_core.stores.query import Query, all_of, parse
from sacred_core.stores.run_queue import RunQueue
from sacred_core.stores.run_store import ContinuingStore, RunQuery
from sacred_core.stores.worker_claims import MISSED_INTERVALS, is_held, is_waiting
from sacred_core.system_errors import system_error_text
from sacred_core.worker.execution import Execution
from sacred_core.worker.losses import change_run, lose_run
from sacred_core.worker.options import WorkerOptions
from sacred_core.worker.persistence import StoppedError, StoreCalls
from sacred_core.worker.sources import fill_queue
from sacred_core.worker.stopping import StopRequest, stoppable
from sacred_core.worker.watching import RunningClock, Watch
from sacred_core.worker.work_plan import NotExecutableError

#: Seconds before the first new attempt of a worker that has found no run.
_FIRST_PAUSE = 0.2
#: Seconds without a run after which a worker reports that it waits.
_SILENCE = 2
#: How often in an interval a worker notes that it is running.
_TICKS = 10
_FAILED = parse("status in [FAILED, INTERRUPTED]")


class Finding(enum.Enum):
    """What a worker finds that could not claim a run."""

    CLAIMABLE = enum.auto()
    WAITING = enum.auto()
    OPEN = enum.auto()
    NOTHING = enum.auto()


#: Why a worker waits.
_REASONS = {
    Finding.WAITING: "the queued runs cannot be claimed yet",
    Finding.OPEN: "no run is queued, and other workers execute some",
    Finding.NOTHING: "no run is queued",
}

logger = own_logger("sacred_core.worker")


def work(options: WorkerOptions) -> int:
    """Execute the queued runs of a store, until the worker has to end.

    Args:
        options: What to do.

    Returns:
        The exit code: 0; 1 if a run cannot be executed on this machine; 128 plus the number of the
        signal that ended the worker.

    Raises:
        OptionError: the store has no queue.
        QueryError: the condition cannot be parsed.
        StoreError: the store cannot be opened or read.
    """
    store = open_store(options.location)
    if not isinstance(store, RunQueue) or not isinstance(store, ContinuingStore):
        raise OptionError(
            f"{mask_text(options.location)!r} has no queue: name a folder, a database or a bucket "
            "in which runs can be recorded"
        )
    with stoppable() as stop:
        return Worker(store, options, stop).work()


class Worker:
    """Claims and executes runs.

    Args:
        store: The queue.
        options: What to do.
        stop: Whether the worker was asked to end.

    Attributes:
        name: The name under which it claims runs.
    """

    def __init__(self, store: Any, options: WorkerOptions, stop: StopRequest) -> None:
        self.name = options.name or f"{platform.node()}-{os.getpid()}"
        self._store = store
        self._options = options
        self._where: Query | None = parse(options.where) if options.where else None
        self._stop = stop
        self._watch = Watch(RunningClock(options.lease / MISSED_INTERVALS / _TICKS))
        self._place = mask_text(options.location)
        self._calls = StoreCalls(self._place, stop, logger, self._watch.reset)
        self._longest_pause = options.lease / MISSED_INTERVALS
        self._executed = 0
        self._last_run = time.monotonic()
        self._has_reported_waiting = False

    def work(self) -> int:
        """Execute runs until there is a reason to end, and return the exit code."""
        logger.info("Worker %s executes the queued runs of %s", self.name, self._place)
        try:
            reason = self._work()
        except NotExecutableError as error:
            logger.error("Worker %s ends: %s", self.name, message_of(error))
            return FAILURE
        except OSError as error:  # such as a full disk
            logger.error(
                "Worker %s ends: %s. It writes to %s, and to the temporary folder %s",
                self.name, system_error_text(error), self._place, tempfile.gettempdir(),
            )  # fmt: skip
            return FAILURE
        except StoppedError:
            reason = f"stopped by {self._stop.name}"
        executed = counted(self._executed, "run")
        logger.info("Worker %s ends after %s: %s", self.name, executed, reason)
        return self._stop.exit_code

    def _work(self) -> str:
        """Execute runs, and return why no more are executed."""
        pause = first = min(_FIRST_PAUSE, self._longest_pause)
        may_claim = True  # else a claim would list the runs again of which none was waiting
        while self._stop.signum is None:
            if self._executed == self._options.max_runs:
                return "that is the maximum number"
            run = self._calls.persist(self._claim) if may_claim else None
            if run is not None and self._execute(run):
                pause = first
                continue
            found = Finding.WAITING if run else self._calls.persist(self._look_around)
            has_tried, may_claim = may_claim, found in (Finding.CLAIMABLE, Finding.WAITING)
            if found is Finding.CLAIMABLE:
                pause = first
                continue
            if found is Finding.WAITING and not has_tried:
                continue
            reason = self._end_reason(found)
            if reason:
                return reason
            self._report_waiting(found)
            self._stop.wait(self._limited(pause * random.uniform(0.5, 1.0)))
            pause = min(2 * pause, self._longest_pause)
        return f"stopped by {self._stop.name}"

    def _claim(self) -> StoredRun | None:
        run: StoredRun | None = self._store.claim(self._where, self.name, self._options.lease)
        return run

    def _execute(self, run: StoredRun) -> bool:
        """Execute a claimed run; return False if a store could not be reached."""
        number = run.claim.number if run.claim is not None else 1
        again = "" if number == 1 else f", claim {number}"
        logger.info("Run %s: claimed (%s %s%s)", run.id, run.name, run.command, again)
        execution = Execution(self._store, run, self._options, self._calls, self._stop, logger)
        try:
            return execution.execute()
        finally:
            self._executed += 1
            self._watch.note_break()
            self._last_run = time.monotonic()
            self._has_reported_waiting = False

    def _look_around(self) -> Finding:
        """Look for further runs, and for those of dead workers."""
        if fill_queue(self._store, self._where):
            return Finding.CLAIMABLE
        if self._options.retry_failed and self._retry_failed():
            return Finding.CLAIMABLE
        runs = [*self._store.open_runs(self._where)]
        dead = self._watch.observe(filter(is_held, runs))
        # One each: all idle workers see the same dead runs at the same time.
        if any(map(self._lose, random.sample(dead, len(dead)))):
            return Finding.CLAIMABLE
        if any(map(is_waiting, runs)):
            return Finding.WAITING
        return Finding.OPEN if any(map(is_held, runs)) else Finding.NOTHING

    def _lose(self, run: StoredRun) -> bool:
        worker = run.claim.worker if run.claim is not None else ""
        reason = f"worker {worker} and the process of the run sent no heartbeat"
        done = lose_run(self._store, run, self._options.tries, reason)
        if done:
            logger.warning("Run %s: %s", run.id, done)
        return bool(done)

    def _retry_failed(self) -> int:
        """Put failed runs of workers back into the queue, and return their number."""
        tries, number = self._options.tries, 0
        for run in self._list(_FAILED):
            if run.claim is None or run.claim.lost + 1 >= tries:
                continue
            status = run.recorded_status
            reason = f"its status was {status}, and --retry failed was given"
            if change_run(partial(self._requeue, run, reason)):
                logger.info("Run %s is queued again: %s", run.id, reason)
                number += 1
        return number

    def _requeue(self, run: StoredRun, reason: str) -> bool:
        return bool(self._store.requeue(run.id, reason, expected=run, is_lost=True))

    def _list(self, condition: Query) -> Iterator[StoredRun]:
        parts = [condition] if self._where is None else [self._where, condition]
        found: Iterator[StoredRun] = self._store.list(RunQuery(where=all_of(parts)))
        return found

    def _end_reason(self, found: Finding) -> str:
        """Return why the worker ends; empty if it does not."""
        if self._options.until_empty and found is Finding.NOTHING:
            return "no run is queued, and no worker executes one"
        if self._options.idle is not None and self._idle_time >= self._options.idle:
            return f"no run could be claimed for {counted(self._options.idle, 'second')}"
        return ""

    def _report_waiting(self, found: Finding) -> None:
        """Log once that the worker waits, and for what, so that it does not look stuck."""
        if self._has_reported_waiting or self._idle_time < _SILENCE:
            return
        self._has_reported_waiting = True
        logger.info("Worker %s waits: %s (Ctrl-C ends it)", self.name, _REASONS[found])

    @property
    def _idle_time(self) -> float:
        return time.monotonic() - self._last_run

    def _limited(self, pause: float) -> float:
        """Return a pause that ends when the worker does, because it has no runs."""
        if self._options.idle is None:
            return pause
        return max(0.01, min(pause, self._options.idle - self._idle_time))
