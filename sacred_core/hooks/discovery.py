"""Finds the installed plugins, and mistakes in them that pluggy would overlook.

Entry points are read from the metadata folders on ``sys.path``, as the packaging standard defines
them (https://packaging.python.org/specifications/entry-points/). ``importlib.metadata`` does the
same, but importing it and reading some hundred distributions with it costs more than all else that
a script's command line does; it is used only for what is not a folder.
"""

import importlib
import inspect
import os
import re
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, NamedTuple

import attrs

from sacred_core.hooks import specs
from sacred_core.version import __version__

GROUP = "sacred_core"
_REQUIREMENT = re.compile(r"Requires-Dist:\s*sacred[-_.]core\b\s*([^;\[]*)", re.I)
_SUFFIXES = (".dist-info", ".egg-info")
# What pluggy's markers set on a specification and on an implementation.
_SPEC_MARK, _MARK = "sacred_core_spec", "sacred_core_impl"
_VERSION = re.compile(r"Version added: *([\w.+-]*\w)")


class Hook(NamedTuple):
    """A hook that plugins may implement.

    Attributes:
        name: Its name.
        arguments: Names of its arguments.
        distribution: Name and version of what defines it.
        version: That brought it; empty if its docstring does not contain it.
        summary: The first line of its docstring.
        function: The specification.
    """

    name: str
    arguments: tuple[str, ...]
    distribution: str
    version: str
    summary: str
    function: Any


def hooks_in(module: Any, distribution: str) -> dict[str, Hook]:
    """Return the hooks that the functions of ``module`` specify, by name."""
    found = {}
    for name, function in vars(module).items():
        if hasattr(function, _SPEC_MARK):
            text = inspect.getdoc(function) or ""
            arguments = tuple(inspect.signature(function).parameters)
            version = _VERSION.search(text)
            summary = text.partition("\n")[0]
            found[name] = Hook(
                name, arguments, distribution, version[1] if version else "", summary, function
            )
    return found


def record_type(hook: Hook) -> type[Any] | None:
    """Return the class of the records of a hook that is annotated with ``Iterable[Record]``.

    None of a hook with arguments, and of one whose annotation is missing or names no attrs class.
    """
    import typing  # only `sacred plugins` and the contract of plugins need it

    try:
        returned = typing.get_type_hints(hook.function).get("return")
    except Exception:  # noqa: BLE001 - an annotation may be anything
        return None
    kinds = typing.get_args(returned)
    is_record = len(kinds) == 1 and isinstance(kinds[0], type) and attrs.has(kinds[0])
    return kinds[0] if is_record and not hook.arguments else None


#: The hooks of the core.
HOOKS = hooks_in(specs, f"sacred-core {__version__}")


class FoundPlugin(NamedTuple):
    """An entry point of the group ``sacred_core``.

    Attributes:
        name: What the plugin is called.
        value: Its module, as ``"package.module"``.
        distribution: Name and version of what it was installed as.
        requirement: What it asks of the version of sacred-core, like ``">=0.1,<0.2"``.
    """

    name: str
    value: str
    distribution: str
    requirement: str = ""

    def load(self) -> Any:
        """Import the module; what that raises passes."""
        module, _, attributes = self.value.partition(":")
        found: Any = importlib.import_module(module.strip())
        for attribute in filter(None, attributes.split(".")):
            found = getattr(found, attribute)
        return found


def installed_plugins() -> list[FoundPlugin]:
    """Return the plugins on ``sys.path``; of a distribution that is there twice, the first."""
    found: list[FoundPlugin] = []
    seen: set[str] = set()
    for entry in sys.path:
        for project, distribution, text, folder in _metadata(entry or os.curdir):
            if project not in seen:
                seen.add(project)
                found += _parse(text, distribution, folder)
    return found


