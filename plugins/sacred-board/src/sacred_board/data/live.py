"""The output and new points of runs that pages show, read once for all pages of a run.

Memory is bounded: of the output only the end is stored, and of each metric only the newest points.
"""

import asyncio
import contextlib
import time
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import attrs

from sacred_board.data.connections import Connection
from sacred_board.data.output_positions import output_position, output_since
from sacred_board.data.recent_points import RecentPoints
from sacred_board.data.refreshing import Refresher
from sacred_core.exceptions import DamagedRecordError, SacredError
from sacred_core.stores import RunStore, StoredRun
from sacred_core.stores.curves import points, summaries, tail
from sacred_core.stores.run_ids import normalize_id
from sacred_core.stores.segment_views import continued_metrics
from sacred_core.stores.stored_parts import has_ended
from sacred_core.stores.summaries import MetricSummary, merge_summaries

#: Seconds for which what was read is good: the watcher reads it again each second.
MAX_AGE = 1.5
#: Characters of the output, and points of all metrics of a run, that are stored.
MOST_OUTPUT, MOST_POINTS = 1_000_000, 100_000
#: Points of each metric that are stored even of a run with many metrics.
_LEAST_POINTS = 200
#: Runs that are stored, and the seconds after which one that no page requests is forgotten.
MOST_RUNS, IDLE = 100, 60.0


@attrs.frozen
class _Reading:
    """What was read of a run.

    Attributes:
        run: The record.
        output: The output.
        starts: The index of the first point of each metric that may be in ``new``.
        new: Points as `RunStore.metrics` returns them.
        hidden: Of metrics that a later segment of the run continued, the number of hidden points.
        renewed: Those of them of which other points are shown than before.
    """

    run: StoredRun
    output: str
    starts: Mapping[str, int]
    new: Mapping[str, Mapping[str, Any]]
    hidden: Mapping[str, int] = attrs.field(factory=dict)
    renewed: Collection[str] = ()


