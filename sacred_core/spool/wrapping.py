"""The spool for all observers of a run: the option ``--spool`` and `SETTINGS.SPOOL`."""

from collections.abc import Sequence
from typing import Any

from sacred_core.spool.observer import SpoolObserver
from sacred_core.stores.locations import FilePath, absolute_path


def spool_observers(observers: Sequence[Any], folder: FilePath) -> list[Any]:
    """Return the observers of a run with one `SpoolObserver` around all that have a store.

    Others, such as messages, receive the events directly. An observer that writes to the folder
    itself, or that is a `SpoolObserver` already, is not changed.

    Raises:
        SpoolError: sacred-file is not installed.
    """
    spool = str(absolute_path(folder))
    direct: list[Any] = []
    inner: list[Any] = []
    for observer in observers:
        location = getattr(observer, "store_location", None)
        is_direct = location in (None, spool) or isinstance(observer, SpoolObserver)
        (direct if is_direct else inner).append(observer)
    return [SpoolObserver(inner, folder), *direct] if inner else direct
