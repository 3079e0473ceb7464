"""What every plugin promises to sacred-core."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from typing import Any, ClassVar

from sacred_core.exceptions import SacredError
from sacred_core.hooks.discovery import (
    FoundPlugin,
    implemented_hooks,
    installed_plugins,
    mistakes,
    normalize_project,
)
from sacred_core.hooks.manager import PluginManager
from sacred_core.hooks.records import LONGEST_SUMMARY, ObserverSpec
from sacred_core.hooks.targets import Target, resolve_target
from sacred_core.observers.event_names import misnamed_methods
from sacred_core.plurals import counted

#: Arguments of flags that hardly any observer can use.
_ARGUMENTS = ("", " ", "://", "nosuch://x", "a\0b", "!x", "[", "%zz", "x" * 5000, "caf\udce9")
_LIGHT = {"attr", "attrs", "pluggy", "sacred_core"}


class PluginContract:
    """The tests that a plugin's author runs first. Install the plugin, then subclass.

    Example:
        ```python
        from sacred_core.testing import PluginContract

        class TestPlugin(PluginContract):
            distribution = "acme-sacred"
        ```

    Attributes:
        distribution: What the plugin is installed as.
        light_modules: Top-level modules, beside the standard library's, that the plugin's
            module may import because they cost next to nothing.
    """

    distribution: ClassVar[str]
    light_modules: ClassVar[frozenset[str]] = frozenset()

    def test_it_requires_a_range_of_sacred_core(self) -> None:
        """The distribution requires a version range, as later versions may have other hooks."""
        found = [plugin.requirement for plugin in self._entry_points()]
        _require(
            all("<" in requirement and ">" in requirement for requirement in found),
            f"{self.distribution} must require a range like sacred-core>=0.1,<0.2, not {found}",
        )

    def test_it_has_a_description(self) -> None:
        """The metadata has a version and a summary, which `sacred plugins` and package indexes
        show.
        """
        metadata = self._distribution().metadata
        _require(bool(metadata["Summary"]), f"{self.distribution} has no description")

    def test_its_module_loads(self) -> None:
        """The entry point names a module that can be imported."""
        for plugin in self._entry_points():
            plugin.load()

    def test_it_implements_a_hook_without_mistakes(self) -> None:
        """The module implements a hook; names and arguments are correct, and each has its
        decorator.
        """
        hooks = PluginManager().hooks  # those of other plugins too
        for plugin in self._entry_points():
            module = plugin.load()
            found = mistakes(module, hooks)
            _require(not found, "; ".join(found))
            _require(
                bool(implemented_hooks(module, hooks)),
                f"{plugin.value} implements no hook: there are {', '.join(hooks)}",
            )

    def test_its_hooks_return_records(self) -> None:
        """Each hook returns records, and nothing that another plugin offers."""
        manager = PluginManager()
        manager.collect_all()
        modules = [plugin.load() for plugin in self._entry_points()]
        known = {mistake for module in modules for mistake in mistakes(module, manager.hooks)}
        names = {plugin.name for plugin in self._entry_points()}
        found = [problem for p in manager.plugins if p.name in names for problem in p.problems]
        problems = [problem for problem in found if problem not in known]
        _require(not problems, "; ".join(problems))

    def test_its_targets_can_be_imported(self) -> None:
        """The target of each record exists."""
        for target in self._targets():
            resolve_target(target)

    def test_its_flags_report_bad_arguments(self) -> None:
        """Each observer accepts an argument of its flag or raises a `SacredError` of one line, such
        as a `UsageError`; it creates nothing before a run starts.
        """
        for spec, observer in self._observers():
            for argument in _ARGUMENTS if spec.flags else ():
                with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
                    _require_sentence(spec, observer, argument)
                    made = os.listdir(folder)  # noqa: PTH208 - names only
                    _require(not made, f"{spec.name} for {argument!r} has created {made}")

    def test_its_event_methods_exist(self) -> None:
        """A public method whose name looks like an event, such as ``start_event``, is one."""
        for _, observer in self._observers():
            found = misnamed_methods(observer)
            _require(not found, "; ".join(found))

    def test_its_commands_have_short_summaries(self) -> None:
        """Each command, also in a group, has a summary of at most 45 characters for the help of
        the group that it is in.
        """
        builtin = PluginManager([]).commands
        for spec in PluginManager(self._entry_points()).commands:
            if spec in builtin:
                continue
            summaries = {spec.name: spec.help}
            if not spec.of_experiments:
                summaries |= _inner_summaries(resolve_target(spec.target), spec.name)
            for name, text in summaries.items():
                _require(
                    0 < len(text) <= LONGEST_SUMMARY,
                    f"the summary of {name!r} needs 1 to {counted(LONGEST_SUMMARY, 'character')}: "
                    f"{text!r}",
                )

    def test_its_module_imports_nothing_heavy(self) -> None:
        """The module is light, because every command line imports it; heavy code is behind
        targets. Modules of other plugins are imported anyway.
        """
        plugins = {plugin.value.partition(":")[0] for plugin in installed_plugins()}
        others = {module.partition(".")[0] for module in plugins}
        for plugin in self._entry_points():
            module = plugin.value.partition(":")[0]
            own = module.partition(".")[0]
            light = _LIGHT | self.light_modules | sys.stdlib_module_names | others | {own}
            heavy = sorted(_modules_loaded_by(module) - light)
            _require(not heavy, f"{module} imports {', '.join(heavy)}")

    def _distribution(self) -> Distribution:
        return distribution(self.distribution)

    def _entry_points(self) -> list[FoundPlugin]:
        wanted = normalize_project(self.distribution)
        found = [
            plugin
            for plugin in installed_plugins()
            if normalize_project(plugin.distribution.rpartition(" ")[0]) == wanted
        ]
        _require(
            bool(found),
            f"{self.distribution} is not installed, or has no entry point in the group sacred_core",
        )
        return found

    def _observers(self) -> Iterator[tuple[ObserverSpec, Any]]:
        """Yield the observers that can be imported; another rule is about the others."""
        for spec in self._manager().observers:
            with contextlib.suppress(ImportError):
                if spec.target is not None:
                    yield spec, resolve_target(spec.target)

    def _manager(self) -> PluginManager:
        return PluginManager(self._entry_points())

    def _targets(self) -> Iterator[Target]:
        builtin = _records(PluginManager([]))
        for record in _records(self._manager()):
            if record not in builtin:
                yield from _targets_of(record)


def _records(manager: PluginManager) -> list[Any]:
    return [
        *manager.observers,
        *manager.exports,
        *manager.config_sources,
        *manager.host_info,
        *manager.cli_options,
        *manager.commands,
        *manager.aspects,
        *manager.queue_sources,
        *manager.stop_checks,
        *(record for records in manager.further_records.values() for record in records),
    ]


def _targets_of(record: Any) -> Iterator[Target]:
    for name in (
        "target", "store", "load", "dump", "gather", "apply", "collect", "render", "fill", "check",
    ):  # fmt: skip
        target = getattr(record, name, None)
        if target is not None:
            yield target


def _require_sentence(spec: ObserverSpec, observer: Any, argument: str) -> None:
    """Require that an observer is created, or that its plugin explains in a line why not."""
    where = f"{spec.name} for the argument {argument!r} of {'/'.join(spec.flags)}"
    try:
        getattr(observer, "from_argument", observer)(argument)
    except SacredError as error:
        _require(len(str(error).splitlines()) == 1, f"{where}: {error!r} has not one line")
    except Exception as error:
        raise AssertionError(f"{where} raises {error!r}: raise a UsageError") from error


def _inner_summaries(command: Any, path: str) -> dict[str, str]:
    """Return the summaries of all commands in a group of click, by their names."""
    found: dict[str, str] = {}
    for name, inner in getattr(command, "commands", {}).items():
        full = f"{path} {name}"
        found[full] = inner.get_short_help_str(limit=10_000)
        found |= _inner_summaries(inner, full)
    return found


def _modules_loaded_by(module: str) -> set[str]:
    """Return the top-level modules that are there after importing ``module``, and only then."""
    listing = "import sys; print(*sys.modules)"
    before, after = (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
        for code in (listing, f"import {module}\n{listing}")
    )
    return {name.partition(".")[0] for name in set(after) - set(before)}


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise AssertionError(message)
