"""The run of an experiment: what the user's functions see and use while it lasts."""

import contextlib
import logging
import os
import shlex
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sacred_core.config.captured_function import Binding, CapturedFunction
from sacred_core.config.tree import Namespaces, ResolvedConfig
from sacred_core.content_types import guess_content_type
from sacred_core.context import run_of_context, running
from sacred_core.dotted_path import DottedPath
from sacred_core.environment import inherited_address, published_address
from sacred_core.exceptions import (
    ArtifactNameTakenError,
    NoRunError,
    RunStartedTwiceError,
    SacredInterrupt,
    Terminated,
)
from sacred_core.hooks.manager import plugin_manager
from sacred_core.loggers import at_level, default_handler
from sacred_core.randomness import CallGenerators, CallSeeds, derived_seed
from sacred_core.regular_files import FilePath, named_files, open_without_waiting, readable
from sacred_core.run.conclusion import (
    UsersFrames,
    interrupt_status,
    is_successful_exit,
    result_text,
    trace_lines,
)
from sacred_core.run.coroutines import (
    CoroutineRunner,
    await_value,
    is_cancellation,
    must_be_awaited,
    task_canceller,
)
from sacred_core.run.executed import executed_functions
from sacred_core.run.lifecycle import Lifecycle
from sacred_core.run.locations import show_command
from sacred_core.run.output import capture_for
from sacred_core.run.state import RunState
from sacred_core.run.termination import defer_signals, stop_thread, terminable
from sacred_core.serialization import reason_of
from sacred_core.settings import SETTINGS
from sacred_core.stores.annotations import new_note, new_tags

if TYPE_CHECKING:
    from sacred_core.provenance.experiment_info import Code
    from sacred_core.run.resumption import ArtifactCopies, Resumed
    from sacred_core.run.stop_checks import StopChecks

Hook = Callable[..., Any]
#: What ends a run as interrupted. GeneratorExit: its coroutine is closed before its end.
_INTERRUPTS = (KeyboardInterrupt, SacredInterrupt, Terminated, GeneratorExit)


