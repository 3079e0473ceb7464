"""What one page of the list of runs needs, read from memory where all runs are there."""

from collections import Counter
from collections.abc import Mapping, Sequence

import attrs

from sacred_board.data.listing import ListedRun, Listing, list_runs
from sacred_board.data.locations import Location, Outage
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.query import Order, Query


@attrs.frozen(kw_only=True)
class RunsPage:
    """Runs of a list, and facts about the whole list.

    Attributes:
        runs: The runs of the page.
        offset: The number of runs before them.
        total: The number of runs that are selected; None: not known.
        known: The newest runs in memory that are selected, at least those of the page.
        counts: The number of runs of each status, whatever status is selected; None: not known.
        metrics: Of the runs.
        outages: The locations that cannot be reached.
        is_loading: Runs are being loaded, so that some may be missing.
    """

    runs: Sequence[ListedRun]
    offset: int
    total: int | None
    known: Sequence[ListedRun]
    counts: Mapping[str, int] | None
    metrics: MetricSummaries
    outages: Sequence[Outage]
    is_loading: bool


async def read_page(
    locations: Sequence[Location],
    where: Query | None,
    status: str,
    order: Order | None,
    size: int | None,
    offset: int,
) -> RunsPage:
    """Return a page of the list of runs.

    Args:
        locations: Those to read.
        where: Which runs.
        status: Only runs with this status; empty for all.
        order: Their order; None: the newest first.
        size: Maximum number of runs; None for all.
        offset: Number of runs to skip first.
    """
    needs_all = size is None or where is not None or bool(status) or bool(order)
    if not needs_all and not all(each.index.is_loaded for each in locations):
        listing = await list_runs(locations, limit=size, offset=offset)
        return _page(listing, listing.runs, listing.total, listing.runs, None, offset)
    listing = await list_runs(locations, where, order, None)
    found = listing.runs
    statuses = [each.run.status for each in found]
    if status:
        pairs = zip(found, statuses, strict=True)
        found = [each for each, own in pairs if own == status]
    shown = found[offset : None if size is None else offset + size]
    counts = None if listing.is_loading else Counter(statuses)
    return _page(listing, shown, len(found), found, counts, offset)


def _page(
    listing: Listing,
    runs: Sequence[ListedRun],
    total: int | None,
    known: Sequence[ListedRun],
    counts: Mapping[str, int] | None,
    offset: int,
) -> RunsPage:
    return RunsPage(
        runs=runs,
        offset=offset,
        total=total,
        known=known,
        counts=counts,
        metrics=listing.metrics,
        outages=listing.outages,
        is_loading=listing.is_loading,
    )
