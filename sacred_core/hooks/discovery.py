"""Finds the installed plugins.

Entry points are read from the metadata folders on ``sys.path``, as the packaging standard lays
them out (https://packaging.python.org/specifications/entry-points/). ``importlib.metadata``
does the same, but importing it and letting it look at some hundred distributions costs more
than all else that a script's command line does; it is asked only about what is no folder.
"""

import importlib
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

import attrs

GROUP = "sacred_core"
_REQUIREMENT = re.compile(r"Requires-Dist:\s*sacred[-_.]core\b\s*([^;\[]*)", re.I)
_SUFFIXES = (".dist-info", ".egg-info")


@attrs.frozen
class FoundPlugin:
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
                found += _parsed(text, distribution, folder)
    return found


def _metadata(entry: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield normalised name, name with version, entry points and folder of distributions."""
    if os.path.isfile(entry):  # noqa: PTH113 - a zip archive; pathlib is not needed so far
        yield from _metadata_of_archive(entry)
        return
    for folder, project, version in metadata_folders(entry, _SUFFIXES):
        text = _read(f"{folder}/entry_points.txt")
        yield normalised(project), f"{project} {version}".strip(), text, folder


def metadata_folders(entry: str, suffixes: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Yield path, project and version of the metadata folders in ``entry``, a part of sys.path.

    Args:
        entry: A folder; one that is not there holds none.
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
        yield normalised(found.name), f"{found.name} {found.version}", text, ""


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, ValueError):
        return ""


def _parsed(text: str, distribution: str, folder: str) -> Iterator[FoundPlugin]:
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


def normalised(project: str) -> str:
    """Return the name by which the packaging standard compares projects."""
    return re.sub(r"[-_.]+", "-", project).lower()
