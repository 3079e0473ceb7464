"""Opens the store that runs would be copied to, without creating it."""

from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.stores import RunStore, open_store
from sacred_core.stores.explaining import require_existing
from sacred_core.stores.opening import is_new_folder


def open_existing_target(location: str) -> RunStore | None:
    """Return the store at a location, None if `open_target` would create it.

    Args:
        location: As of `sacred_core.stores.opening.open_target`.

    Raises:
        OptionError: the argument of a flag cannot be parsed.
        StoreError: no installed plugin has such a location, or the store cannot be reached.
    """
    if is_new_folder(location):
        return None
    store = open_store(location)
    try:
        require_existing(store)
    except UnavailableError:
        raise
    except StoreError:
        return None
    return store
