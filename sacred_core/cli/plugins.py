"""``sacred plugins``: what is installed, and what is wrong with it."""

import json

import attrs
import click

from sacred_core.hooks.manager import Plugin, plugin_manager
from sacred_core.printable import printable


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON list of objects.")
def plugins(as_json: bool) -> None:
    """List the installed plugins: version, state, hooks, and what is wrong with them."""
    manager = plugin_manager()
    manager.collect_all()
    if as_json:
        click.echo(json.dumps([attrs.asdict(plugin) for plugin in manager.plugins], indent=2))
        return
    for plugin in manager.plugins:
        click.echo(printable(_line(plugin)))
        for problem in plugin.problems:
            click.echo(f"    {printable(problem)}")


def _line(plugin: Plugin) -> str:
    hooks = ", ".join(plugin.hooks) or "no hooks"
    return f"{plugin.name} ({plugin.distribution}), {plugin.state}: {hooks}"
