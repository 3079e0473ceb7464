"""The installed distributions, as the metadata folders on ``sys.path`` describe them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import Distribution, distributions

from sacred_core.hooks.discovery import GROUP, normalize_project

CORE = "sacred-core"
#: A requirement without a marker: name, extras and bounds.
_REQUIREMENT = re.compile(r"\s*([\w.-]+)\s*(?:\[[^\]]*\])?\s*\(?([^;()]*)\)?\s*")


def project_of(found: Distribution) -> str:
    """Return the name of a distribution, as the packaging standard compares it."""
    return normalize_project(found.metadata["Name"])


#: All distributions by project; the first of a project is the one that is imported.
Installed = Mapping[str, Sequence[Distribution]]


def installed_distributions() -> Installed:
    """Return all distributions on ``sys.path``."""
    found: dict[str, list[Distribution]] = {}
    for each in distributions():
        if each.metadata["Name"]:  # else a folder that an interrupted installation left
            copies = found.setdefault(project_of(each), [])
            if all(str(each.locate_file("")) != str(copy.locate_file("")) for copy in copies):
                copies.append(each)
    return found


def own_distributions(installed: Installed) -> list[Distribution]:
    """Return sacred-core, and the distributions with plugins or for them, by name."""
    found = [copies[0] for _, copies in sorted(installed.items())]
    needed = {name for each in found if _has_plugin(each) for name, _ in requirements_of(each)}
    return [
        each
        for each in found
        if project_of(each) == CORE
        or _has_plugin(each)
        or (project_of(each) in needed and CORE in dict(requirements_of(each)))
    ]


def requirements_of(found: Distribution) -> Iterator[tuple[str, str]]:
    """Yield project and bounds, such as ``">=2,<3"``, of what a distribution always requires."""
    for text in found.requires or ():
        match = _REQUIREMENT.fullmatch(text)
        if match is not None:
            yield normalize_project(match[1]), match[2].strip()


def _has_plugin(found: Distribution) -> bool:
    text = found.read_text("entry_points.txt") or ""  # most have none, or not this word
    return GROUP in text and any(entry.group == GROUP for entry in found.entry_points)