class Run(RunState):
    """One execution of a command. Calling it starts it, once.

    Args:
        config: The final configuration; captured functions get read-only containers.
        config_modifications: Differences from the default configuration.
        main_function: The command.
        observers: The observers that receive the events of this run.
        root_logger: The parent of all loggers of the run.
        run_logger: The logger of the run.
        experiment_info: Name, sources and dependencies of the experiment.
        host_info: Information about the machine.
        pre_run_hooks, post_run_hooks: Called before and after the command.
        captured_out_filter: Applied to the recorded output.
        command: The name of the command, by default that of ``main_function``.
        meta_info: Command, options, comment, and metadata of the caller.
        options: The options of the call by long flag; None or False for those not given.
        info: The content of `info` at the start.
        code: Finds the code that is imported during the run.
        namespaces: The part of the configuration for the functions of each ingredient.
        owner: The experiment of the run.
        unobserved: Run without observers.

    Attributes:
        debug: Do not remove frames from tracebacks.
        pdb: Start a debugger where the command failed.
        force: Unknown entries and suspicious changes are not checked.
        queue_only: The run is queued instead of started.
        capture_mode: How output is recorded: no, sys or fd.
        log_level: Log lines of this level and above are shown while the run lasts.
        shows_origin: Whether print_config shows where each value comes from.
        spool: The folder in which the run is recorded first, of ``--spool``; or None.
        resume: The id of the run to resume, or ``"auto"``, of ``--resume``; or None.
        fork: Start a new run from the one in `resume`, of ``--fork``.
        prepare_resume: What `sacred_core.resume.prepare_resume` returns for `resume`; or None.
        attached_observers: The observers at the start: in `observers`, a copy replaces one that
            another run uses.
        outer: The run in which this run was started, or None.
        lifecycle: The stages of the run; None before it is called.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        config_modifications: Any,
        main_function: Callable[..., Any],
        observers: Sequence[Any],
        root_logger: logging.Logger,
        run_logger: logging.Logger,
        experiment_info: dict[str, Any],
        host_info: dict[str, Any],
        pre_run_hooks: Sequence[Hook],
        post_run_hooks: Sequence[Hook],
        captured_out_filter: Callable[[str], str] | None = None,
        *,
        command: str | None = None,
        meta_info: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        info: Mapping[str, Any] | None = None,
        code: "Code | None" = None,
        namespaces: Namespaces | None = None,
        owner: object = None,
        unobserved: bool = False,
    ) -> None:
        super().__init__(
            config=config,
            command=command or str(getattr(main_function, "__name__", main_function)),
            observers=list(observers),
            run_logger=run_logger,
            experiment_info=experiment_info,
            host_info=host_info,
            meta_info=dict(meta_info or {}),
            info=dict(info or {}),
            code=code,
        )
        self.config_modifications = config_modifications
        self.main_function = main_function
        self.root_logger = root_logger
        self.pre_run_hooks = list(pre_run_hooks)
        self.post_run_hooks = list(post_run_hooks)
        self.captured_out_filter = captured_out_filter
        self.options = dict(options or {})
        self.namespaces = namespaces or Namespaces(ResolvedConfig(config=dict(config)))
        self.owner = owner
        self.unobserved = unobserved
        self.capture_mode: str = SETTINGS.valid("CAPTURE_MODE")
        self.debug = self.pdb = self.force = self.queue_only = self.shows_origin = False
        self.spool: str | None = None
        self.resume: str | None = None
        self.fork = False
        self.prepare_resume: Callable[..., ResolvedConfig] | None = None
        self.log_level: int | None = None
        self.attached_observers: list[Any] = []
        self.outer: Run | None = None
        self.lifecycle: Lifecycle | None = None
        self._bindings: dict[CapturedFunction[..., Any], Binding] = {}
        self._artifacts: dict[str, Path] = {}
        self._copies: ArtifactCopies | None = None
        self._stop_checks: StopChecks | None = None

    @property
    def captured_out(self) -> str:
        """The recorded output so far."""
        return self.output.text()

    def log_scalar(self, metric_name: Any, value: Any, step: int | None = None) -> None:
        """Add a point to the metric ``metric_name``; may be called from any thread.

        Args:
            metric_name: A string; numbers and enums are converted with `str`.
            value: A number. Any other value is stored as plain data, with one warning for each
                metric; queries and summaries skip it.
            step: A number; by default the last step plus one, starting at 0.

        Raises:
            MetricValueError: ``step`` is not a number, or ``metric_name`` is of another type.
            ForkedRunError: the process is a forked child of the run's process, and not attached.
        """
        if self.is_forked:
            self.attached_child("log_scalar").log_scalar(metric_name, value, step)
        else:
            self.metrics.log(metric_name, value, step)

    def log_scalars(self, values: Mapping[Any, Any], step: Any = None) -> None:
        """Add points to several metrics: one point each, or arrays of points.

        Args:
            values: Numbers by metric name, as for `log_scalar`, or one-dimensional arrays of the
                same length: ``{"loss": 0.3, "accuracy": 0.9}``.
            step: A number; for arrays, an array of the same length. By default the steps after
                the last step of all these metrics, starting at 0.

        Raises:
            MetricValueError: see `log_scalar`; or the lengths of the arrays and ``step`` differ.
                Then no point is added.
            ForkedRunError: the process is a forked child of the run's process, and not attached.
        """
        if self.is_forked:
            self.attached_child("log_scalars").log_scalars(values, step)
        else:
            self.metrics.log_many(values, step)

    def add_artifact(
        self,
        filename: FilePath,
        name: str | None = None,
        metadata: dict[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Record a file that this run produced. Adding the same file again updates it.

        Args:
            filename: An existing, readable file; of a folder, all files are recorded.
            name: The name of the artifact, by default the file name; it can contain folders
                (``"plots/loss.png"``).
            metadata: Stored with the artifact, if the store supports it.
            content_type: The media type, by default according to the name; stored if the store
                supports it.

        Raises:
            OSError: the file cannot be read.
            ArtifactNameTakenError: another file was added under this name.
        """
        if self.is_forked:
            child = self.attached_child("add_artifact")
            child.add_artifact(filename, name, metadata, content_type)
            return
        lifecycle = self._live("add_artifact")
        files = named_files(filename, name)
        for each, path in files:
            if self._artifacts.get(each, path) != path:
                raise ArtifactNameTakenError(
                    f"the artifact name {each!r} is already used by "
                    f"{str(self._artifacts[each])!r}: choose another name for {str(path)!r} with "
                    "add_artifact(..., name=...)"
                )
        for each, path in files:
            self._artifacts[each] = path
            kind = content_type or guess_content_type(each) or guess_content_type(path.name)
            lifecycle.artifact(name=each, filename=str(path), metadata=metadata, content_type=kind)

    @property
    def resumed(self) -> "Resumed | None":
        """What earlier processes recorded of this run, if it was resumed; else None."""
        return None if self.resumption is None else self.resumption.resumed

    def artifact_path(self, name: str) -> Path:
        """Return the path of a copy of an artifact, such as a checkpoint; it exists until the end.

        The artifact is the last one of this name in this run, whichever process added it. In a run
        that was started with ``--fork``, artifacts of the other run can be read too.

        Raises:
            ArtifactNotFoundError: there is none with this name.
            StoreError: the store cannot be read.
        """
        self._live("artifact_path")
        if self._copies is None:
            from sacred_core.run.resumption import ArtifactCopies

            self._copies = ArtifactCopies(self.resumption)
        return self._copies.path_of(name, self._artifacts)

    def add_resource(self, filename: FilePath) -> None:
        """Record a file that this run reads.

        Raises:
            OSError: the file cannot be read.
        """
        self._live("add_resource").resource(str(readable(filename)))

    def open_resource(self, filename: FilePath, mode: str = "r") -> IO[Any]:
        """Record a file that this run reads, and open it; see `add_resource`."""
        self.add_resource(filename)
        return open(os.fsdecode(filename), mode, opener=open_without_waiting)

    def tag(self, *tags: str, remove: bool = False) -> None:
        """Add tags to this run in all its stores.

        Args:
            tags: Strings like ``"baseline"``; find the run with ``--where "tags has baseline"``.
            remove: Remove the tags, also those that users added.

        Raises:
            AnnotationError: a tag is not a string, is empty or has control characters.
        """
        lifecycle = self._live("tag")
        annotation = new_tags(tags, remove)
        if tags:
            lifecycle.annotate(annotation)

    def note(self, text: str) -> None:
        """Add a note to this run in all its stores.

        Args:
            text: The note; it can have several lines.

        Raises:
            AnnotationError: the note is not a string, or is empty.
        """
        self._live("note").annotate(new_note(text))

    def should_stop(self) -> bool:
        """Return whether this run should end early; call it at the end of each epoch.

        Plugins decide, such as the pruner of a sampled sweep; without one it costs nothing. It may
        be called often: between two calls of the checks, which may read a store, it returns False.
        After it has returned True it always does, and ``info["stopped_early"]`` has the name of
        the check. It never raises because of a check. With several ranks, rank 0 calls it and
        broadcasts the answer.

        Raises:
            NoRunError: the run is not running, or this process is another rank than 0.
            ForkedRunError: the process is a forked child of the run's process.
        """
        self._live("should_stop")
        if self.is_part:
            raise NoRunError(
                f"should_stop cannot be used in {self.writer}: call it in rank 0, and broadcast "
                "its answer to the other ranks, so that all end after the same step"
            )
        checks = plugin_manager().stop_checks
        if self._stop_checks is None and checks:
            from sacred_core.run.stop_checks import StopChecks

            self._stop_checks = StopChecks(self, checks)
        return self._stop_checks is not None and self._stop_checks.decide()

    def warn_if_unobserved(self) -> None:
        """Warn that nothing is recorded, unless that was requested."""
        if not self.observers and not self.unobserved:
            flags = {flag for spec in plugin_manager().observers for flag in spec.flags}
            install = "" if "-F" in flags else " (install it with: pip install sacred-file)"
            self.run_logger.warning(
                "No observers have been added to this run: nothing is recorded. "
                f"Use -F my_runs to store it in a folder{install}"
            )

    def bind(self, captured: CapturedFunction[..., Any]) -> Binding:
        """Return the `Binding` of ``captured`` for this run; the same object each time."""
        binding = self._bindings.get(captured)
        if binding is None:
            binding = self._bindings.setdefault(captured, self._new_binding(captured))
        return binding

    def executed_functions(self) -> list[list[Any]]:
        """Return the captured functions that were called, as a `Heartbeat` has them."""
        return executed_functions(self._bindings.copy(), self.namespaces, self.code)

    def __call__(self, *args: Any) -> Any:
        """Start this run: call the command with ``args`` and return its result.

        Asynchronous commands and hooks run in a new event loop. If a loop is running in this
        thread, a coroutine is returned, which starts the run when it is awaited.

        Exceptions of the command are recorded and re-raised.
        """
        if self.lifecycle is not None:
            raise RunStartedTwiceError("a run can be started only once: create a new one")
        if self.unobserved:
            self.observers = []
        self.attached_observers = self.observers
        self._note_parent()
        with default_handler(self.root_logger), at_level(self.root_logger, self.log_level):
            lifecycle = self.lifecycle = Lifecycle(self)
            steps = (*self.pre_run_hooks, self.main_function, *self.post_run_hooks)
            lifecycle.stop_code = partial(stop_thread, threading.get_ident())
            if must_be_awaited(steps):
                return self._run_in_loop(lifecycle, args)
            if self.queue_only:
                self._queue(lifecycle)
                return None
            with UsersFrames(self.debug), self._surroundings(), _EndRecorder(self, lifecycle):
                self._start(lifecycle)
                self._execute(args)
        return self.result

    def __await__(self) -> Generator[Any, None, "Run"]:
        """Return this run, so that ``await ex.run(...)`` is right for every command."""
        return self
        yield  # a generator function, as `await` wants it

    async def _run_in_loop(self, lifecycle: Lifecycle, args: tuple[Any, ...]) -> Any:
        """Do what calling does in the loop that is running; cancelling it interrupts the run."""
        if self.queue_only:
            with default_handler(self.root_logger):
                self._queue(lifecycle)
            return None
        lifecycle.stop_code = task_canceller()
        with UsersFrames(self.debug), self._surroundings(), _EndRecorder(self, lifecycle):
            self._start(lifecycle)
            await self._execute_in_loop(args)
        return self.result

    @contextlib.contextmanager
    def _surroundings(self) -> Iterator[None]:
        self.outer = run_of_context()
        with (
            running(self),
            terminable(),
            default_handler(self.root_logger),
            at_level(self.root_logger, self.log_level),
        ):
            yield

    def _note_parent(self) -> None:
        """Record the run in which this one is started: of this process, or of one before it."""
        outer = run_of_context()
        address = inherited_address() if outer is None else published_address(outer)
        if address is not None and address.uid:
            self.meta_info.setdefault("parent", address.uid)

    def _new_binding(self, captured: CapturedFunction[..., Any]) -> Binding:
        name = captured.function.__name__
        path = self.namespaces.path_of(captured.owner)
        seeds = CallSeeds(path, name)
        return Binding(
            captured,
            self,
            path,
            self.namespaces.config_of(captured.owner, captured.prefix),
            self.namespaces.freeze,
            {} if captured.prefix else self.namespaces.extras_of(captured.owner),
            self.root_logger.getChild(name),
            lambda: seeds.next(self.config.get("seed")),
            CallGenerators(seeds),
            derived_seed,
        )

    def _queue(self, lifecycle: Lifecycle) -> None:
        with at_level(self.root_logger, self.log_level):
            self._queue_at_level(lifecycle)

    def _queue_at_level(self, lifecycle: Lifecycle) -> None:
        self.warn_if_unobserved()
        lifecycle.queue()
        if self.observers:
            self.run_logger.info("Queued%s", self._with_id())
        else:
            self.run_logger.warning("The run is not queued, because it has no observers")
        if self._id is not None:
            start = shlex.quote(f"--id={self._id}")
            self._log(
                logging.INFO, "To start it: repeat the command with %s in place of --queue", start
            )
        self._log_show_commands(lifecycle)
        secret = [DottedPath(path[1:]) for path in lifecycle.masked_paths if path[0] == "config"]
        if secret:
            self.run_logger.warning(
                "Secrets are not stored: set %s again when you start the run",
                ", ".join(map(str, secret)),
            )

    def _start(self, lifecycle: Lifecycle) -> None:
        if self.observers:
            is_chosen = self.options.get("--capture") is not None
            self.output = capture_for(self.capture_mode, self.captured_out_filter, is_chosen)
        self.output.start(self.outer.output if self.outer else None)
        self.warn_if_unobserved()
        self.run_logger.info("Running command '%s'", self.command)
        lifecycle.start()
        lifecycle.publish()
        if self.segment:
            self.run_logger.info("Resumed%s, segment %d", self._with_id(), self.segment + 1)
        else:
            self.run_logger.info("Started%s", self._with_id())
        seed = self.config.get("seed")
        if isinstance(seed, int):
            plugin_manager().seed(seed)

    def _execute(self, args: tuple[Any, ...]) -> None:
        with CoroutineRunner() as runner:
            for hook in self.pre_run_hooks:
                runner.outcome(hook())
            self.result = runner.outcome(self.main_function(*args))
            for hook in self.post_run_hooks:
                runner.outcome(hook())

    async def _execute_in_loop(self, args: tuple[Any, ...]) -> None:
        for hook in self.pre_run_hooks:
            await await_value(hook())
        self.result = await await_value(self.main_function(*args))
        for hook in self.post_run_hooks:
            await await_value(hook())

    def _end(self, lifecycle: Lifecycle, error: BaseException | None, duration: timedelta) -> None:
        if self.is_forked:
            return
        with defer_signals():
            try:
                if lifecycle.lost is None:
                    self._send_end(lifecycle, error, duration)
                else:
                    lifecycle.drop()
            finally:
                self._remove_copies()
                with contextlib.suppress(OSError, ValueError):  # the end is recorded
                    self.output.stop()
                lifecycle.release_spool()
            if lifecycle.lost is None:
                self._log_show_commands(lifecycle)

    def _remove_copies(self) -> None:
        if self._copies is not None:
            self._copies.remove()
        if self.resumption is not None:
            self.resumption.close()

    def _send_end(self, lifecycle: Lifecycle, error: BaseException | None, took: timedelta) -> None:
        """Log how the run ended, and send its end, also where logging raises or is interrupted."""
        if error is None or is_successful_exit(error):
            try:
                self._log_completion(took)
            finally:
                lifecycle.complete()
            return
        trace: list[str] = []
        is_interrupt = isinstance(error, _INTERRUPTS) or is_cancellation(error)
        try:
            trace = self.fail_trace = trace_lines(error, keep_own=self.debug)
            if is_interrupt:
                self._log(logging.WARNING, "Aborted after %s!", took)
            else:
                self._log(logging.ERROR, "Failed after %s!", took)
        finally:
            if is_interrupt:
                lifecycle.interrupt(interrupt_status(error), trace)
            else:
                lifecycle.fail(trace)

    def _log_completion(self, took: timedelta) -> None:
        if self.result is not None:
            self._log(logging.INFO, "Result: %s", result_text(self.result))
        self._log(logging.INFO, "Completed after %s", took)

    def _log_show_commands(self, lifecycle: Lifecycle) -> None:
        for location, run_id in () if self.is_part else lifecycle.locations():
            self._log(logging.INFO, "To see it: %s", show_command(location, run_id))

    def _log(self, level: int, message: str, value: object) -> None:
        """Log about the end of the run; a handler or filter that raises does not change it."""
        try:
            self.run_logger.log(level, message, value)
        except Exception as error:  # noqa: BLE001 - handlers and filters of the user
            sys.stderr.write(f"{message % value} (not logged: {reason_of(error)})\n")

    def _with_id(self) -> str:
        if self.is_part:
            return f" {self.writer}" + ("" if self._id is None else f' of run with ID "{self._id}"')
        return "" if self._id is None else f' run with ID "{self._id}"'

    def _live(self, what: str) -> Lifecycle:
        if self.lifecycle is None or self.status != "RUNNING":
            raise NoRunError(f"{what} works only while the run is running")
        self.refuse_fork(what)
        return self.lifecycle


class _EndRecorder:
    """Records how a block of a run ends. Not a generator: it would be in the stored traceback."""

    def __init__(self, run: Run, lifecycle: Lifecycle) -> None:
        self._run = run
        self._lifecycle = lifecycle

    def __enter__(self) -> None:
        self._started = time.monotonic()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        duration = timedelta(seconds=round(time.monotonic() - self._started))
        self._run._end(self._lifecycle, error, duration)
        if self._lifecycle.lost is not None and not self._run.is_forked:
            raise self._lifecycle.lost from None
        if error is not None and self._run.pdb and self._run.status == "FAILED":
            _debug(error)


def _debug(error: BaseException) -> None:
    """Start the debugger where ``error`` was raised."""
    import pdb

    sys.stderr.write("".join(trace_lines(error)))
    pdb.post_mortem(error.__traceback__)
