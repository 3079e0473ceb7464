"""The process of a rerun: executes the stored script, and takes the run that it requests."""

import _thread
import functools
import os
import signal
import sys
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from sacred_core import context
from sacred_core.config import files
from sacred_core.config.request import Request
from sacred_core.environment import RUN_VARIABLE
from sacred_core.exceptions import (
    ConfigError,
    ConfigFileNotFoundError,
    SacredError,
    StoreError,
)
from sacred_core.masking import mask_text
from sacred_core.rerun.main_module import execute_main, find_experiment, import_paths
from sacred_core.rerun.plan import Plan, write_outcome
from sacred_core.rerun.records import MissingValuesError, Outcome
from sacred_core.rerun.sacred_modules import provide_sacred
from sacred_core.rerun.taking import RunTaker
from sacred_core.rerun.values import Tolerance
from sacred_core.rerun.verdict import VerdictObserver
from sacred_core.run.conclusion import is_sentence, trace_lines
from sacred_core.script_cli.protocol import INTERRUPTED
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
    if plan.is_of_sacred:
        provide_sacred()
    child = _Child(plan, observers, report)
    context.run_creator = child.taker.create
    files.load_config_file = child.load_config_file
    os.environ.pop(RUN_VARIABLE, None)  # the rerun is not a part of the run that starts it
    os.chdir(plan.working_dir)
    sys.argv = [plan.main, *_words(plan)]
    sys.path[:] = import_paths(plan)
    return child.execute()


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


class _Child:
    def __init__(self, plan: Plan, observers: list[Any], report: Callable[[Outcome], None]) -> None:
        self._plan = plan
        self._report = report
        self._lost: set[str] = set()
        self._load = files.load_config_file
        self._is_stopping = False
        tolerance = Tolerance(rtol=plan.rtol, atol=plan.atol)
        stop = self._stop if plan.stops else None
        self.verdict = VerdictObserver(plan.expected, tolerance, report, stop, self._locations)
        mark = Path(plan.outcome).with_suffix(".taken")
        self.taker = RunTaker(plan, observers, self.verdict, mark, self._lost)

    def load_config_file(self, filename: Any) -> Any:
        """Load a configuration file; of one that is missing, the recorded entries are used."""
        try:
            return self._load(filename)
        except ConfigFileNotFoundError:
            name = Path(filename).name
            self._lost.add(name)
            self.verdict.note(
                f"the configuration file {name!r} is missing: its recorded entries are used"
            )
            return {}

    def execute(self) -> int:
        """Execute the script, then the experiment that it defines if it ran none."""
        if self._plan.stops:
            signal.signal(signal.SIGINT, self._interrupted)
        try:
            namespace = execute_main(Path(self._plan.main), self._plan.module)
            if not self.taker.is_taken and not self.taker.has_skipped:
                experiment = find_experiment(namespace, self._plan)
                experiment.new_run(Request(command=self._plan.command, options={"--help": False}))()
        except SystemExit:
            if self.taker.problem is not None:
                self._report_problem(self.taker.problem)
            if not self._has_no_match():
                raise
        except KeyboardInterrupt:
            return INTERRUPTED
        except BaseException as error:  # noqa: BLE001 - of the script
            if not self._has_no_match():
                return self._fail(error)
        if self._has_no_match():
            self._report(Outcome(is_unmatched=True))
        return 0

    def _has_no_match(self) -> bool:
        return self.taker.has_skipped and not self.taker.is_taken

    def _fail(self, error: BaseException) -> int:
        if not is_sentence(error):  # the verdict has the sentence
            sys.stderr.write(mask_text("".join(trace_lines(error))))
        return self._report_problem(error)

    def _report_problem(self, error: BaseException) -> int:
        is_usage = isinstance(error, (ConfigError, MissingValuesError))
        return _fail(self._report, self.verdict.outcome, error, is_usage)

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


def _words(plan: Plan) -> list[str]:
    """Return the words of the recorded command line, without options."""
    command, updates = plan.options.get("COMMAND"), plan.options.get("UPDATE")
    words = [command] if isinstance(command, str) else []
    return [*words, "with", *map(str, updates)] if isinstance(updates, list) and updates else words


def _fail(
    report: Callable[[Outcome], None], outcome: Outcome, error: BaseException, is_usage: bool
) -> int:
    text = str(error) if isinstance(error, SacredError) else reason_of(error)
    report(attrs.evolve(outcome, problem=mask_text(text), is_usage=is_usage))
    return 1
