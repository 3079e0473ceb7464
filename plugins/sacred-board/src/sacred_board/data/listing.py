"""The runs of all locations as one list, in which each run occurs once."""

import asyncio
from collections.abc import Mapping, Sequence

import attrs

from sacred_board.data.copies import Copy, choose_copies
from sacred_board.data.index import Found
from sacred_board.data.locations import Location, LocationAwayError, Outage
from sacred_board.data.metrics import RunMetrics
from sacred_board.data.selection import select_runs
from sacred_core.stores import StoredRun
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.query import Order, Query
from sacred_core.stores.summaries import MetricSummary


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
        outages: The locations that cannot be reached: their runs are as they were read last, or
            missing.
        is_loading: The runs of a location are being loaded: pages, counts and groups may lack some.
        metrics: The metrics of the runs. Those that are not in the record are read from the store:
            use it in a thread.
    """

    runs: Sequence[ListedRun]
    total: int | None = None
    outages: Sequence[Outage] = ()
    is_loading: bool = False
    metrics: MetricSummaries = attrs.field(factory=RunMetrics)


async def list_runs(
    locations: Sequence[Location],
    where: Query | None = None,
    sort: Order | None = None,
    limit: int | None = 50,
    offset: int = 0,
) -> Listing:
    """Return the runs that a query selects, by default the newest first.

    Of several copies of a run, the one that changed last is selected, sorted and shown. Until all
    runs of a location are in memory, its newest runs are read without the others.

    Args:
        locations: Those to read.
        where: The condition.
        sort: The order.
        limit: Maximum number of runs; None for all.
        offset: Number of runs to skip first.
    """
    if len(locations) == 1:
        (location,) = locations
        found = await _find(location, where, sort, limit, offset)
        metrics: MetricSummaries = location.index.metrics
        listed = [ListedRun(location, run) for run in found.runs]
        return Listing(listed, found.total, *_states(locations), metrics)
    is_direct = where is None and not sort and limit is not None
    first = offset + limit if is_direct and limit is not None else None
    if first is not None and all(each.index.is_loaded for each in locations):
        first = None  # all runs are in memory: only then it is known which are copies
    parts = await asyncio.gather(*(_find(each, None, None, first, 0) for each in locations))
    found_by_location = dict(zip(locations, (part.runs for part in parts), strict=True))
    listed, total = await locations[0].index.compute(
        lambda: _merge(found_by_location, where, sort, limit, offset)
    )
    metrics = _LocationMetrics({id(each.run): each.location for each in listed})
    return Listing(listed, total if first is None else None, *_states(locations), metrics)


async def _find(
    location: Location, where: Query | None, sort: Order | None, limit: int | None, offset: int
) -> Found:
    try:
        return await location.index.find(where, sort, limit, offset)
    except LocationAwayError:  # its outage is part of the listing
        return Found([])


def _states(locations: Sequence[Location]) -> tuple[list[Outage], bool]:
    outages = [each.outage for each in locations if each.outage is not None]
    is_loading = any(not each.index.is_loaded and each.outage is None for each in locations)
    return outages, is_loading


def _merge(
    found: Mapping[Location, Sequence[StoredRun]],
    where: Query | None,
    sort: Order | None,
    limit: int | None,
    offset: int,
) -> tuple[list[ListedRun], int]:
    """Return a part of the runs of several locations, and the number of all that are selected."""
    places = [
        Copy(location, run, location.index.uid(run))
        for location in found
        for run in found[location]
    ]
    listed = {
        id(chosen.run): ListedRun(
            chosen.location, chosen.run, [(other.location, other.run.id) for other in others]
        )
        for chosen, others in choose_copies(places)
    }
    metrics = _LocationMetrics({key: each.location for key, each in listed.items()})
    chosen_runs = [each.run for each in listed.values()]
    selected, total = select_runs(chosen_runs, metrics, where, sort, limit, offset)
    return [listed[id(run)] for run in selected], total


class _LocationMetrics(RunMetrics):
    """The metrics of runs of several locations, which the location of each has."""

    def __init__(self, locations: Mapping[int, Location]) -> None:
        super().__init__()
        self._locations = locations

    def read_summaries(self, run: StoredRun) -> Mapping[str, MetricSummary]:
        """Return the summaries that the index of the location of the run has."""
        location = self._locations.get(id(run))
        if location is None:
            return super().read_summaries(run)
        return location.index.metrics.read_summaries(run)
