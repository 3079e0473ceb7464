"""The runs of all locations as one list, in which each run occurs once."""

from collections.abc import Sequence

import attrs

from sacred_board.data.locations import Location
from sacred_core.stores import StoredRun, find_runs
from sacred_core.stores.query import Order, Query


@attrs.frozen
class ListedRun:
    """A run of the list.

    Attributes:
        location: The location whose record is shown.
        run: The record.
        copies: The other locations that have the run, with its id there.
    """

    location: Location
    run: StoredRun
    copies: Sequence[tuple[Location, int | str]] = ()


@attrs.frozen
class Listing:
    """A part of the list of runs.

    Attributes:
        runs: The runs.
        total: The number of runs that the query selects; None: not known.
    """

    runs: Sequence[ListedRun]
    total: int | None = None


async def list_runs(
    locations: Sequence[Location],
    where: Query | None = None,
    sort: Order | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Listing:
    """Return the runs that a query selects, by default the newest first.

    Args:
        locations: Those to read.
        where: The condition.
        sort: The order.
        limit: Maximum number of runs.
        offset: Number of runs to skip first.
    """
    found: list[ListedRun] = []
    for location in locations:
        store = await location.store()
        runs = await location.read(find_runs, store, where, sort)
        found += [ListedRun(location, run) for run in runs]
    if not sort:
        found.reverse()
    return Listing(found[offset : offset + limit], len(found))
