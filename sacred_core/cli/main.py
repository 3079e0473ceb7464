"""The command ``sacred``: whatever the installed plugins offer below it."""

import sys
from typing import cast

import click

from sacred_core.exceptions import SacredError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import CommandSpec
from sacred_core.hooks.targets import resolve_target
from sacred_core.printable import KEPT, printable


class LazyGroup(click.Group):
    """A group whose commands come from the hook ``sacred_commands``, imported when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands on offer."""
        return sorted(_specs())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of this name."""
        spec = _specs().get(cmd_name)
        return cast(click.Command, resolve_target(spec.target)) if spec else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by their records, importing none."""
        lines = [(name, spec.help) for name, spec in sorted(_specs().items())]
        with formatter.section("Commands"):
            formatter.write_dl(lines or [("none", "no installed plugin offers any")])


def _specs() -> dict[str, CommandSpec]:
    return {spec.name: spec for spec in plugin_manager().commands if not spec.of_experiments}


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
