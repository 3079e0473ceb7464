"""``sacred plugins``: what is installed and offered, what is missing, and what is wrong."""

import json
import shutil
from collections.abc import Iterable, Iterator
from typing import Any

import click

from sacred_core.cli.exit_codes import ErrorCodeCommand
from sacred_core.exceptions import UsageError
from sacred_core.hooks.lookup import KNOWN_NAMES
from sacred_core.hooks.manager import Plugin, PluginManager, plugin_manager
from sacred_core.hooks.records import (
    Aspect,
    CLIOption,
    CommandSpec,
    ConfigSource,
    Export,
    ObserverSpec,
)
from sacred_core.hooks.worker_records import QueueSource, StopCheck
from sacred_core.printable import printable
from sacred_core.script_cli.protocol import FAILURE

#: A kind of thing, and the thing: a line of a plugin.
Row = tuple[str, str]
#: The records of which the JSON has the names, by key.
_NAMED = {"aspects": Aspect, "queue_sources": QueueSource, "stop_checks": StopCheck}


@click.command(cls=ErrorCodeCommand)
@click.option("--json", "as_json", is_flag=True, help="One JSON list, or one object.")
@click.option("--hooks", "of_hooks", is_flag=True, help="List the hooks, for authors of plugins.")
@click.option(
    "--check",
    "checked",
    metavar="NAME",
    help="Print which rules of the contract an installed plugin follows, for its author.",
)
@click.pass_context
def plugins(ctx: click.Context, as_json: bool, of_hooks: bool, checked: str | None) -> None:
    """List the plugins and what they offer: observers, flags, formats, commands.

    \b
    Example:
      sacred plugins
    """
    if checked is not None:
        from sacred_core.cli.check_plugin import print_check

        if of_hooks:
            raise UsageError("--check cannot be used with --hooks")
        ctx.exit(0 if print_check(checked, as_json) else FAILURE)
    manager = plugin_manager()
    manager.collect_all()
    if of_hooks:
        _list_hooks(manager, as_json)
        return
    found = [_describe(each, manager) for each in manager.plugins] + _missing(manager)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    formatter = click.HelpFormatter(width=shutil.get_terminal_size().columns)
    for plugin in found:
        with formatter.section(printable(_title(plugin))):
            rows = [*_rows(plugin)] or [("offers", "nothing")]
            formatter.write_dl([(kind, printable(text)) for kind, text in rows])
    click.echo(formatter.getvalue().rstrip())


def _describe(plugin: Plugin, manager: PluginManager) -> dict[str, Any]:
    """Return what the JSON has of an installed plugin."""

    def offered(kind: type[Any]) -> Iterator[Any]:
        return (record for record in plugin.records if isinstance(record, kind))

    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "state": plugin.state,
        "observers": [
            {
                "name": spec.name,
                "flags": list(spec.flags),
                "metavar": spec.metavar,
                "help": spec.help,
                "schemes": list(spec.schemes),
            }
            for spec in offered(ObserverSpec)
            if spec.target is not None
        ],
        "names": [f"{export.module}.{export.name}" for export in offered(Export)],
        "formats": [suffix for source in offered(ConfigSource) for suffix in source.suffixes],
        "options": [
            {
                "flags": list(option.flags),
                "metavar": None if option.is_flag else option.metavar,
                "help": option.help,
            }
            for option in offered(CLIOption)
        ],
        "commands": [_describe_command(command) for command in offered(CommandSpec)],
        **{key: [record.name for record in offered(kind)] for key, kind in _NAMED.items()},
        "records": _further_records(plugin, manager),
        "hooks": list(plugin.hooks),
        "problems": plugin.problems,
        "install": None,
    }


def _describe_command(command: CommandSpec) -> dict[str, str]:
    program = "SCRIPT" if command.of_experiments else "sacred"
    return {"name": f"{program} {command.name}", "help": command.help}


def _further_records(plugin: Plugin, manager: PluginManager) -> dict[str, list[str]]:
    """Return the names of the records of a plugin by the hooks of other plugins."""
    named = {
        hook: [_name_of(each) for each in records if each in plugin.records]
        for hook, records in manager.further_records.items()
    }
    return {hook: names for hook, names in named.items() if names}


def _missing(manager: PluginManager) -> list[dict[str, Any]]:
    """Return the official plugins that are not installed, in the same form."""
    installed = {plugin.distribution.partition(" ")[0] for plugin in manager.plugins}
    missing: dict[str, dict[str, Any]] = {}
    for known in KNOWN_NAMES:
        if known.distribution in installed:
            continue
        nothing = Plugin(known.distribution.removeprefix("sacred-"), known.distribution, "missing")
        install = f"pip install {known.distribution}"
        plugin = missing.setdefault(
            known.distribution, {**_describe(nothing, manager), "install": install}
        )
        plugin["names"].append(f"{known.module}.{known.name}")
        if known.flags:
            plugin["options"].append(
                {"flags": list(known.flags), "metavar": "ARG", "help": known.name}
            )
    return list(missing.values())


def _name_of(record: Any) -> str:
    """Return the name or the title of a record of a hook of a plugin."""
    return str(getattr(record, "name", None) or getattr(record, "title", None) or record)


def _title(plugin: dict[str, Any]) -> str:
    state = {"loaded": "", "missing": ", not installed"}.get(
        plugin["state"], f", {plugin['state']}"
    )
    return f"{plugin['name']} ({plugin['distribution']}{state})"


def _rows(plugin: dict[str, Any]) -> Iterator[Row]:
    for observer in plugin["observers"]:
        flags = " ".join((", ".join(observer["flags"]), observer["metavar"]))
        yield "observer", f"{observer['name']}{f': {flags}' if observer['flags'] else ''}"
        if observer["help"]:
            yield "", observer["help"]
        if observer["schemes"]:
            yield "locations", _joined(f"{scheme}://" for scheme in observer["schemes"])
    if plugin["names"]:
        yield "names", _joined(plugin["names"])
    if plugin["formats"]:
        yield "formats", f"{_joined(plugin['formats'])} (configuration files)"
    if plugin["options"]:
        yield "options", _joined("/".join(option["flags"]) for option in plugin["options"])
    if plugin["commands"]:
        yield "commands", _joined(command["name"] for command in plugin["commands"])
    if plugin["aspects"]:
        yield "aspects", f"{_joined(plugin['aspects'])} (of sacred runs diff)"
    if plugin["queue_sources"]:
        yield "sources", f"{_joined(plugin['queue_sources'])} (of runs, for sacred worker)"
    if plugin["stop_checks"]:
        yield "checks", f"{_joined(plugin['stop_checks'])} (of _run.should_stop)"
    for hook, names in plugin["records"].items():
        yield hook.removeprefix("sacred_").replace("_", " "), _joined(names)
    for problem in plugin["problems"]:
        yield "problem", problem
    if plugin["install"]:
        yield "install", plugin["install"]


def _joined(words: Iterable[str]) -> str:
    return ", ".join(words)


def _list_hooks(manager: PluginManager, as_json: bool) -> None:
    """Print each hook with what defines it and the plugins that implement it."""
    found = [
        {name: value for name, value in hook._asdict().items() if name != "function"}
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
