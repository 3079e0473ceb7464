"""The store in which a sweep is queued."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from sacred_core.exceptions import OptionError, StoreError, UnavailableError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import flag_name
from sacred_core.masking import mask_text
from sacred_core.stores.run_queue import RunQueue
from sacred_core.stores.run_store import RunQuery
from sacred_core.transfer.targets import open_existing_target
from sacred_sweep.settings import SweepSettings


def find_store(observers: Sequence[Any], settings: SweepSettings) -> tuple[Any, Any]:
    """Return the first observer whose store has a queue, and the store.

    A dry run creates no store: if it does not exist, it is None.

    Raises:
        OptionError: no observer has such a store.
        UnavailableError: the store cannot be reached.
    """
    for observer in observers:
        try:
            store = _open_existing(observer) if settings.dry_run else observer.open_store()
        except UnavailableError:
            raise
        except (StoreError, AttributeError, NotImplementedError):
            continue
        if store is None or isinstance(store, RunQueue):
            return observer, store
    flags = {flag for spec in plugin_manager().observers for flag in spec.flags}
    install = "" if "-F" in flags else " (install it with: pip install sacred-file)"
    raise OptionError(
        "a sweep needs an observer with a store, in which its runs are queued: add -F my_runs"
        f"{install}"
    )


def full_location(observer: Any, settings: SweepSettings) -> str:
    """Return the location of the store; of a flag with a password, the flag and its argument."""
    for spec in plugin_manager().observers:
        name = flag_name(spec.flags) if spec.flags else ""
        for argument in _arguments(settings.options.get(name)):
            if spec.create(argument) == observer:
                return f"{name} {argument}"
    return str(observer.store_location)


def display_location(observer: Any) -> str:
    """Return the location of the store of an observer as users write it, without secrets."""
    location = getattr(observer, "display_location", None) or observer.store_location
    return mask_text(str(location))


def _arguments(value: Any) -> Sequence[str]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _open_existing(observer: Any) -> Any:
    """Return the store of an observer, None if it does not exist; it is not created."""
    location = getattr(observer, "store_location", None)
    if location is None or urlsplit(location).hostname:  # only the observer has a password
        return observer.open_store()
    try:
        store = open_existing_target(location)
        if store is not None:
            list(store.list(RunQuery(limit=1, fields=())))
    except UnavailableError:
        raise
    except StoreError:
        return None
    return store
