"""Runs the command line of a script."""

import logging
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from sacred_core.config.request import Request
from sacred_core.exceptions import PluginError, SacredError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.options import offered_options
from sacred_core.hooks.records import CommandSpec
from sacred_core.hooks.targets import resolve_target
from sacred_core.loggers import default_handler
from sacred_core.masking import mask_text
from sacred_core.printable import KEPT, printable, printable_output
from sacred_core.run import Run
from sacred_core.run.conclusion import is_sentence, trace_lines
from sacred_core.run.coroutines import is_coroutine
from sacred_core.script_cli.interface import ScriptExperiment
from sacred_core.script_cli.parsing import parse, split
from sacred_core.script_cli.printing import discard_unwritable, flush_stdout, print_text
from sacred_core.script_cli.protocol import COMPLETION, FAILURE, INTERRUPTED, USAGE
from sacred_core.serialization import message_of


def run_commandline(ex: ScriptExperiment, argv: str | Sequence[str]) -> Any:
    """Run ``argv`` and return the finished run.

    In a running event loop an asynchronous command gives a coroutine that returns the run.

    Raises:
        SystemExit: the help was printed (0), the command line is wrong (2), or a function of the
            user raised, so that the run was not created or did not complete (1; 130 after
            Ctrl-C). What happened was printed, without frames of sacred-core.
    """
    if COMPLETION in os.environ:
        from sacred_core.script_cli.completion import candidates

        print("\n".join(candidates(ex, os.environ[COMPLETION].split("\n"))))
        raise SystemExit(0)
    request: Request | None = None
    words = split(argv)
    try:
        request, command = _read_request(ex, words)
        if request.options["--help"] or request.command == "help":
            from sacred_core.script_cli.usage import usage_text

            print_text(usage_text(ex, request))
            raise SystemExit(0)
        if command is not None:
            return _call_command(command, ex, request)
        run = ex.new_run(request)
        with default_handler(run.root_logger):
            for problem in plugin_manager().problems:
                run.run_logger.warning("%s", problem)
    except PluginError as error:  # where the environment asks to be strict
        print(f"Error: {printable(error, KEPT)}", file=sys.stderr)
        raise SystemExit(USAGE) from None
    except SacredError as error:
        is_foreign = error.__cause__ is not None and not isinstance(error.__cause__, SacredError)
        if is_foreign and request is not None and request.options["--debug"]:
            raise
        for problem in plugin_manager().problems:
            print(f"Warning: {printable(problem, KEPT)}", file=sys.stderr)
        from sacred_core.script_cli.hints import explain

        message = explain(error, words, ex, request)
        print(printable(mask_text(f"Error: {message}"), KEPT), file=sys.stderr)
        raise SystemExit(USAGE) from None
    except (Exception, KeyboardInterrupt) as error:  # of a scope or a hook of the user's
        if request is not None and request.options["--debug"]:
            raise
        raise _exit_after(error) from None
    return _finish(run)


def _read_request(ex: ScriptExperiment, words: list[str]) -> tuple[Request, CommandSpec | None]:
    """Return what a command line requests, and the command if it takes a request."""
    found: list[CommandSpec | None] = []

    def has_own_grammar(name: str) -> bool:
        from sacred_core.script_cli.offered_commands import request_command  # only with a command

        found.append(None if name in ex.commands else request_command(name))
        return found[0] is not None

    offered = offered_options(ex.additional_cli_options)
    names = {option.command for option in plugin_manager().cli_options}.intersection(words)
    for name in names:
        further = offered_options(ex.additional_cli_options, name)
        request = parse(words, further, has_own_grammar)
        if found[:1] not in ([], [None]):
            return request, found[0]
        found.clear()
    request = parse(words, offered, has_own_grammar)
    return request, found[0] if found else None


def _call_command(command: CommandSpec, ex: ScriptExperiment, request: Request) -> Any:
    function = resolve_target(command.target)
    with default_handler(ex.logger or logging.getLogger()):
        return function(ex, request)


def refuse(error: SacredError, function: Callable[..., Any]) -> NoReturn:
    """Report a mistake in how ``function`` was decorated.

    Raises:
        SystemExit: in a script that is being executed, after the sentence was printed.
        SacredError: ``error``, anywhere else.
    """
    if function.__module__ != "__main__":
        raise error
    code = function.__code__
    print(
        f"Error: {code.co_filename}:{code.co_firstlineno}: {printable(error, KEPT)}",
        file=sys.stderr,
    )
    raise SystemExit(USAGE)


def _finish(run: Run) -> Any:
    with exit_codes(run):
        outcome = run()
        if is_coroutine(outcome):
            return _finish_in_loop(run, outcome)
    flush_stdout()
    return run


async def _finish_in_loop(run: Run, outcome: Awaitable[Any]) -> Run:
    with exit_codes(run):
        await outcome
    return run


@contextmanager
def exit_codes(run: Run) -> Iterator[None]:
    """Print what a run raises and turn it into the exit code."""
    try:
        yield
    except SystemExit:
        discard_unwritable()
        raise
    except BaseException as error:
        if run.debug:
            raise
        raise _exit_after(error) from None


def _exit_after(error: BaseException) -> SystemExit:
    """Print ``error`` and return the end of the process."""
    _print_error(error)
    return SystemExit(INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILURE)


def _print_error(error: BaseException) -> None:
    """Print the user's part of the stack, or a sentence where there is no such part."""
    if is_sentence(error):
        print(printable(mask_text(f"Error: {message_of(error)}"), KEPT), file=sys.stderr)
    else:
        print("\n".join(printable_output(mask_text("".join(trace_lines(error))))), file=sys.stderr)
