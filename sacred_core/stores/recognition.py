"""Recognizes stores in folders and files, and explains locations that are none."""

import difflib
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sacred_core.hooks.lookup import (
    KNOWN_NAMES,
    KnownName,
    distribution_of_scheme,
    missing_reason,
)
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import ObserverSpec
from sacred_core.hooks.targets import resolve_target
from sacred_core.loggers import own_logger
from sacred_core.masking import mask_text
from sacred_core.stores.locations import absolute_path, short_path

_logger = own_logger(__name__)
#: The scheme of locations that are paths.
PATHS = "file"
#: A URL with a typing error: a colon or a slash is missing.
_URL = re.compile(r"([A-Za-z0-9]+)(?::(?!//)|//).*")
#: Levels of sub-folders that are searched.
DEPTH = 8


def store_specs() -> list[ObserverSpec]:
    """Return the observers whose runs can be read."""
    return [spec for spec in plugin_manager().observers if spec.store is not None]


def find_locations(folder: Path, depth: int = DEPTH) -> dict[str, str]:
    """Return the locations of the stores in a folder and its sub-folders.

    Args:
        folder: Where to look. Folders whose names begin with ``.`` or ``_`` are omitted, and
            links to folders are not followed.
        depth: Levels of sub-folders.

    Returns:
        Locations by their paths from the folder, ``""`` for itself, in alphabetical order. Stores
        are recognized by the method ``location_of(path)`` of their classes.
    """
    recognizers = [found for _, found in _recognizers()]
    found: dict[str, str] = {}
    for path in _paths(folder, depth):
        for location_of in recognizers:
            location = location_of(path)
            if location is not None:
                name = path.relative_to(folder).as_posix()
                found["" if name == "." else name] = location
                break
    return dict(sorted(found.items()))


def scheme_problem(location: str) -> str:
    """Return why no installed plugin reads a URL, or a path, and what to do."""
    scheme, is_url, _ = location.partition("://")
    wanted = scheme.partition("+")[0].lower() if is_url else PATHS
    known = sorted({name for spec in store_specs() for name in spec.schemes})
    message = f"no installed plugin reads {mask_text(location)!r}"
    if hint := _url_hint(location):
        return f"{message}{hint}"
    distribution = distribution_of_scheme(wanted)
    if distribution is not None and wanted not in known:
        return f"{message}: {missing_reason(distribution)}"
    near = difflib.get_close_matches(wanted, known, 1)
    hint = f": did you mean {near[0]}://?" if near else ""
    return f"{message}{hint} (schemes: {', '.join(known) or 'none'})"


def spec_of_file(path: Path) -> ObserverSpec | None:
    """Return the observer whose store is in a file and opened by its path, None if there is none.

    Other files are opened by a URL, such as ``sqlite:///runs.db``.
    """
    if path.is_file():
        for spec, location_of in _recognizers():
            if location_of(path) == str(path):
                return spec
    return None


def path_problem(location: str) -> str:
    """Return why a path is not the location of runs, or an empty string.

    A folder without anything that is recognized has no problem: runs may be recorded there.
    """
    path = absolute_path(location)
    try:
        if path.is_dir():
            return "" if _is_empty(path) else _other_kind(location, path)
        if path.exists():
            is_file = f"{location!r} is a file, not a folder of runs"
            return _other_kind(location, path) or is_file + _parent_hint(location)
        if path.is_symlink():
            return f"the link {location!r} leads to nothing"
    except OSError as error:
        return f"cannot read {location!r}: {error.strerror}"
    return f"there is no folder {location!r}{_missing_hint(location, path)}"


def runs_above(location: str) -> str | None:
    """Return the path of the store that has a path in it, of a run for example.

    Only folders that the user wrote are considered, and the working directory.
    """
    for parent in [*Path(location).expanduser().parents][:2]:
        for _, location_of in _recognizers():
            if location_of(parent) is not None:
                return str(parent)
    return None


def _is_empty(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return next(entries, None) is None


def _other_kind(location: str, path: Path) -> str:
    """Return what is at a path if it is not a folder of runs but another store."""
    found = []
    for spec, location_of in _recognizers(first=PATHS):
        other = location_of(path)
        if other is not None:
            if PATHS in spec.schemes:
                return ""
            found.append((spec, location_of(Path(short_path(path))) or other))
    if not found:
        return ""
    spec, other = found[0]
    kind = getattr(resolve_target(spec.store or ""), "kind_name", f"a store of {spec.name}")
    return f"{location!r} is {kind}, not a folder of runs: use {mask_text(other)}"


def _missing_hint(location: str, path: Path) -> str:
    try:
        names = [entry.name for entry in os.scandir(path.parent)]
    except OSError:
        names = []
    near = difflib.get_close_matches(path.name, names, 1)
    if near:
        return f": did you mean {short_path(path.parent / near[0])!r}?"
    if hint := _url_hint(location):
        return hint
    above = _parent_hint(location)
    if above or not re.search(r"[:@]", location):
        return above
    flags = ", ".join(spec.flags[0] for spec in store_specs() if spec.flags)
    return f"; give the argument of a flag with its flag ({flags})"


def _url_hint(location: str) -> str:
    """Return the end of a message for a URL in which a colon or a slash is missing, else ""."""
    found = _URL.fullmatch(location)
    scheme = "" if found is None else found[1].lower()
    return f": a URL begins with {scheme}://" if scheme in _schemes() else ""


def _schemes() -> set[str]:
    """Return the schemes of the stores of all official plugins, and of those that are installed."""
    offered: list[ObserverSpec | KnownName] = [*store_specs(), *KNOWN_NAMES]
    return {scheme for each in offered for scheme in each.schemes}


def _parent_hint(location: str) -> str:
    above = runs_above(location)
    return f"; there are runs in {above!r}" if above else ""


def _recognizers(first: str = "") -> Iterator[tuple[ObserverSpec, Callable[[Path], Any]]]:
    """Yield what recognizes the stores of each plugin that can be imported.

    Args:
        first: A scheme; the store that opens it comes first.
    """
    for spec in sorted(store_specs(), key=lambda spec: first not in spec.schemes):
        try:
            store = resolve_target(spec.store or "")
        except ImportError:
            continue
        if hasattr(store, "location_of"):
            yield spec, partial(_recognize, store)


def _recognize(store: Any, path: Path) -> str | None:
    """Return the location of the store in ``path``; None where the plugin cannot answer."""
    try:
        location: str | None = store.location_of(path)
    except Exception as error:  # noqa: BLE001 - foreign code; other stores are recognized
        _logger.debug("%s.location_of(%r): %s", store.__name__, str(path), error)
        return None
    return location


def _paths(folder: Path, depth: int) -> Iterator[Path]:
    """Yield a folder, and the files and folders below it."""
    yield folder
    if depth < 0:
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith((".", "_")):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _paths(Path(entry.path), depth - 1)
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path)
