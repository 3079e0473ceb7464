"""Loads the plugins of the installation and asks them, each on its own.

Whatever is wrong with a plugin is reported in one line, names its distribution, and harms no run
that does not use it.
"""

import functools
import importlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import pluggy

from sacred_core.exceptions import PluginClashError, PluginError
from sacred_core.hooks import clash_keys, records, specs
from sacred_core.hooks.clash_keys import Key
from sacred_core.hooks.discovery import (
    HOOKS,
    FoundPlugin,
    Hook,
    hooks_in,
    implemented_hooks,
    installed_plugins,
    mistakes,
    record_type,
    version_mismatch,
)
from sacred_core.hooks.targets import ends_process, load_problem, note_owner
from sacred_core.masking import SecretPattern, use_patterns
from sacred_core.settings import SETTINGS
from sacred_core.shared_methods import StateMethods
from sacred_core.version import __version__

if TYPE_CHECKING:
    from sacred_core.hooks import worker_records

BUILTIN = "builtin"

R = TypeVar("R", bound=attrs.AttrsInstance)


@attrs.define(eq=False, repr=False)
class Plugin(StateMethods):
    """One plugin of the installation.

    Attributes:
        name: The name of its entry point.
        distribution: Name and version of what it was installed as.
        state: ``"loaded"``, ``"disabled"``, ``"skipped"`` (a library that it needs is missing)
            or ``"broken"``.
        hooks: The hooks that it implements.
        records: What it offers, as far as it was asked.
        problems: What is wrong with it, and what to do, a sentence each.
    """

    name: str
    distribution: str
    state: str = "loaded"
    hooks: tuple[str, ...] = ()
    records: list[Any] = attrs.field(factory=list, repr=False)
    problems: list[str] = attrs.field(factory=list)


