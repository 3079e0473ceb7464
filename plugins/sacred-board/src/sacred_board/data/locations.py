"""The locations of a board."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from sacred_board.data.connections import Connection, LocationAwayError, Outage
from sacred_board.data.index import RunIndex
from sacred_board.data.live import LiveRuns
from sacred_core.listing.masked_runs import mask_run
from sacred_core.stores import RunStore
from sacred_core.stores.model import StoredRun

__all__ = ["Location", "LocationAwayError", "Outage", "unique_slugs"]


class Location(Connection):
    """A store of the board, with its runs in memory.

    Args:
        name: The location as the user gave it.
        slug: Identifies it in addresses.
        open_store: Opens the store; called in a thread when the store is first read.

    Attributes:
        index: All runs of the store.
        live: The output and new points of the runs that pages show.
    """

    def __init__(self, name: str, slug: str, open_store: Callable[[], RunStore]) -> None:
        super().__init__(name, slug, open_store)
        self.index = RunIndex(self)
        self.live = LiveRuns(self)

    async def get(self, run_id: int | str) -> StoredRun:
        """Return a run; while the store cannot be reached, as it was read last.

        Raises:
            StoreError: it does not exist.
            LocationAwayError: the store cannot be reached, and the run was not read before.
        """
        try:
            store = await self.store()
            return mask_run(await self.read(store.get, run_id))
        except LocationAwayError:
            known = self.index.get(run_id)
            if known is None:
                raise
            return known


def unique_slugs(names: Iterable[Any]) -> list[str]:
    """Return a short name for each location, for addresses: the last part of its name.

    Args:
        names: The locations, without secrets.
    """
    slugs: list[str] = []
    for name in map(str, names):
        base = _last_part(name)
        slug, number = base, 2
        while slug in slugs:
            slug, number = f"{base}-{number}", number + 1
        slugs.append(slug)
    return slugs


def _last_part(name: str) -> str:
    """Return the last part of a path, of a URL without options, or of the argument of a flag."""
    is_url, is_flag = "://" in name, name.startswith("-")
    path = name.partition("?")[0] if is_url else name
    parts = [each for each in re.split(r"[/\\:=\s]+" if is_flag else r"[/\\]+", path) if each]
    last = parts[-1] if parts else ""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip("-.") or "runs"
