"""``sacred plugins``: what is installed, and what is wrong with it."""

import json

import attrs
import click

from sacred_core.hooks.manager import Plugin, PluginManager, plugin_manager
from sacred_core.printable import printable


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON list of objects.")
@click.option("--hooks", "of_hooks", is_flag=True, help="List the hooks instead.")
def plugins(as_json: bool, of_hooks: bool) -> None:
    """List the installed plugins: version, state, hooks, and what is wrong with them."""
    manager = plugin_manager()
    manager.collect_all()
    if of_hooks:
        _list_hooks(manager, as_json)
        return
    if as_json:
        click.echo(json.dumps([attrs.asdict(plugin) for plugin in manager.plugins], indent=2))
        return
    for plugin in manager.plugins:
        click.echo(printable(_line(plugin)))
        for problem in plugin.problems:
            click.echo(f"    {printable(problem)}")


def _list_hooks(manager: PluginManager, as_json: bool) -> None:
    """Print each hook with what defines it and the plugins that implement it."""
    found = [
        attrs.asdict(hook, filter=attrs.filters.exclude("function"))
        | {"plugins": [plugin.name for plugin in manager.plugins if hook.name in plugin.hooks]}
        for hook in manager.hooks.values()
    ]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for hook in found:
        users = ", ".join(hook["plugins"]) or "no plugin"
        arguments = ", ".join(hook["arguments"])
        click.echo(printable(f"{hook['name']}({arguments}) of {hook['distribution']}: {users}"))
        click.echo(printable(f"    {hook['summary']}"))


def _line(plugin: Plugin) -> str:
    hooks = ", ".join(plugin.hooks) or "no hooks"
    return f"{plugin.name} ({plugin.distribution}), {plugin.state}: {hooks}"
