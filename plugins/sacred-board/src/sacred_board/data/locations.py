"""The stores of a board, which are read in threads and may go away and come back."""

import re
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool

from sacred_core.exceptions import SacredError
from sacred_core.masking import mask_text
from sacred_core.stores import RunStore
from sacred_core.stores.model import StoredRun

P = ParamSpec("P")
T = TypeVar("T")


class LocationAwayError(SacredError):
    """A store cannot be reached at present."""


class Location:
    """A store of the board.

    Args:
        name: The location as the user gave it.
        slug: Identifies it in addresses.
        open_store: Opens the store; called in a thread when the store is first read.

    Attributes:
        slug: See above.
        name: The location without secrets.
    """

    def __init__(self, name: str, slug: str, open_store: Callable[[], RunStore]) -> None:
        self.name = mask_text(name)
        self.slug = slug
        self._open = open_store
        self._store: RunStore | None = None

    async def store(self) -> RunStore:
        """Return the store.

        Raises:
            LocationAwayError: it cannot be reached.
        """
        if self._store is None:
            self._store = await run_in_threadpool(self._open)
        return self._store

    async def read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that reads the store in a thread.

        Raises:
            LocationAwayError: the store cannot be reached.
        """
        return await run_in_threadpool(function, *args, **kwargs)

    async def get(self, run_id: str) -> StoredRun:
        """Return a run.

        Raises:
            StoreError: it does not exist.
            LocationAwayError: the store cannot be reached.
        """
        store = await self.store()
        return await self.read(store.get, run_id)


def unique_slugs(names: Iterable[Any]) -> list[str]:
    """Return a short name for each location, for addresses: the last part of its name.

    Args:
        names: The locations, without secrets.
    """
    slugs: list[str] = []
    for name in names:
        parts = [each for each in re.split(r"[/\\?#]", str(name)) if each]
        base = (
            re.sub(r"[^A-Za-z0-9._-]+", "-", parts[-1] if parts else "runs").strip("-.") or "runs"
        )
        slug, number = base, 2
        while slug in slugs:
            slug, number = f"{base}-{number}", number + 1
        slugs.append(slug)
    return slugs
