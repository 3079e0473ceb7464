"""Takes one of the runs that a script requests: the one with the configuration of a record."""

import contextlib
import os
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

from sacred_core.config.entries import plain_copy
from sacred_core.config.request import Request
from sacred_core.config.tree import find_named, nodes_of
from sacred_core.exceptions import ConfigError
from sacred_core.hooks.options import offered_options
from sacred_core.masking import MASK, mask_value
from sacred_core.rerun.configuration import ConfigDifferences, missing_text
from sacred_core.rerun.records import MissingValuesError
from sacred_core.rerun.script_plan import ScriptPlan
from sacred_core.rerun.values import Tolerance
from sacred_core.run.coroutines import is_coroutine
from sacred_core.run.creation import new_run
from sacred_core.run.run import Run
from sacred_core.script_cli.running import exit_codes
from sacred_core.serialization import plain

R = TypeVar("R", bound=Run)
#: Options of the recorded call that are about its record, or about the terminal.
RECORD_OPTIONS = frozenset(
    ("--help", "--id", "--queue", "--priority", "--pdb", "--unobserved", "--spool", "--resume",
     "--fork")
)  # fmt: skip


class RunEnd(SystemExit):
    """The run has ended: nothing else of the script is executed."""


class TakenRun(Run):
    """A run after which the process ends."""

    taker: "RunTaker"

    def __call__(self, *args: Any) -> Any:
        """Run, and end the process."""
        with exit_codes(self), self.taker.ending(self):
            outcome = super().__call__(*args)
            if is_coroutine(outcome):
                return self._await_end(outcome)
        raise RunEnd(0)

    async def _await_end(self, outcome: Awaitable[Any]) -> Any:
        with exit_codes(self), self.taker.ending(self):
            await outcome
        raise RunEnd(0)


class SkippedRun(Run):
    """A run that is not started."""

    def __call__(self, *args: Any) -> Any:
        """Do nothing."""
        return None


