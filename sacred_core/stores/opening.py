"""Finds the store of a location."""

import os
import re
from typing import cast

from sacred_core.exceptions import StoreError
from sacred_core.hooks.lookup import distribution_of, missing_reason
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.options import spellings
from sacred_core.hooks.records import CLIOption, ObserverSpec
from sacred_core.hooks.targets import call_target, resolve_target
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.locations import FilePath, absolute_path
from sacred_core.stores.model import StoredRun
from sacred_core.stores.recognition import (
    PATHS,
    path_problem,
    scheme_problem,
    spec_of_file,
    store_specs,
)
from sacred_core.stores.run_store import RunStore

#: What is in no name of a new folder, but in arguments of flags.
_NOT_A_FOLDER = re.compile(r"[:@]")
_ARCHIVE = ".zip"
_FLAG = re.compile(r"(?P<flag>--?[^\s=]+)[\s=]\s*(?P<argument>.+)", re.DOTALL)


def open_store(location: FilePath) -> RunStore:
    """Return the store at ``location``, with which runs are read, annotated and deleted.

    Args:
        location: The path of a folder; a URL like ``sqlite:///runs.db`` or
            ``mongodb://localhost/sacred``; or the flag of an observer with its argument, as on the
            command line of a script: ``"-m localhost:27017:sacred"``. The plugin must be installed.

    Raises:
        OptionError: the argument of the flag cannot be parsed.
        StoreError: no installed plugin reads such a location, or it has no store.
    """
    text = os.fspath(location)
    spec, argument = split_flag(text)
    if spec is not None and PATHS not in spec.schemes:
        return _open_argument(spec, argument)
    text = argument if spec is not None else text
    if not text.strip():
        raise StoreError("the location is empty: name a folder or a URL")
    spec = location_spec(text)
    if spec is None:
        raise StoreError(scheme_problem(text))
    plugin_manager().check_single("scheme", _scheme(text))
    if PATHS in spec.schemes and "://" not in text:
        problem = path_problem(text)
        if problem:
            raise StoreError(problem)
    return cast(RunStore, spec.open(text))


def open_target(location: FilePath) -> RunStore:
    """Return the store at ``location``, to which runs are copied; it is created if it is new.

    Args:
        location: As for `open_store`.

    Raises:
        OptionError, StoreError: as `open_store` does, but not because nothing is there.
    """
    text = os.fspath(location)
    spec = location_spec(text)
    is_writable = spec is not None and spec.target is not None
    if spec is None or not is_writable or (_is_folder(text) and not is_new_folder(text)):
        return open_store(location)
    return cast(RunStore, spec.create(split_flag(text)[1]).open_store())


def refuse_new_archive(location: str) -> None:
    """Raise an error for a path that would be a new folder with the name of an archive.

    Raises:
        StoreError: it is one.
    """
    is_path = split_flag(location)[0] is None and is_new_folder(location)
    if is_path and location.strip().lower().endswith(_ARCHIVE):
        raise StoreError(
            f"{location!r} would be a folder: to write an archive, use "
            f"'sacred runs pack LOCATION -o {location}'"
        )


def is_new_folder(location: str) -> bool:
    """Return whether a location is the path of a folder of runs that does not exist.

    An argument of a flag that is given without it, such as ``localhost:27017:db``, is not one.
    """
    path = split_flag(location)[1]
    is_path = _is_folder(location) and path.strip() != "" and _NOT_A_FOLDER.search(path) is None
    return is_path and not os.path.lexists(absolute_path(path))


def _is_folder(location: str) -> bool:
    """Return whether a location is a path, and no URL, of the plugin for folders of runs."""
    spec = location_spec(location)
    return spec is not None and PATHS in spec.schemes and "://" not in split_flag(location)[1]


def location_spec(location: str) -> ObserverSpec | None:
    """Return the observer whose store opens a location, None if no plugin is installed for it."""
    spec, argument = split_flag(location)
    if spec is not None:
        return spec
    wanted = _scheme(argument)
    if "://" not in argument:
        found = _spec_of_path(argument)
        if found is not None:
            return found
    return next((spec for spec in store_specs() if wanted in spec.schemes), None)


def _spec_of_path(path: str) -> ObserverSpec | None:
    try:
        return spec_of_file(absolute_path(path))
    except (OSError, ValueError):  # it is too long, or no file can have such a name
        return None


def split_flag(location: str) -> tuple[ObserverSpec | None, str]:
    """Return the observer whose flag a location begins with, and the argument of the flag.

    Returns:
        None and the location itself if it does not begin with a flag.

    Raises:
        StoreError: the plugin with the flag is not installed.
    """
    found = _FLAG.fullmatch(location)
    if found is None:
        return None, location
    for spec in store_specs():
        if spec.flags and found["flag"] in spellings([CLIOption(spec.flags)]):
            plugin_manager().check_single("flag", spec.flags[0])
            return spec, found["argument"]
    distribution = distribution_of(found["flag"])
    if distribution is None:
        return None, location
    raise StoreError(
        f"no installed plugin has the flag {found['flag']}: {missing_reason(distribution)}"
    )


def _scheme(location: str) -> str:
    scheme, is_url, _ = location.partition("://")
    return scheme.partition("+")[0].lower() if is_url else PATHS


def _open_argument(spec: ObserverSpec, argument: str) -> RunStore:
    """Return the store for the argument of an observer's flag.

    The class method ``from_argument`` of the store is called; without one, what the observer has
    as its location is opened.
    """
    store = spec.store or ""
    if hasattr(resolve_target(store), "from_argument"):
        return cast(RunStore, call_target(store, argument, method="from_argument"))
    location = getattr(spec.create(argument), "store_location", None)
    if location is None:
        raise StoreError(f"{spec.name} has no store_location: its runs cannot be read")
    return cast(RunStore, spec.open(location))


def annotate_run(store: RunStore, run: StoredRun, annotation: Annotation) -> bool:
    """Annotate a run as its observer does.

    Args:
        store: Of the run.
        run: As an observer knows it.
        annotation: What is added.

    Returns:
        False if another run has its id.

    Raises:
        StoreError: the run does not exist, or the store cannot be written to.
    """
    if store.get(run.id).uid != run.uid:
        return False
    store.annotate(run.id, annotation)
    return True
