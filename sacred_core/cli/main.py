"""The command ``sacred``: whatever the installed plugins offer below it."""

import sys
from typing import Any, cast

import click

from sacred_core.exceptions import SacredError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import CommandSpec
from sacred_core.hooks.targets import resolve_target
from sacred_core.printable import KEPT, printable


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

    def _specs(self) -> dict[str, CommandSpec]:
        """Return the records of its commands by their last word."""
        found = {
            spec.name.removeprefix(self._start): spec
            for spec in plugin_manager().commands
            if not spec.of_experiments and spec.name.startswith(self._start)
        }
        return {name: spec for name, spec in found.items() if " " not in name}


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


@click.command(cls=LazyGroup)
@click.version_option(package_name="sacred-core", prog_name="sacred")
@click.pass_context
def sacred(ctx: click.Context) -> None:
    """Manage recorded runs and installed plugins."""
    if ctx.invoked_subcommand == "plugins":  # reports them itself
        return
    for problem in plugin_manager().problems:
        click.echo(f"Warning: {printable(problem)}", err=True)


def main() -> None:
    """Run ``sacred``; errors are reported in one sentence."""
    try:
        sacred()
    except SacredError as error:
        click.echo(f"Error: {printable(error, KEPT)}", err=True)
        sys.exit(1)