class PluginManager:
    """The hooks of an installation, typed.

    Args:
        found: The plugins to load; by default those that are installed.

    Attributes:
        plugins: All that were found, the core's own first.
        hooks: All hooks that plugins may implement, by name, those of plugins too.

    Raises:
        PluginError: something is wrong with a plugin and ``SETTINGS.PLUGINS.STRICT`` is set.
    """

    def __init__(self, found: Iterable[FoundPlugin] | None = None) -> None:
        self._pluggy = pluggy.PluginManager("sacred_core")
        self._pluggy.add_hookspecs(specs)
        self.hooks: dict[str, Hook] = dict(HOOKS)
        self._owners: dict[Key, Plugin] = {}
        self._clashes: dict[Key, str] = {}
        self.plugins: list[Plugin] = []
        own = FoundPlugin(BUILTIN, "sacred_core.builtin", f"sacred-core {__version__}")
        modules = [
            (plugin, module)
            for each in (own, *(installed_plugins() if found is None else found))
            for plugin, module in self._import(each)
        ]
        for plugin, module in modules:  # all, before it is checked what they implement
            self._add_hooks(plugin, module)
        for plugin, module in modules:
            self._register(plugin, module)

    @property
    def problems(self) -> list[str]:
        """One line for each problem: the plugin, the problem, and what to do."""
        return [
            f"The plugin {plugin.name!r} ({plugin.distribution}): {problem}"
            for plugin in self.plugins
            for problem in plugin.problems
        ]

    @functools.cached_property
    def observers(self) -> list[records.ObserverSpec]:
        """All observers on offer."""
        self.cli_options  # noqa: B018 - first: no observer may take a flag of the core
        return self._collect("sacred_observers", records.ObserverSpec, clash_keys.of_observer)

    @functools.cached_property
    def exports(self) -> list[records.Export]:
        """All names on offer beside those of observers."""
        self.observers  # noqa: B018 - first: no export may take the name of an observer
        return self._collect("sacred_exports", records.Export, clash_keys.of_export)

    @functools.cached_property
    def config_sources(self) -> list[records.ConfigSource]:
        """All formats of configuration files on offer."""
        return self._collect("sacred_config_sources", records.ConfigSource, clash_keys.of_suffix)

    @functools.cached_property
    def host_info(self) -> list[records.HostInfo]:
        """All entries of host_info on offer."""
        return self._collect("sacred_host_info", records.HostInfo, clash_keys.of_host_info)

    @functools.cached_property
    def cli_options(self) -> list[records.CLIOption]:
        """All flags on offer, without those of observers."""
        return self._collect("sacred_cli_options", records.CLIOption, clash_keys.of_flag)

    @functools.cached_property
    def commands(self) -> list[records.CommandSpec]:
        """All commands on offer."""
        return self._collect("sacred_commands", records.CommandSpec, clash_keys.of_command)

    @functools.cached_property
    def key_checks(self) -> list[records.KeyCheck]:
        """All checks of the keys of configurations on offer."""
        return self._collect("sacred_key_checks", records.KeyCheck, clash_keys.none)

    @functools.cached_property
    def secret_patterns(self) -> list[SecretPattern]:
        """All patterns of secrets on offer."""
        return self._collect("sacred_secrets", SecretPattern, clash_keys.none)

    @functools.cached_property
    def aspects(self) -> list[records.Aspect]:
        """All aspects of comparisons on offer."""
        return self._collect("sacred_compare", records.Aspect, clash_keys.of_aspect)

    @functools.cached_property
    def queue_sources(self) -> "list[worker_records.QueueSource]":
        """All sources of queued runs on offer."""
        from sacred_core.hooks.worker_records import QueueSource

        return self._collect("sacred_queue_sources", QueueSource, clash_keys.of_queue_source)

    @functools.cached_property
    def stop_checks(self) -> "list[worker_records.StopCheck]":
        """All checks on offer that decide whether a run should end early."""
        from sacred_core.hooks.worker_records import StopCheck

        return self._collect("sacred_stop_checks", StopCheck, clash_keys.of_stop_check)

    @functools.cached_property
    def further_records(self) -> dict[str, list[Any]]:
        """The records on offer for hooks of plugins that return records, by hook."""
        kinds = {name: record_type(hook) for name, hook in self.hooks.items() if name not in HOOKS}
        return {name: self.collect(name, kind) for name, kind in kinds.items() if kind is not None}

    def seed(self, seed: int) -> None:
        """Call the hook for seeds of every plugin."""
        self.call("sacred_seed", seed=seed)

    def call(self, hook: str, **arguments: Any) -> list[Any]:
        """Call a hook, and return what each plugin returned but None, in the order of `plugins`.

        A plugin that raises is noted in its problems, and does not affect the others.

        Args:
            hook: The name of one of `hooks`.
            arguments: Those of the hook; a plugin may leave out any.

        Raises:
            PluginError: there is no such hook.
        """
        results = []
        for plugin, implementation in self._implementations(hook):
            try:
                results.append(implementation(**arguments))
            except BaseException as error:
                if ends_process(error):
                    raise
                self._note(plugin, f"{hook} failed: {_format_error(error)}")
        return [result for result in results if result is not None]

    def collect(self, hook: str, kind: type[R]) -> list[R]:
        """Return the records that the plugins yield for a hook without arguments.

        A plugin that raises, or yields anything else, is noted in its problems.

        Args:
            hook: The name of one of `hooks`.
            kind: The attrs class of its records. Strings like ``"package.module:name"`` in them
                are targets, see `sacred_core.hooks.targets.resolve_target`.

        Raises:
            PluginError: there is no such hook.
        """
        return self._collect(hook, kind, clash_keys.none)

    def collect_all(self) -> None:
        """Ask for everything, so that all problems are known."""
        for name in (
            "observers", "exports", "config_sources", "host_info", "cli_options", "commands",
            "key_checks", "secret_patterns", "aspects", "queue_sources", "stop_checks",
            "further_records",
        ):  # fmt: skip
            getattr(self, name)

    def check_single(self, kind: str, key: str) -> None:
        """Refuse the use of what two plugins offer.

        Args:
            kind: ``"flag"``, ``"name"``, ``"scheme"``, ``"suffix"``, ``"command"``,
                ``"subcommand"`` or ``"aspect"``.
            key: What is to be used.

        Raises:
            PluginClashError: two plugins offer it; both are named.
        """
        clash = self._clashes.get((kind, key))
        if clash is not None:
            raise PluginClashError(clash)

    def owner(self, kind: str, key: str) -> Plugin | None:
        """Return the plugin that offers something, None if none does.

        Args:
            kind: As in `check_single`, or ``"host info"``.
            key: What it offers.
        """
        self.collect_all()
        return self._owners.get((kind, key))

    def _import(self, found: FoundPlugin) -> Iterator[tuple[Plugin, Any]]:
        """Register a plugin, and yield it with its module if it can be used."""
        plugin = Plugin(found.name, found.distribution)
        namesake = next((p for p in self.plugins if p.name == found.name), None)
        self.plugins.append(plugin)
        if namesake is not None:
            self._break(plugin, f"{namesake.distribution} has a plugin of that name: remove one")
            return
        if found.name in SETTINGS.PLUGINS.DISABLE:
            plugin.state = "disabled"
            return
        _trace(f"loading {found.name} = {found.value} ({found.distribution})")
        mismatch = version_mismatch(found.requirement, __version__)
        if mismatch:
            self._break(plugin, mismatch)
            return
        try:
            module = found.load()
        except BaseException as error:
            if ends_process(error):
                raise
            state = "skipped" if isinstance(error, ModuleNotFoundError) else "broken"
            self._break(plugin, load_problem(error, found.value, found.distribution), state)
        else:
            yield plugin, module

    def _add_hooks(self, plugin: Plugin, module: Any) -> None:
        """Add the hooks that a plugin defines to those that there are."""
        if not implemented_hooks(module, {"sacred_hookspecs": HOOKS["sacred_hookspecs"]}):
            return
        try:
            for record in module.sacred_hookspecs() or ():
                _check(record, records.HookSpecs)
                defined = importlib.import_module(record.module)
                self._add_hooks_in(plugin, record.module, hooks_in(defined, plugin.distribution))
        except BaseException as error:
            if ends_process(error):
                raise
            self._break(plugin, f"sacred_hookspecs failed: {_format_error(error)}")

    def _add_hooks_in(self, plugin: Plugin, module: str, hooks: Mapping[str, Hook]) -> None:
        if not hooks:
            self._note(plugin, f"the module {module} has no function with the decorator @hookspec")
        for name, hook in hooks.items():
            if name in self.hooks:
                owner = self.hooks[name].distribution
                self._note(plugin, f"the hook {name!r} is defined by {owner} already")
                continue
            if not hook.version:
                self._note(
                    plugin, f"the docstring of the hook {name!r} has no 'Version added: ...'"
                )
            self.hooks[name] = hook
            namespace = ModuleType(name)
            setattr(namespace, name, hook.function)
            self._pluggy.add_hookspecs(namespace)

    def _register(self, plugin: Plugin, module: Any) -> None:
        if plugin.state != "loaded":
            return
        wrong: list[str] = []
        try:
            plugin.hooks = implemented_hooks(module, self.hooks)
            wrong = mistakes(module, self.hooks)
            self._pluggy.register(module, plugin.name)
        except pluggy.PluginValidationError:
            self._break(plugin, "; ".join(wrong))
        except BaseException as error:
            if ends_process(error):
                raise
            self._break(plugin, load_problem(error, str(module), plugin.distribution))
        else:
            for mistake in wrong:
                self._note(plugin, mistake)

    def _collect(self, hook: str, kind: type[R], keys: Callable[[R], Iterable[Key]]) -> list[R]:
        collected: list[R] = []
        for plugin, ask in self._implementations(hook):
            try:
                offered = [_check(record, kind) for record in ask() or ()]
            except BaseException as error:
                if ends_process(error):
                    raise
                self._break(
                    plugin, f"{hook} failed: {_format_error(error)}; report it to its authors"
                )
                continue
            for record in offered:
                for target in records.targets_of(record):
                    note_owner(target, plugin.name, plugin.distribution)
            usable = [record for record in offered if self._claim(plugin, keys(record))]
            plugin.records += [record for record in usable if record not in plugin.records]
            collected += usable
        return collected

    def _implementations(self, hook: str) -> Iterator[tuple[Plugin, Callable[..., Any]]]:
        """Yield the implementations in the order of `plugins`, never through one call."""
        if hook not in self.hooks:
            raise PluginError(
                f"the hook {hook!r} does not exist: hooks are {', '.join(self.hooks)}"
            )
        implementations = {
            implementation.plugin_name: implementation
            for implementation in getattr(self._pluggy.hook, hook).get_hookimpls()
            if not (implementation.hookwrapper or implementation.wrapper)
        }
        for plugin in self.plugins:
            if plugin.state == "loaded" and plugin.name in implementations:
                found = implementations[plugin.name]
                yield plugin, functools.partial(_call, found.function, found.argnames)

    def _claim(self, plugin: Plugin, keys: Iterable[Key]) -> bool:
        """Register the keys of ``plugin``; return whether no other plugin has one of them."""
        is_new = True
        for key in keys:
            owner = self._owners.setdefault(key, plugin)
            if owner is not plugin:
                is_new = False
                self._note_clash(owner, plugin, key)
        return is_new

    def _note_clash(self, owner: Plugin, plugin: Plugin, key: Key) -> None:
        """The core's own stays usable; of two plugins neither wins."""
        clash = (
            f"the plugins {owner.name!r} ({owner.distribution}) and {plugin.name!r} "
            f"({plugin.distribution}) both offer the {key[0]} {key[1]!r}: switch one off with "
            f"SACRED_PLUGINS__DISABLE={plugin.name}"
        )
        if owner.name != BUILTIN:
            self._clashes[key] = clash
        self._note(plugin, clash)

    def _break(self, plugin: Plugin, problem: str, state: str = "broken") -> None:
        plugin.state = state
        self._note(plugin, problem)

    def _note(self, plugin: Plugin, problem: str) -> None:
        if problem not in plugin.problems:
            plugin.problems.append(problem)
        if SETTINGS.PLUGINS.STRICT:
            raise PluginError(self.problems[-1])


@functools.cache
def plugin_manager() -> PluginManager:
    """Return the manager of this process; plugins are discovered at the first call."""
    manager = PluginManager()
    use_patterns(manager.secret_patterns)
    return manager


def _call(function: Callable[..., Any], names: Iterable[str], **arguments: Any) -> Any:
    return function(**{name: arguments[name] for name in names})


def _check(record: Any, kind: type[R]) -> R:
    if not isinstance(record, kind):
        raise TypeError(f"it must yield {kind.__name__} records, got {record!r}")
    return record


def _format_error(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _trace(text: str) -> None:
    if SETTINGS.PLUGINS.TRACE:
        sys.stderr.write(f"sacred plugins: {text}\n")
