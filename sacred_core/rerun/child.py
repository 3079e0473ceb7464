"""The process of a rerun: executes the stored script, and takes the run that it requests."""

import _thread
import functools
import signal
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from sacred_core.exceptions import ConfigError, SacredError, StoreError
from sacred_core.masking import mask_text
from sacred_core.rerun.plan import Plan, write_outcome
from sacred_core.rerun.records import MissingValuesError, Outcome
from sacred_core.rerun.rerun_taking import RerunTaker
from sacred_core.rerun.script_process import ScriptProcess
from sacred_core.rerun.values import Tolerance
from sacred_core.rerun.verdict import VerdictObserver
from sacred_core.serialization import reason_of
from sacred_core.stores import ContinuingStore
from sacred_core.stores.opening import open_target, split_flag


def run_plan(path: Path) -> int:
    """Execute a plan, and return the exit code if the script did not end the process."""
    plan = Plan.read(path)
    report = functools.partial(write_outcome, Path(plan.outcome))
    try:
        observers = list(map(new_observer, plan.observers))
    except SacredError as error:
        return _fail(report, Outcome(), error, is_usage=True)
    return _Child(plan, observers, report).start()


def new_observer(location: str) -> Any:
    """Return the observer for a flag with its argument, or for the location of a store.

    Raises:
        SacredError: it cannot be created, or nothing can be recorded there.
    """
    spec, argument = split_flag(location)
    if spec is not None:
        return spec.create(argument)
    store = open_target(location)
    if not isinstance(store, ContinuingStore):
        raise StoreError(
            f"no run can be recorded in {mask_text(location)!r}: name another store, as with "
            "-F my_runs"
        )
    return store.new_observer()


class _Child(ScriptProcess):
    taker: RerunTaker

    def __init__(self, plan: Plan, observers: list[Any], report: Callable[[Outcome], None]) -> None:
        super().__init__(plan)
        self._report = report
        self._stops = plan.stops
        self._is_stopping = False
        tolerance = Tolerance(rtol=plan.rtol, atol=plan.atol)
        stop = self._stop if plan.stops else None
        self.verdict = VerdictObserver(plan.expected, tolerance, report, stop, self._locations)
        self.taker = RerunTaker(plan, self.lost, observers, self.verdict)

    def execute(self) -> int:
        """Execute the script, so that it can be stopped at the first departure."""
        if self._stops:
            signal.signal(signal.SIGINT, self._interrupted)
        return super().execute()

    def report_problem(self, error: BaseException) -> int:
        """Write the problem to the outcome."""
        is_usage = isinstance(error, (ConfigError, MissingValuesError))
        return _fail(self._report, self.verdict.outcome, error, is_usage)

    def report_unmatched(self) -> None:
        """Write it to the outcome."""
        self._report(Outcome(is_unmatched=True))

    def _locations(self) -> list[list[Any]]:
        lifecycle = self.taker.run.lifecycle if self.taker.run is not None else None
        return [] if lifecycle is None else [list(each) for each in lifecycle.locations()]

    def _stop(self) -> None:
        self._is_stopping = True
        interrupt = _thread.interrupt_main
        if hasattr(signal, "pthread_kill"):  # ends system calls, too
            main = threading.main_thread().ident or 0
            interrupt = functools.partial(signal.pthread_kill, main, signal.SIGINT)
        self.taker.stop(interrupt)

    def _interrupted(self, signum: int, frame: types.FrameType | None) -> None:
        is_over = self.taker.run is None or self.taker.run.status != "RUNNING"
        if not (self._is_stopping and is_over):
            signal.default_int_handler(signum, frame)


def _fail(
    report: Callable[[Outcome], None], outcome: Outcome, error: BaseException, is_usage: bool
) -> int:
    text = str(error) if isinstance(error, SacredError) else reason_of(error)
    report(attrs.evolve(outcome, problem=mask_text(text), is_usage=is_usage))
    return 1