def _metadata(entry: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield normalised name, name with version, entry points and folder of distributions."""
    if os.path.isfile(entry):  # noqa: PTH113 - a zip archive; pathlib is not needed so far
        yield from _metadata_of_archive(entry)
        return
    for folder, project, version in metadata_folders(entry, _SUFFIXES):
        text = _read(f"{folder}/entry_points.txt", GROUP)
        yield normalize_project(project), f"{project} {version}".strip(), text, folder


def metadata_folders(entry: str, suffixes: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Yield path, project and version of the metadata folders in ``entry``, a part of sys.path.

    Args:
        entry: A folder; a missing folder contains none.
        suffixes: Of the folders' names, like ``(".dist-info",)``.
    """
    try:
        names = sorted(name for name in os.listdir(entry) if name.endswith(suffixes))  # noqa: PTH208
    except OSError:  # not there, or not ours to read: Python skips it too
        return
    for name in names:
        project, _, version = name.rpartition(".")[0].partition("-")
        yield f"{entry}/{name}", project.replace("_", "-"), version


def _metadata_of_archive(entry: str) -> Iterator[tuple[str, str, str, str]]:
    from importlib.metadata import distributions

    for found in distributions(path=[entry]):
        text = found.read_text("entry_points.txt") or ""
        yield normalize_project(found.name), f"{found.name} {found.version}", text, ""


def _read(path: str, word: str = "") -> str:
    """Return the content of a file with this word; of others, as of a missing one, ``""``."""
    try:
        # Some hundred of these are read, few with the word: the others are not decoded.
        with open(path, "rb", buffering=0) as file:
            data = file.read()
            return data.decode() if word.encode() in data else ""
    except (OSError, ValueError):
        return ""


def _parse(text: str, distribution: str, folder: str) -> Iterator[FoundPlugin]:
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line.strip("[] ")
        elif section == GROUP and "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            target = value.partition("[")[0].strip()
            yield FoundPlugin(name.strip(), target, distribution, _requirement(folder))


def _requirement(folder: str) -> str:
    for line in _read(f"{folder}/METADATA").partition("\n\n")[0].splitlines():
        match = _REQUIREMENT.match(line)
        if match and "extra" not in line:
            return match[1].strip(" ()")
    return ""


def normalize_project(project: str) -> str:
    """Return the name by which the packaging standard compares projects."""
    name = project.replace("_", "-").replace(".", "-").lower()
    return name if "--" not in name else re.sub("-+", "-", name)


def implemented_hooks(module: Any, hooks: Mapping[str, Hook] = HOOKS) -> tuple[str, ...]:
    """Return the names of those of ``hooks`` that ``module`` implements."""
    return tuple(name for name in hooks if hasattr(getattr(module, name, None), _MARK))


def mistakes(module: Any, hooks: Mapping[str, Hook] = HOOKS) -> list[str]:
    """Return a sentence for each misspelt hook, unknown argument and forgotten decorator.

    Args:
        module: Of a plugin.
        hooks: All that there are, by name.
    """
    found = []
    for name, value in vars(module).items():
        is_own = not isinstance(module, ModuleType) or _module_of(value) == module.__name__
        mark = getattr(value, _MARK, None)
        if mark is not None and name in hooks:
            found += _unknown_arguments(hooks[name], value)
        elif mark is not None and not mark.get("optionalhook"):
            found.append(f"unknown hook {name!r}{_suggestion(name, hooks)}")
        elif mark is None and name.startswith("sacred_") and is_own and _close(name, hooks):
            end = "" if name in hooks else _suggestion(name, hooks)
            found.append(f"the function {name!r} lacks the decorator @hookimpl{end}")
    return found


def _module_of(value: Any) -> str | None:
    """Return the name of the module in which a function was defined; None for other values."""
    return value.__module__ if inspect.isfunction(value) else None


def _unknown_arguments(hook: Hook, implementation: Any) -> list[str]:
    given = inspect.signature(implementation).parameters
    takes = f"it takes ({', '.join(hook.arguments)})"
    return [
        f"the hook {hook.name!r} has no argument {argument!r}: {takes}"
        for argument in given
        if argument not in hook.arguments
    ]


def _close(name: str, hooks: Mapping[str, Hook]) -> list[str]:
    import difflib  # only where something is wrong

    return difflib.get_close_matches(name, hooks, 1, 0.8)


def _suggestion(name: str, hooks: Mapping[str, Hook]) -> str:
    import difflib  # only where something is wrong

    close = difflib.get_close_matches(name, hooks, 1)
    return f", did you mean {close[0]!r}?" if close else f": there are {', '.join(hooks)}"


def version_mismatch(requirement: str, version: str) -> str:
    """Return how ``version`` of the core misses ``requirement``, like ``">=0.2,<0.3"``, or ``""``.

    Compared are the numbers of ``>=``, ``>`` and ``<``; anything else pip has looked at.
    """
    missed = bound_missed(requirement, version)
    if not missed:
        return ""
    fix = "upgrade the plugin" if missed == "<" else "pip install -U sacred-core"
    return f"it needs sacred-core{requirement}, and {version} is installed: {fix}"


def bound_missed(requirement: str, version: str) -> str:
    """Return the operator of the first bound that ``version`` misses, ``""`` if it misses none."""
    have = _numbers(version)
    for operator, bound in re.findall(r"(>=|<=|>|<)\s*([\d.]+)", requirement):
        want = _numbers(bound)
        if (operator == ">=" and have < want) or (operator == ">" and have <= want):
            return str(operator)
        if operator == "<" and have >= want:
            return str(operator)
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3]]
    return tuple(numbers + [0] * (3 - len(numbers)))
