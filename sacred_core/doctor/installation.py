"""Checks of Python, the installed distributions and the plugins."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution
from pathlib import Path

from sacred_core.doctor.distributions import (
    CORE,
    installed_distributions,
    own_distributions,
    project_of,
    requirements_of,
)
from sacred_core.doctor.findings import Finding, failure, passed, warning
from sacred_core.hooks.discovery import bound_missed
from sacred_core.hooks.manager import Plugin, PluginManager, plugin_manager
from sacred_core.hooks.records import ObserverSpec
from sacred_core.hooks.targets import ends_process, resolve_target


def check_python() -> Iterator[Finding]:
    """Find which Python runs ``sacred``, and whether scripts run with the same one."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield passed(f"Python {version}, {sys.executable}")
    command, python = shutil.which("sacred"), shutil.which("python")
    if command is None or python is None:
        return
    own = Path(sys.executable).parent
    if Path(command).parent == own and Path(python).parent != own:
        yield warning(
            f"the command sacred uses {sys.executable}, and the command python is {python}: each "
            "has its own plugins",
            "install sacred-core and its plugins with the Python of your scripts: "
            f"{python} -m pip install sacred-core",
        )


def check_packages() -> Iterator[Finding]:
    """Find the versions of sacred-core and its plugins, and requirements that are not met."""
    installed = installed_distributions()
    own = own_distributions(installed)
    yield passed(", ".join(f"{found.name}=={found.version}" for found in own))
    for found in own:
        yield from _find_copies(installed[project_of(found)])
        for name, bounds in requirements_of(found):
            yield from _find_requirement(found, name, bounds, installed.get(name, ()))


def _find_copies(copies: Sequence[Distribution]) -> Iterator[Finding]:
    if len(copies) > 1:
        name = copies[0].name
        places = ", ".join(f"{each.version} in {each.locate_file('')}" for each in copies)
        yield failure(
            f"{name} is installed more than once: {places}; the first is used",
            f"pip uninstall {name}, until it reports that {name} is not installed; then "
            f"pip install {name}",
        )


def _find_requirement(
    found: Distribution,
    name: str,
    bounds: str,
    copies: Sequence[Distribution],
) -> Iterator[Finding]:
    needs = f"{found.name} {found.version} requires {name}{bounds}"
    if not copies:
        yield failure(f"{needs}, which is not installed", f"pip install '{name}{bounds}'")
    elif name != CORE and bound_missed(bounds, copies[0].version):  # plugins report the core's
        yield failure(
            f"{needs}, and {copies[0].version} is installed", f"pip install '{name}{bounds}'"
        )


def check_plugins() -> Iterator[Finding]:
    """Find plugins that cannot be used, by importing their observers and stores."""
    manager = plugin_manager()
    manager.collect_all()
    broken = False
    for plugin in manager.plugins:
        problems = [*plugin.problems, *_import_problems(plugin)]
        broken = broken or bool(problems)
        for problem in problems:
            yield failure(_without_plugin(problem, plugin), _fix_of(plugin))
    disabled = [plugin.name for plugin in manager.plugins if plugin.state == "disabled"]
    if disabled:
        yield passed(f"disabled by SETTINGS.PLUGINS.DISABLE: {', '.join(disabled)}")
    yield from _find_observers(manager, broken)


def _find_observers(manager: PluginManager, is_broken: bool) -> Iterator[Finding]:
    observers = [spec.name for spec in manager.observers if spec.target is not None]
    if observers:
        yield passed(f"observers: {', '.join(observers)}")
    elif not is_broken:
        yield warning(
            "no plugin with an observer is installed: runs cannot be recorded",
            "pip install sacred-file, then: python SCRIPT -F my_runs",
        )


def _import_problems(plugin: Plugin) -> list[str]:
    """Return why observers and stores of a plugin cannot be imported, such as a missing library."""
    problems = []
    specs = [record for record in plugin.records if isinstance(record, ObserverSpec)]
    targets = (each for spec in specs for each in (spec.target, spec.store))
    for target in (each for each in targets if each is not None):
        try:
            resolve_target(target)
        except BaseException as error:
            if ends_process(error):
                raise
            problems.append(str(error))
    return [*dict.fromkeys(problems)]


def _without_plugin(problem: str, plugin: Plugin) -> str:
    start = f"The plugin {plugin.name!r} ({plugin.distribution}): "
    return start[0].lower() + start[1:] + problem.removeprefix(start)


def _fix_of(plugin: Plugin) -> str:
    name = plugin.distribution.partition(" ")[0]
    return (
        f"pip install --upgrade --force-reinstall {name}, or skip the plugin with "
        f"SACRED_PLUGINS__DISABLE={plugin.name}"
    )
