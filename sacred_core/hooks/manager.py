"""Finds the plugins of the installation and asks them, each on its own.

A plugin that cannot be loaded, or whose hook raises, is named in `PluginManager.problems` and
otherwise left out: it never stops a run that does not use it.
"""

import functools
import importlib
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import attrs
import pluggy

from sacred_core.exceptions import PluginClashError
from sacred_core.hooks import specs
from sacred_core.hooks.discovery import FoundPlugin, installed_plugins
from sacred_core.hooks.records import CLIOption, CommandSpec, ObserverSpec
from sacred_core.settings import SETTINGS

BUILTIN = "sacred_core.builtin"
HOOK_NAMES = ("sacred_observers", "sacred_cli_options", "sacred_commands")

Record = TypeVar("Record")


@attrs.define
class Plugin:
    """One plugin of the installation.

    Attributes:
        name: The name of its entry point.
        distribution: What it is installed as, with its version.
        state: ``"loaded"``, ``"disabled"`` or ``"broken"``.
        error: Why it is broken.
        hooks: The hooks that it implements.
    """

    name: str
    distribution: str
    state: str = "loaded"
    error: str = ""
    hooks: tuple[str, ...] = ()


class PluginManager:
    """The hooks of an installation, typed.

    Args:
        found: The plugins to load; by default those that are installed.
    """

    def __init__(self, found: Iterable[FoundPlugin] | None = None) -> None:
        self._hooks = pluggy.PluginManager("sacred_core")
        self._hooks.add_hookspecs(specs)
        self.plugins: list[Plugin] = []
        self._add("builtin", "sacred-core", lambda: importlib.import_module(BUILTIN))
        for plugin in installed_plugins() if found is None else found:
            self._add(plugin.name, plugin.distribution, plugin.load)

    @property
    def problems(self) -> list[str]:
        """One line for each plugin that is broken: who, and why."""
        return [
            f"The plugin {plugin.name!r} ({plugin.distribution}) is left out: {plugin.error}"
            for plugin in self.plugins
            if plugin.state == "broken"
        ]

    @functools.cached_property
    def observers(self) -> list[ObserverSpec]:
        """All observers on offer; their names differ."""
        return self._collect(
            "sacred_observers", ObserverSpec, lambda spec: (spec.name, *spec.flags)
        )

    @functools.cached_property
    def cli_options(self) -> list[CLIOption]:
        """All flags on offer, without those of observers; their spellings differ."""
        return self._collect("sacred_cli_options", CLIOption, lambda option: option.flags)

    @functools.cached_property
    def commands(self) -> list[CommandSpec]:
        """All commands on offer; their names differ."""
        return self._collect("sacred_commands", CommandSpec, _command_key)

    def _add(self, name: str, distribution: str, load: Callable[[], Any]) -> None:
        plugin = Plugin(name, distribution)
        self.plugins.append(plugin)
        if name in SETTINGS.PLUGINS.DISABLE:
            plugin.state = "disabled"
            return
        try:
            module = load()
            self._hooks.register(module, name)
        except Exception as error:  # noqa: BLE001 - foreign code: any plugin may be broken
            self._break(plugin, error)
        else:
            plugin.hooks = tuple(hook for hook in HOOK_NAMES if hasattr(module, hook))

    def _collect(
        self,
        hook: str,
        kind: type[Record],
        keys: Callable[[Record], Iterable[str]],
    ) -> list[Record]:
        records: list[Record] = []
        owners: dict[str, str] = {}
        implementations = getattr(self._hooks.hook, hook).get_hookimpls()
        order = [plugin.name for plugin in self.plugins]
        for implementation in sorted(implementations, key=lambda i: order.index(i.plugin_name)):
            name = implementation.plugin_name
            try:
                offered = [_checked(record, kind, hook) for record in implementation.function()]
            except Exception as error:  # noqa: BLE001 - foreign code
                self._break(self.plugins[order.index(name)], error)
                continue
            for record in offered:
                _claim(owners, keys(record), name)
            records += offered
        return records

    def _break(self, plugin: Plugin, error: Exception) -> None:
        if SETTINGS.PLUGINS.STRICT:
            raise error
        plugin.state = "broken"
        plugin.error = f"{type(error).__name__}: {error}"


@functools.cache
def plugin_manager() -> PluginManager:
    """Return the manager of this process; plugins are discovered at the first call."""
    return PluginManager()


def _command_key(command: CommandSpec) -> tuple[str]:
    return (("experiment " if command.of_experiments else "sacred ") + command.name,)


def _checked(record: Any, kind: type[Record], hook: str) -> Record:
    if not isinstance(record, kind):
        raise TypeError(f"{hook} yields {kind.__name__} records, not {record!r}")
    return record


def _claim(owners: dict[str, str], keys: Iterable[str], plugin: str) -> None:
    for key in keys:
        if key in owners:
            raise PluginClashError(
                f"the plugins {owners[key]!r} and {plugin!r} both offer {key!r}: switch one off "
                f"with SACRED_PLUGINS__DISABLE={plugin}"
            )
        owners[key] = plugin