class LiveRun:
    """A run that pages show.

    Args:
        connection: To its store.
        run_id: The run.

    Attributes:
        run: The record as it was read last; None before that.
        version: A number that increases with new output, points and records.
        used_at: When a page requested it last, by the clock of `time.monotonic`.
    """

    def __init__(self, connection: Connection, run_id: int | str) -> None:
        self.run: StoredRun | None = None
        self.version = 0
        self.used_at = time.monotonic()
        self._connection = connection
        self._run_id = run_id
        self._refresher = Refresher(self._refresh)
        self._inserting = asyncio.Lock()
        self._output, self._output_start = "", 0
        self._points: dict[str, RecentPoints] = {}
        self._wanted: dict[str, int] = {}
        self._hidden: Mapping[str, int] = {}

    @property
    def is_over(self) -> bool:
        """Whether everything of the run was read, which is not going to change."""
        return self.run is not None and has_ended(self.run)

    @property
    def read_duration(self) -> float:
        """How many seconds the last reading took."""
        return self._refresher.duration

    async def refresh(self, max_age: float = MAX_AGE) -> None:
        """Read what is new unless that was done a moment ago.

        Raises:
            LocationAwayError: the store cannot be reached.
            StoreError: the run does not exist.
        """
        await self._refresher.refresh(max_age)

    async def answer(self, position: str | None, counts: Mapping[str, int]) -> dict[str, Any]:
        """Return what a page lacks, as plain data.

        Args:
            position: Of its output, see `output_position`; None: the page does not show it.
            counts: How many points it has of each metric that it shows.

        Raises:
            LocationAwayError: the store cannot be reached.
            StoreError: the run does not exist.
        """
        self.used_at = time.monotonic()
        if self.run is None:
            self._wanted = dict(counts)
        await self.refresh()
        assert self.run is not None
        await self._insert_missing(counts)
        new = {name: self._new_points(name, count) for name, count in counts.items()}
        return {
            "run": _run_as_data(self.run),
            "output": None if position is None else self._new_output(position),
            "points": {name: found for name, found in new.items() if found is not None},
            "counts": {name: known.stop for name, known in self._points.items()},
        }

    def _new_output(self, position: str) -> dict[str, Any] | None:
        part = output_since(position, self._output, self._output_start)
        if part is None:
            return None
        return {**attrs.asdict(part), "position": output_position(self._output, self._output_start)}

    def _new_points(self, name: str, count: int) -> dict[str, Any] | None:
        known = self._points.get(name)
        if known is None or count == known.stop:
            return None
        if known.start <= count < known.stop:
            return known.since(count)
        # There are too many new points, or another run has the id now: the page reads all again.
        return {"start": None, "count": known.stop}

    async def _insert_missing(self, counts: Mapping[str, int]) -> None:
        """Read points that a page lacks and that were not new for the first page."""
        async with self._inserting:
            ranges = {
                name: (counts[name], known.start)
                for name, known in self._points.items()
                if 0 <= counts.get(name, -1) < known.start
                and known.stop - counts[name] <= self._most_points
            }
            if not ranges:
                return
            store = await self._connection.store()
            found = await self._connection.read(points, store, self._run_id, ranges)
            for name, new in found.items():
                self._points[name].insert(new, *ranges[name])

    @property
    def _most_points(self) -> int:
        return max(_LEAST_POINTS, MOST_POINTS // max(1, len(self._points)))

    async def _refresh(self) -> None:
        store = await self._connection.store()
        if self.is_over:
            run = await self._connection.read(store.get, self._run_id)
            if self.run is not None and run == self.run:
                return
        is_first = self.run is None
        counts = {name: known.stop for name, known in self._points.items()}
        wanted = self._wanted if is_first else counts
        hidden = None if is_first else self._hidden
        reading = await self._connection.read(_read, store, self._run_id, wanted, hidden)
        if self.run is not None and self.run.uid != reading.run.uid:  # another run has the id now
            self.run, self._wanted = None, {}
            self._points.clear()
            reading = await self._connection.read(_read, store, self._run_id, {}, None)
        self._use(reading)

    def _use(self, reading: _Reading) -> None:
        start = max(0, len(reading.output) - MOST_OUTPUT)
        output = reading.output[start:]
        has_changed = self.run != reading.run or (self._output, self._output_start) != (
            output,
            start,
        )
        for name in reading.renewed:  # pages read them again
            self._points[name] = RecentPoints(reading.starts[name])
        for name in {**reading.starts, **reading.new}:
            first = reading.starts.get(name, 0)
            known = self._points.setdefault(name, RecentPoints(first))
            if name in reading.new and known.stop == first:
                known.append(reading.new[name], self._most_points)
                has_changed = True
        self.run, self._output, self._output_start = reading.run, output, start
        self._hidden = reading.hidden
        self.version += has_changed


class LiveRuns:
    """The runs of a location that pages show.

    Args:
        connection: To the store.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runs: dict[int | str, LiveRun] = {}

    def get(self, run_id: int | str) -> LiveRun:
        """Return a run, which need not exist."""
        self._forget_idle()
        key = normalize_id(run_id)
        live = self._runs.pop(key, None) or LiveRun(self._connection, key)
        self._runs[key] = live  # the last one was used last
        return live

    async def refresh(self, max_age: float = MAX_AGE) -> list[StoredRun]:
        """Read what is new of the runs that pages show and that have not ended.

        Returns:
            Those with something new.
        """
        self._forget_idle()
        shown = [live for live in self._runs.values() if live.run is not None and not live.is_over]
        before = [live.version for live in shown]
        await asyncio.gather(*(_refresh(live, max_age) for live in shown))
        return [
            live.run
            for live, version in zip(shown, before, strict=True)
            if live.version != version and live.run is not None
        ]

    @property
    def read_duration(self) -> float:
        """How many seconds it took to read the runs that pages show."""
        return sum(live.read_duration for live in self._runs.values() if not live.is_over)

    def __len__(self) -> int:
        """Return how many runs are stored."""
        return len(self._runs)

    def _forget_idle(self) -> None:
        now = time.monotonic()
        idle = [key for key, live in self._runs.items() if now - live.used_at > IDLE]
        surplus = [*self._runs][: max(0, len(self._runs) - MOST_RUNS)]
        for key in {*idle, *surplus}:
            del self._runs[key]


async def _refresh(live: LiveRun, max_age: float) -> None:
    with contextlib.suppress(SacredError):  # an outage is noted; a page gets any other error
        await live.refresh(max_age)


def _read(
    store: RunStore,
    run_id: int | str,
    counts: Mapping[str, int],
    hidden_before: Mapping[str, int] | None,
) -> _Reading:
    """Read a run, its output and its new points; in a thread.

    Args:
        store: Of the run.
        run_id: The run.
        counts: How many points of each metric are known.
        hidden_before: How many are hidden; None if the run was not read before.
    """
    run = store.get(run_id)
    output, starts, new = "", counts, dict[str, Mapping[str, Any]]()
    hidden: dict[str, int] = {}
    renewed: dict[str, int] = {}
    with contextlib.suppress(DamagedRecordError):
        output = store.output(run.id)
    with contextlib.suppress(DamagedRecordError):
        if hidden_before is None:
            starts = _first_counts(store, run, counts)
        if run.recorded_segments:
            stops, hidden = _hidden_counts(store, run)
            before = hidden if hidden_before is None else hidden_before
            renewed = {n: stops[n] for n in hidden if hidden[n] != before.get(n, 0)}
            starts = {**starts, **renewed}
        new = {**tail(store, run.id, starts)}
    return _Reading(run, output, starts, new, hidden, renewed)


def _hidden_counts(store: RunStore, run: StoredRun) -> tuple[dict[str, int], dict[str, int]]:
    """Return the numbers of shown and hidden points of metrics that a later segment continued."""
    names = continued_metrics(run.recorded_segments)
    every = {n: own[-1].stop for n, own in summaries(store, run.id, names, raw=True).items() if own}
    shown = {n: own[-1].stop for n, own in summaries(store, run.id, names).items() if own}
    return shown, {name: every[name] - shown[name] for name in shown if name in every}


def _first_counts(store: RunStore, run: StoredRun, wanted: Mapping[str, int]) -> dict[str, int]:
    """Return how many points of each metric are known to the pages, so that none is read again."""
    known: Mapping[str, MetricSummary] | None = run.metrics
    if known is None:
        blocks = summaries(store, run.id)
        known = {name: merge_summaries(own) for name, own in blocks.items() if own}
    most = max(_LEAST_POINTS, MOST_POINTS // max(1, len(known)))
    counts = {}
    for name, summary in known.items():
        count = wanted.get(name, summary.stop)
        is_near = 0 <= count <= summary.stop and summary.stop - count <= most
        counts[name] = count if is_near else summary.stop
    return counts


def _run_as_data(run: StoredRun) -> dict[str, Any]:
    seconds = None if run.duration is None else run.duration.total_seconds()
    return {
        "id": run.id,
        "status": run.status,
        "is_over": has_ended(run),
        "heartbeat": _iso(run.heartbeat),
        "stop_time": _iso(run.stop_time),
        "duration": seconds,
        "result": run.result,
        "files": len(run.artifacts) + len(run.resources),
        "annotations": len(run.annotations),
    }


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
