"""Opens the stores that runs are copied to, which need not exist yet."""

import re
from typing import cast

from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.stores import RunStore, open_store
from sacred_core.stores.explaining import require_existing
from sacred_core.stores.locations import absolute_path
from sacred_core.stores.opening import location_spec, split_flag
from sacred_core.stores.recognition import PATHS

#: What is in no name of a new folder, but in arguments of flags, such as ``localhost:27017:db``.
_NOT_A_FOLDER = re.compile(r"[:@]")


def open_target(location: str) -> RunStore:
    """Return the store at a location for writing; it is created if it does not exist.

    Args:
        location: As of `open_store`, and also a folder or a database that does not exist.

    Raises:
        OptionError: the argument of a flag cannot be parsed.
        StoreError: no installed plugin has such a location, or a folder has other contents.
    """
    spec = location_spec(location)
    if spec is None or (_is_folder(location) and not _is_new_folder(location)):
        store = open_store(location)  # raises an error about another kind of folder
        if spec is None:
            return store
    return cast(RunStore, spec.create(split_flag(location)[1]).open_store())


def open_existing_target(location: str) -> RunStore | None:
    """Return the store at a location, None if `open_target` would create it.

    Args:
        location: As of `open_target`.

    Raises:
        OptionError: the argument of a flag cannot be parsed.
        StoreError: no installed plugin has such a location, or the store cannot be reached.
    """
    if _is_folder(location) and _is_new_folder(location):
        return None
    store = open_store(location)
    try:
        require_existing(store)
    except UnavailableError:
        raise
    except StoreError:
        return None
    return store


def _is_folder(location: str) -> bool:
    """Return whether a location is the path of a folder of runs, and no URL."""
    spec = location_spec(location)
    return spec is not None and PATHS in spec.schemes and "://" not in split_flag(location)[1]


def _is_new_folder(location: str) -> bool:
    path = split_flag(location)[1]
    is_name = path.strip() != "" and _NOT_A_FOLDER.search(path) is None
    return is_name and not absolute_path(path).exists() and not absolute_path(path).is_symlink()
