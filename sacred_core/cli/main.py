"""The command ``sacred``: whatever the installed plugins offer below it."""

import os
import re
import sys
from typing import Any, cast

import click

from sacred_core.cli.exit_codes import exit_code_of
from sacred_core.exceptions import SacredError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import CommandSpec
from sacred_core.hooks.targets import resolve_target
from sacred_core.printable import printable
from sacred_core.script_cli.protocol import COMPLETION, INTERRUPTED
from sacred_core.system_errors import system_error_text

TRACEBACK = "--traceback"
_HELP = "help"
#: How similar a command of a group must be to be suggested.
_CLOSE = 0.8


class LazyGroup(click.Group):
    """A group whose commands come from the hook ``sacred_commands``, imported when called.

    Commands of its own cannot be replaced by plugins.

    Args:
        path: The words of its name below ``sacred``: commands of the hook whose names begin with
            them and a space belong to it.
    """

    def __init__(self, *args: Any, path: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        self._start = f"{path} " if path else ""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; without any, print the help and end with exit code 0."""
        if not self._start and args[:1] == [_HELP]:  # as scripts have it
            args = [*args[1:], f"--{_HELP}"]
        if not args and self.no_args_is_help and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), color=ctx.color)
            ctx.exit()
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Invoke a command; after Ctrl-C the exit code is that of scripts and shells, not 1."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("Interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except click.MissingParameter as error:
            raise _with_example(error) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command; for one that does not exist, the error has what it may mean."""
        name = args[0]
        if not ctx.resilient_parsing and self.get_command(ctx, name) is None and name[:1] != "-":
            from sacred_core.masking import mask_text

            ctx.fail(mask_text(f"No such command {name!r}{self._hint(ctx, name)}"))
        return super().resolve_command(ctx, args)

    def _hint(self, ctx: click.Context, name: str) -> str:
        """Return what may be meant by a command that does not exist, or how to install it."""
        from sacred_core.hooks.lookup import KNOWN_COMMANDS, missing_reason

        if not self._start and name in KNOWN_COMMANDS:
            return f": {missing_reason(KNOWN_COMMANDS[name])}"
        similar = self._similar(ctx, name)
        return f": did you mean {similar!r}?" if similar else "."

    def _similar(self, ctx: click.Context, name: str) -> str | None:
        """Return a command like ``name``, one of a group below, or the listing of a location."""
        from difflib import get_close_matches

        if "://" in name or os.path.exists(name):  # noqa: PTH110 - Path raises for long names
            return f"sacred runs list {name}"
        names = self.list_commands(ctx)
        groups = {each: self.get_command(ctx, each) for each in names}
        below = {
            last: f"{ctx.command_path} {each} {last}"
            for each, group in reversed(groups.items())
            if isinstance(group, click.Group)
            for last in group.list_commands(ctx)
        }
        if name not in below:
            close = get_close_matches(name, names, 1)
            if close:
                return close[0]
        found = get_close_matches(name, below, 1, _CLOSE)
        return below[found[0]] if found else None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands on offer."""
        return sorted({*self._specs(), *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of this name."""
        own = super().get_command(ctx, cmd_name)
        spec = self._specs().get(cmd_name)
        if own is not None or spec is None:
            return own
        return _extensible(cast(click.Command, resolve_target(spec.target)), spec.name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by their records, importing none."""
        lines = {name: spec.help for name, spec in self._specs().items()}
        lines |= {name: command.get_short_help_str() for name, command in self.commands.items()}
        with formatter.section("Commands"):
            formatter.write_dl(
                sorted(lines.items()) or [("none", "no installed plugin offers any")]
            )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands of official plugins that are not installed, with what installs them."""
        from sacred_core.hooks.lookup import KNOWN_COMMANDS, missing_reason

        super().format_epilog(ctx, formatter)
        present = {*self.list_commands(ctx)}
        missing = {name: each for name, each in KNOWN_COMMANDS.items() if name not in present}
        if missing and not self._start:
            with formatter.section("Commands of other plugins"):
                formatter.write_dl([(name, missing_reason(each)) for name, each in missing.items()])

    def _specs(self) -> dict[str, CommandSpec]:
        """Return the records of its commands by their last word."""
        found = {
            spec.name.removeprefix(self._start): spec
            for spec in plugin_manager().commands
            if not spec.of_experiments and spec.name.startswith(self._start)
        }
        return {name: spec for name, spec in found.items() if " " not in name}


def _with_example(error: click.MissingParameter) -> click.UsageError:
    """Return the error with the example in the help of its command, if it has one."""
    text = error.ctx.command.help or "" if error.ctx is not None else ""
    found = re.search(r"\x08\s*Example:\s*(.+)", text)
    example = f"\nExample: {found[1]}" if found else ""
    return click.UsageError(f"{error.format_message()}{example}", error.ctx)


def _extensible(command: click.Command, path: str) -> click.Command:
    """Return a group as one to which plugins can add commands; other commands as they are."""
    if not isinstance(command, click.Group) or isinstance(command, LazyGroup):
        return command
    return LazyGroup(
        path=path,
        name=command.name,
        commands=command.commands,
        params=command.params,
        callback=command.callback,
        help=command.help,
        epilog=command.epilog,
        no_args_is_help=command.no_args_is_help,
        invoke_without_command=command.invoke_without_command,
        chain=command.chain,
    )


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", f"--{_HELP}"]})
@click.version_option(None, "-V", "--version", package_name="sacred-core", prog_name="sacred")
@click.option(TRACEBACK, is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def sacred(ctx: click.Context, traceback: bool) -> None:
    """Manage recorded runs and installed plugins.

    \b
    Examples:
      python train.py -F my_runs  record a run of your script
      sacred runs list my_runs    list the recorded runs
      sacred doctor               find what does not work here
    """
    del traceback  # `main` has read it
    if ctx.invoked_subcommand in ("doctor", "plugins"):  # they report them
        return
    for problem in plugin_manager().problems:
        click.echo(f"Warning: {printable(problem)}", err=True)


def main() -> None:
    """Run ``sacred``; an error is reported in a sentence, unless ``--traceback`` is given.

    Raises:
        SystemExit: with 0 where the command completed, 1 where it failed (2 if its code 1 is an
            answer), 2 where the command line is wrong, and 130 after Ctrl-C.
    """
    if COMPLETION in os.environ:
        from sacred_core.cli.completion import candidates

        click.echo("\n".join(candidates(sacred, os.environ[COMPLETION].split("\n"))))
        return
    words = sys.argv[1:]
    is_traced = TRACEBACK in words  # in any place, since it is added to a line that failed
    _open_missing_streams()
    try:
        sacred([word for word in words if word != TRACEBACK], prog_name="sacred")
    except Exception as error:
        if is_traced:
            raise
        _report(error, words)
        sys.exit(exit_code_of(error))


def _report(error: Exception, words: list[str]) -> None:
    from sacred_core.cli.errors import print_error, report_unexpected
    from sacred_core.script_cli.printing import discard_stdout

    if isinstance(error, SacredError):
        print_error(error)
    elif isinstance(error, OSError) and error.strerror:  # of a file, a disk, a connection
        discard_stdout()  # it may be what cannot be written
        print_error(system_error_text(error))
    else:
        report_unexpected(error, words)


def _open_missing_streams() -> None:
    """Replace a stream that was closed before the start, as by ``>&-``; what is printed is lost."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