class RunTaker:
    """Creates the runs that a script requests: one of them is taken.

    It is the first one that is requested as the recorded run was, with the same command, updates
    and named configurations, or that is started by the command line of the script. Runs before it
    are not started; those of other experiments, and runs inside it, are executed and not recorded.
    After it no run is started: the process ends.

    Args:
        plan: The script, and the configuration of the run.
        lost: Base names of configuration files that are missing.

    Attributes:
        run: The run that was taken, None before it is created.
        problem: Why it could not be created, or None.
        is_taken: A run was taken in this process.
        has_skipped: A run of the experiment was not started.
    """

    def __init__(self, plan: ScriptPlan, lost: set[str]) -> None:
        self._plan = plan
        # It exists once a run is taken, also by a forked process.
        self._mark = Path(plan.outcome).with_suffix(".taken")
        self._lost = lost
        self._has_ended = False
        self.run: Run | None = None
        self.problem: BaseException | None = None
        self.is_taken = False
        self.has_skipped = False

    def create(self, ex: Any, request: Request) -> Run:
        """Return the run for a request; see the class.

        Raises:
            RunEnd: the run that was taken has ended.
            SacredError: the run cannot be created.
        """
        if self._has_ended:
            raise RunEnd(0)
        if self.is_taken:
            return self.with_inner_observers(new_run(ex, request))
        if not self._is_meant(ex):
            return without_observers(new_run(ex, request))
        if not self._plan.takes_first and not self._is_alike(ex, request):
            self.has_skipped = True
            return become(SkippedRun, new_run(ex, request))
        self._take()
        try:
            self.run = self._new_run(ex, request)
        except BaseException as error:  # the script may turn it into an exit code
            self.problem = error
            raise
        return self.run

    @contextlib.contextmanager
    def ending(self, run: Run) -> Iterator[None]:
        """Note that the run has ended, unless it is still to be awaited."""
        try:
            yield
        except BaseException:
            self._has_ended = True
            raise
        self._has_ended = run.stop_time is not None

    def prepare(self, run: Run) -> None:
        """Set what the run does not have from its script, such as observers.

        Raises:
            SacredError: the run cannot be started.
        """

    def with_inner_observers(self, run: Run) -> Run:
        """Return a run that the script starts inside the one that was taken, with its observers."""
        return run

    def first_updates(self, lost: list[str]) -> dict[str, Any]:
        """Return what is fixed at first, by dotted path; `differences` follow.

        Args:
            lost: Origins that do not exist any more.
        """
        return self._plan.config.first_updates(lost)

    def differences(self, run: Run) -> ConfigDifferences:
        """Return where the configuration of a run is not as recorded."""
        return self._plan.config.differences(run.config)

    def dropped_options(self) -> frozenset[str]:
        """Return options of the recorded call that are not used again."""
        return RECORD_OPTIONS

    def missing_text(self, paths: list[str]) -> str:
        """Return the message for masked entries that the script does not set."""
        return missing_text(paths)

    def note(self, text: str) -> None:
        """Report a fact that the user should know."""

    def note_config(self, left: list[str], added: list[str]) -> None:
        """Report entries of the configuration that are not as recorded.

        Args:
            left: Entries whose recorded form is not their value.
            added: Entries that the record does not have.
        """

    def _is_meant(self, ex: Any) -> bool:
        """Return whether an experiment is the recorded one, which may have been renamed."""
        return bool(self._plan.options.get("--name")) or ex.path == self._plan.name

    def _is_alike(self, ex: Any, request: Request) -> bool:
        if "--help" in request.options:  # a command line has all options
            return True
        updates = mask_value(plain(plain_copy(request.updates)))[0]
        return (
            (request.command or ex.default_command) == self._plan.command
            and list(request.named_configs) == self._plan.config.named_configs
            and Tolerance().accepts(self._plan.updates, updates)
        )

    def _take(self) -> None:
        try:
            os.close(os.open(self._mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:  # another process of the script took it
            raise RunEnd(0) from None
        self.is_taken = True

    def _new_run(self, ex: Any, request: Request) -> Run:
        """Return the run with the recorded configuration; objects remain those of the script."""
        plan = self._plan
        named = [name for name in plan.config.named_configs if self._exists(name, ex)]
        gone = (f"named config {name}" for name in plan.config.named_configs if name not in named)
        updates = self.first_updates([*gone, *(f"file {name}" for name in self._lost)])
        options = {**self._options(ex), "--force": True}
        try:
            run = new_run(ex, self._request(request, updates, named, options))
        except ConfigError:  # what set a required entry may be gone
            updates = plan.config.differences({}).fixed
            run = new_run(ex, self._request(request, updates, named, options))
        found = self.differences(run)
        hooks, ex.option_hooks = ex.option_hooks, []  # they were called
        try:
            for _ in range(3):  # what a scope draws at random is fixed when it differs
                if not found.fixed:
                    break
                updates.update(found.fixed)
                run = new_run(ex, self._request(request, updates, named, run.options))
                found = self.differences(run)
        finally:
            ex.option_hooks = hooks
        missing = plan.config.missing_from(run.config)
        if missing:
            raise MissingValuesError(self.missing_text(missing))
        self.note_config([*found.left, *found.fixed], found.added)
        taken = become(TakenRun, run)
        taken.taker = self
        taken.queue_only = taken.unobserved = False
        taken.force = bool(plan.options.get("--force"))
        if plan.repositories is not None:
            taken.experiment_info["repositories"] = plan.repositories
        self.prepare(taken)
        return taken

    def _request(
        self, request: Request, updates: dict[str, Any], named: list[str], options: dict[str, Any]
    ) -> Request:
        plan = self._plan
        flags = {key: value for key, value in options.items() if key.startswith("-")}
        return Request(
            command=plan.command,
            updates=updates,
            named_configs=named,
            info=request.info,
            meta_info={**request.meta_info, **plan.meta},
            options=flags,
        )

    def _options(self, ex: Any) -> dict[str, Any]:
        """Return the recorded options that the script still offers and that make sense again."""
        offered = {option.name for option in offered_options(ex.additional_cli_options)}
        given = {
            name: value
            for name, value in self._plan.options.items()
            if name.startswith("-") and value not in (None, False, [])
        }
        usable = given.keys() - self.dropped_options()
        lost = sorted(name for name in usable if name not in offered or given[name] == MASK)
        for name in lost:
            self.note(f"the option {name} of the recorded run cannot be used again")
        return {name: given[name] for name in given if name in usable and name not in lost}

    def _exists(self, name: str, ex: Any) -> bool:
        """Return whether a named configuration, or its file, exists."""
        try:
            find_named(name, nodes_of(ex))
        except ConfigError:
            return False
        return Path(name).name not in self._lost


def without_observers(run: Run) -> Run:
    """Return a run that is not recorded."""
    run.observers, run.unobserved = [], True
    return run


def become(kind: type[R], run: Run) -> R:
    """Return a run as one of another class."""
    run.__class__ = kind
    return cast(R, run)
