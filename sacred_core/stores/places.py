"""Locations of one store, which may differ in user, password and options."""

from collections.abc import Mapping
from typing import TypeVar

from sacred_core.exceptions import StoreError
from sacred_core.masking import mask_text
from sacred_core.stores.locations import absolute_path
from sacred_core.stores.opening import split_flag
from sacred_core.stores.run_store import RunStore

K = TypeVar("K")


def choose_locations(
    known: Mapping[K, str | None], given: str | RunStore | None
) -> dict[K, str | RunStore | None]:
    """Return the store of each key: ``given`` where the user means it, else the known one.

    Args:
        known: Locations without passwords.
        given: A store or its location, perhaps with a password. It replaces all locations if they
            are of one store, otherwise those with the same server and path. None: replaces none.

    Raises:
        StoreError: the locations are of several stores, and ``given`` is another one.
    """
    if given is None:
        return dict(known)
    if not isinstance(given, str) or len(set(map(_place, known.values()))) <= 1:
        return dict.fromkeys(known, given)
    meant = {key for key, location in known.items() if _place(location) == _place(given)}
    if not meant:
        places = ", ".join(sorted({str(location) for location in known.values()}))
        raise StoreError(
            f"{mask_text(given)!r} is not one of the stores of these events ({places}); pass "
            "the folder of one observer"
        )
    return {key: given if key in meant else location for key, location in known.items()}


def _place(location: str | None) -> str | None:
    """Return a location without a user, a password, a driver and options; a path is absolute."""
    if location is None:
        return None
    if "://" not in location:
        return str(absolute_path(split_flag(location)[1]))
    scheme, _, rest = location.partition("://")
    server, slash, path = rest.partition("?")[0].partition("/")
    return f"{scheme.partition('+')[0]}://{server.rpartition('@')[2]}{slash}{path}".rstrip("/")
