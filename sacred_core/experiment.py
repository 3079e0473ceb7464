"""The class that a script is built around."""

import inspect
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, Unpack, cast, overload

from sacred_core import context
from sacred_core.config.captured_function import CapturedFunction, check_kind
from sacred_core.dotted_path import join_paths
from sacred_core.exceptions import (
    DecoratorError,
    InteractiveError,
    NoCommandError,
    OptionHookError,
)
from sacred_core.ingredient import Ingredient, P, R
from sacred_core.interactive import add_definition, code_of, is_cell

if TYPE_CHECKING:
    from sacred_core.config.request import Request
    from sacred_core.hooks.records import CLIOption
    from sacred_core.provenance.host import HostInfoGetter
    from sacred_core.regular_files import FilePath
    from sacred_core.run import Run
    from sacred_core.script_cli.sweeps import StartedSweep, SweepOptions


class Experiment(Ingredient):
    """Configuration, commands and observers of one experiment.

    Args:
        name: By default the name of the file, without its suffix.
        ingredients: The ingredients of the experiment.
        interactive: Allow a definition without a file, as in a notebook.
        base_dir: The folder of the sources, by default the folder of the main file.
        additional_host_info: Gatherers created with `host_info_gatherer`.
        additional_cli_options: Options created with `cli_option`.
        save_git_info: Record the git commit of the sources.

    Attributes:
        observers: The observers that record every run, in the order of their priorities.
        default_command: The name of the command that runs by default.
        captured_out_filter: Applied to the recorded output.

    Raises:
        InteractiveError: there is no file, and ``interactive`` or ``name`` is missing.
    """

    #: Whether an experiment of this process was run, or was to be run.
    _was_used = False

    def __init__(
        self,
        name: str | None = None,
        ingredients: Sequence[Ingredient] = (),
        interactive: bool = False,
        base_dir: "FilePath | None" = None,
        additional_host_info: "Sequence[HostInfoGetter] | None" = None,
        additional_cli_options: "Sequence[CLIOption] | None" = None,
        save_git_info: bool = True,
    ) -> None:
        caller = sys._getframe(1).f_globals
        file = caller.get("__file__")
        if file is None and (not interactive or name is None):
            raise InteractiveError(
                "an experiment in a notebook or an interactive session needs a name and "
                "interactive=True: Experiment('a name', interactive=True)"
            )
        name = name or os.path.basename(str(file)).removesuffix(".py")  # noqa: PTH119
        super().__init__(name, ingredients, interactive, caller, base_dir, save_git_info)
        self.additional_host_info = list(additional_host_info or ())
        self.additional_cli_options = list(additional_cli_options or ())
        self.observers: list[Any] = []
        self.default_command: str | None = None
        self.captured_out_filter: Callable[[str], str] | None = None
        self.option_hooks: list[Callable[..., Any]] = []
        self._last_run: Run | None = None

    @overload
    def main(self, function: Callable[P, R]) -> CapturedFunction[P, R]: ...
    @overload
    def main(self, function: None = None) -> Callable[[Callable[P, R]], CapturedFunction[P, R]]: ...
    def main(self, function: Any = None) -> Any:
        """Make ``function`` the command that runs unless another is requested.

        Without a function, as in ``@ex.main()``, a decorator is returned.
        """
        if function is None:
            return self.main
        captured = self.command(function)
        if getattr(function, "__module__", None) == "__main__":
            from sacred_core.script_cli.unrun import watch

            watch(self.path, sys._getframe(1), lambda: Experiment._was_used)
        file = getattr(inspect.unwrap(function), "__globals__", {}).get("__file__")
        if file:  # the main function has the location of the experiment
            self.main_file = os.path.abspath(file)
        self.default_command = captured.function.__name__
        return captured

    @overload
    def automain(self, function: Callable[P, R]) -> CapturedFunction[P, R]: ...
    @overload
    def automain(
        self, function: None = None
    ) -> Callable[[Callable[P, R]], CapturedFunction[P, R]]: ...
    def automain(self, function: Any = None) -> Any:
        """Like `main`, and run the command line if the file is being executed.

        It belongs at the end of the file: what comes after it is not defined yet when it runs.

        Raises:
            InteractiveError: it is used in a notebook or an interactive session.
        """
        if function is None:
            return self.automain
        code = code_of(function)
        if code is not None and function.__module__ == "__main__" and is_cell(code.co_filename):
            raise InteractiveError(
                "@ex.automain runs the command line of a script, and a notebook has none: "
                "use @ex.main, and start a run with ex.run()"
            )
        captured = self.main(function)
        if function.__module__ == "__main__":
            self.run_commandline()
        return captured

    def option_hook(self, function: Any = None) -> Any:
        """Call ``function(options)`` right before a run is created, to change its options.

        The dictionary has all options by their long flags: False or None for those not given, a
        list for those given several times. It also has ``COMMAND`` and ``UPDATE``, which are only
        to be read. Nothing is resolved before the hooks, so they may change the experiment and
        its ingredients too: ``ex.path``, ``ex.logger``, ``ex.observers.append(...)``,
        ``ex.add_config(...)``, ``ex.add_source_file(...)``. Such a change stays for later runs.

        Raises:
            OptionHookError: it has no parameter named ``options``.
            FunctionKindError: it is a generator or a coroutine function.
        """
        if function is None:  # ``@ex.option_hook()``
            return self.option_hook
        check_kind(function, "option hook", may_be_async=False)
        if "options" not in inspect.signature(function).parameters:
            raise OptionHookError(
                f"the option hook {function.__name__!r} must have a parameter named 'options'"
            )
        add_definition(self.option_hooks, function)
        return function

    def run_command(
        self,
        command_name: str,
        config_updates: Mapping[str, Any] | None = None,
        named_configs: Sequence[str] = (),
        args: Sequence[Any] = (),
        meta_info: Mapping[str, Any] | None = None,
    ) -> "Run":
        """Run the command of this name and return its finished run.

        Args:
            command_name: Which command, with the path of its ingredient.
            config_updates, named_configs, meta_info: As for `run`.
            args: Positional arguments of the command.
        """
        from sacred_core.run.conclusion import UsersFrames
        from sacred_core.run.finishing import finish_run

        with UsersFrames() as frames:
            run = self.create_run(command_name, config_updates, named_configs, {}, meta_info)
            frames.is_debugging = run.debug
            return finish_run(run, *args)

    def run(
        self,
        command_name: str | None = None,
        config_updates: Mapping[str, Any] | None = None,
        named_configs: Sequence[str] = (),
        info: Mapping[str, Any] | None = None,
        meta_info: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        inherit_observers: bool = False,
        *,
        resume: int | str | None = None,
        fork: bool = False,
    ) -> "Run":
        """Run a command, by default the main function, and return its finished run.

        A coroutine function runs in a new event loop. If a loop is running already, as in a
        notebook, write ``await ex.run(...)``: the run starts when it is awaited.

        Args:
            command_name: The command, by default the main function.
            config_updates: Entries to set, as a nested dictionary.
            named_configs: Named configurations to apply, in order.
            info: The content of ``run.info`` at the start.
            meta_info: Additional metadata of the run.
            options: As on the command line: ``{"--loglevel": "ERROR"}``.
            inherit_observers: Record a run inside another run also with the outer run's observers.
            resume: The id of a run to resume, or ``"auto"``; see ``docs/resuming-runs.md``.
            fork: Start a new run from the one in ``resume``.

        Raises:
            CommandNotFoundError: the command does not exist.
            NoCommandError: no command is named, and there is no main function.
            ConfigError: the configuration cannot be resolved.
            BaseException: raised by the command, after it was recorded.
        """
        if callable(command_name):
            from sacred_core.script_cli.running import refuse

            message = (
                "@ex.run is not a decorator, it runs the experiment: use @ex.main or @ex.automain"
            )
            refuse(DecoratorError(message), command_name)
        from sacred_core.loggers import default_handler
        from sacred_core.run.conclusion import UsersFrames
        from sacred_core.run.finishing import finish_run

        with UsersFrames() as frames, default_handler(self.logger or logging.getLogger()):
            run = self.create_run(
                command_name, config_updates, named_configs, info, meta_info, options,
                inherit_observers=inherit_observers, resume=resume, fork=fork,
            )  # fmt: skip
            frames.is_debugging = run.debug
            return finish_run(run)

    def create_run(
        self,
        command_name: str | None = None,
        config_updates: Mapping[str, Any] | None = None,
        named_configs: Sequence[str] = (),
        info: Mapping[str, Any] | None = None,
        meta_info: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        tokens: Sequence[str] | None = None,
        inherit_observers: bool = False,
        *,
        resume: int | str | None = None,
        fork: bool = False,
    ) -> "Run":
        """Return a run that has not started; calling it starts it. Arguments as for `run`.

        Args:
            tokens: How the updates were written on a command line, for the record.
        """
        from sacred_core.config.request import Request, resume_options

        request = Request(
            command=command_name, updates=config_updates or {}, named_configs=named_configs,
            info=info or {}, meta_info=meta_info or {}, tokens=tokens or (),
            options=resume_options(options, resume, fork), inherit_observers=inherit_observers,
        )  # fmt: skip
        return self.new_run(request)

    def new_run(self, request: "Request") -> "Run":
        """Return a run that has not started, as `create_run` does."""
        from sacred_core.run.creation import new_run

        Experiment._was_used = True
        self._last_run = (context.run_creator or new_run)(self, request)
        return self._last_run

    def sweep(
        self, space: Mapping[str, Any] | None = None, **options: "Unpack[SweepOptions]"
    ) -> "StartedSweep":
        """Queue a run for each combination of values; needs ``pip install sacred-sweep``.

        ``space`` has the values of each entry, a list, a range or a distribution of `sacred_sweep`;
        `sacred_core.script_cli.sweeps.SweepOptions` describes the options.
        """
        from sacred_core.script_cli.sweeps import start_sweep

        return start_sweep(self, space or {}, options)

    def run_commandline(self, argv: str | Sequence[str] | None = None) -> "Run":
        """Run a command line and return its finished run.

        Args:
            argv: A string or a list that begins with the program, by default ``sys.argv``.

        Raises:
            SystemExit: the run did not complete, or was not started, and the reason was printed;
                with code 0 after the help.
        """
        from sacred_core.script_cli.running import run_commandline

        Experiment._was_used = True
        return cast("Run", run_commandline(self, sys.argv if argv is None else argv))

    def get_default_options(self) -> dict[str, Any]:
        """Return all options by their long flags: False for flags, else None."""
        from sacred_core.hooks.options import default_options, offered_options

        return default_options(offered_options(self.additional_cli_options))

    def get_usage(self, program_name: str | None = None) -> str:
        """Return the help of the command line.

        Args:
            program_name: What it calls the script, by default what was started.
        """
        from sacred_core.script_cli.usage import help_text

        return help_text(self, program_name or os.path.basename(sys.argv[0]))  # noqa: PTH119

    def gather_commands(self) -> "Iterator[tuple[str, CapturedFunction[..., Any]]]":
        """Yield name and function of all commands: standard ones, its own, its ingredients'.

        Its own have names without its path.
        """
        from sacred_core.script_cli.offered_commands import standard_commands

        commands = {
            self.post_process_name(join_paths(self.path, name), self): command
            for name, command in standard_commands().items()
        }
        yield from (commands | dict(super().gather_commands())).items()

    def code_places(self) -> set[tuple[str, str]]:
        """Return file name and name of its functions, the option hooks included."""
        codes = map(code_of, self.option_hooks)
        places = {(code.co_filename, code.co_name) for code in codes if code is not None}
        return super().code_places() | places

    def post_process_name(self, name: str, ingredient: Ingredient) -> str:
        """Return the name that a command or named configuration is known by.

        Its own are known without its path. Override it to change the names.
        """
        return name[len(self.path) + 1 :] if ingredient is self else name

    @property
    def info(self) -> dict[str, Any]:
        """The user's dictionary of `current_run`."""
        return cast("Run", self.current_run or context.require_run("ex.info")).info

    @property
    def current_run(self) -> "Run | None":
        """The run of this experiment that is running, or else the last one, also if it failed.

        The last one is that created last; None before the first.
        """
        running: Run | None = context.current_run_of(self)
        return running or self._last_run

    def log_scalar(self, name: str, value: float, step: int | None = None) -> None:
        """Add a point to a metric of the current run; see `Run.log_scalar`."""
        self._running("ex.log_scalar").log_scalar(name, value, step)

    def log_scalars(self, values: Mapping[Any, Any], step: Any = None) -> None:
        """Add a point to each of several metrics of the current run; see `Run.log_scalars`."""
        self._running("ex.log_scalars").log_scalars(values, step)

    def add_artifact(
        self,
        filename: "FilePath",
        name: str | None = None,
        metadata: dict[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Record a file that the current run produced; see `Run.add_artifact`."""
        self._running("ex.add_artifact").add_artifact(filename, name, metadata, content_type)

    def add_resource(self, filename: "FilePath") -> None:
        """Record a file that the current run needs; see `Run.add_resource`."""
        self._running("ex.add_resource").add_resource(filename)

    def open_resource(self, filename: "FilePath", mode: str = "r") -> IO[Any]:
        """Open a file that the current run needs, and record it."""
        return self._running("ex.open_resource").open_resource(filename, mode)

    def _running(self, what: str) -> "Run":
        """Return the run that ``what`` is for: that of this experiment, or else the one around."""
        return cast("Run", context.current_run_of(self) or context.require_run(what))

    def find_command(self, name: str | None) -> CapturedFunction[..., Any]:
        """Return the command of this name, or the default one for None.

        Raises:
            CommandNotFoundError: the command does not exist.
            NoCommandError: ``name`` is None, and there is no main function.
        """
        name = name or self.default_command
        if name is None:
            raise NoCommandError(
                f"no command to run: the experiment {self.path!r} has no main function; decorate "
                "one with @ex.main or @ex.automain, or name a command"
            )
        if name in self.commands:
            return self.commands[name]
        commands = dict(self.gather_commands())
        if name not in commands:
            from sacred_core.script_cli.offered_commands import unknown_command_error

            raise unknown_command_error(self.path, name, commands)
        return commands[name]
