"""All runs of a location in memory, which are kept current where something uses them."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import attrs

from sacred_board.data.connections import Connection, LocationAwayError
from sacred_board.data.metrics import RunMetrics
from sacred_board.data.refreshing import INTERVAL, Refresher, pace_of
from sacred_board.data.selection import select_runs
from sacred_board.data.shared_values import SharedValues
from sacred_board.data.threads import Threads
from sacred_core.exceptions import ChangeTokenError
from sacred_core.listing.masked_runs import mask_run, mask_runs
from sacred_core.stores import RunQuery, RunStore, StoredRun, find_runs
from sacred_core.stores.changes import change_token, list_runs, missing_ids
from sacred_core.stores.finding import count_runs
from sacred_core.stores.query import Field, Order, Query
from sacred_core.stores.run_ids import normalize_id

T = TypeVar("T")

#: Seconds for which a page waits for a look.
_PATIENCE = 1.0
#: Looks take at most this part of the time.
_SHARE = 0.1
#: A token is replaced after this many seconds, or if so many runs changed since it was taken.
_TOKEN_AGE, _MOST_CHANGED = 30.0, 20
#: The fields that decide the order of a store.
_ORDER = (Field("id"), Field("start_time"), Field("queue_time"))


@attrs.frozen
class Found:
    """Runs that were found.

    Attributes:
        runs: The runs.
        total: The number of runs that the query selects; None: not known yet.
    """

    runs: Sequence[StoredRun]
    total: int | None = None


@attrs.frozen
class Changes:
    """What a look found that differs from the look before.

    Attributes:
        changed: Runs that are new, or whose record changed.
        deleted: Ids of runs that were deleted.
    """

    changed: Sequence[StoredRun] = ()
    deleted: Sequence[int | str] = ()


class RunIndex:
    """The runs of a location.

    Args:
        connection: To its store.

    Attributes:
        metrics: The metrics of the runs.
        is_loaded: All runs were read once.
        version: A number that each change of a run increases.
        listeners: Called with the changes that a look found, in the thread of the event loop.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.metrics = RunMetrics()
        self.is_loaded = False
        self.version = 0
        self.listeners: list[Callable[[Changes], None]] = []
        self._runs: dict[int | str, StoredRun] = {}
        self._uids: dict[int, tuple[StoredRun, str]] = {}
        self._shared = SharedValues()
        self._threads = Threads(2)
        self._lock = threading.Lock()
        self._refresher = Refresher(self._look)
        self._look_duration = 0.0
        self._token: str | None = None
        self._token_at = 0.0
        #: How many more runs the store counts than it lists, such as folders without a record.
        self._uncounted: int | None = None

    def get(self, run_id: int | str) -> StoredRun | None:
        """Return a run as it was read last, None if it is not known."""
        return self._runs.get(run_id) or self._runs.get(normalize_id(run_id))

    def runs(self) -> list[StoredRun]:
        """Return all runs as they were read last, the oldest first."""
        return [*self._runs.values()]

    def uid(self, run: StoredRun) -> str:
        """Return the uid of a run, which takes long to compute where it is not recorded."""
        known = self._uids.get(id(run))
        if known is None or known[0] is not run:
            known = self._uids[id(run)] = run, run.uid
        return known[1]

    def __len__(self) -> int:
        """Return how many runs are in memory, also while they are loaded."""
        return len(self._runs)

    @property
    def pace(self) -> float:
        """Seconds between looks, which are to take only a small part of the time."""
        return pace_of(self._look_duration, _SHARE)

    def require_look(self) -> None:
        """Let the next reader wait for a look that begins from now on: a run was changed."""
        self._refresher.require()

    def start_loading(self) -> None:
        """Read all runs in the background, unless that was done."""
        if not self.is_loaded:
            self._refresher.start()

    async def refresh(self, max_age: float = INTERVAL) -> None:
        """Look for changes unless the last look is younger; the first look loads all runs.

        Callers at the same time share one look.

        Args:
            max_age: In seconds.

        Raises:
            LocationAwayError: the store cannot be reached; the runs stay as they are.
        """
        await self._refresher.refresh(max_age)

    async def find(
        self,
        where: Query | None = None,
        sort: Order | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> Found:
        """Return the runs that a query selects, by default the newest first.

        While the runs are loaded, the newest runs are read directly; a query and an order wait.
        While the store cannot be reached, the runs are those that were read last.

        Args:
            where: The condition.
            sort: The order.
            limit: Maximum number of runs; None for all.
            offset: Number of runs to skip first.

        Raises:
            LocationAwayError: the store cannot be reached, and was not read before.
        """
        if not self.is_loaded and where is None and not sort and limit is not None:
            self.start_loading()
            return await self._find_newest(limit, offset)
        await self.refresh_soon()

        def select() -> Found:
            return Found(*select_runs(self.runs(), self.metrics, where, sort, limit, offset))

        return await self.compute(select)

    async def refresh_soon(self) -> None:
        """Wait for a look, but not long where the runs of the last look are known.

        Raises:
            LocationAwayError: the store cannot be reached, and was not read before.
        """
        try:
            if not self.is_loaded or self._refresher.is_required:
                await self.refresh()
                return
            async with asyncio.timeout(_PATIENCE):
                await self.refresh(self.pace)
        except TimeoutError:
            pass
        except LocationAwayError:
            if not self.is_loaded:
                raise

    async def compute(self, function: Callable[[], T]) -> T:
        """Call a function in a thread that does not wait for those that read the store."""
        return await self._threads.call(function)

    async def _find_newest(self, limit: int, offset: int) -> Found:
        store = await self._connection.store()
        runs = await self._connection.read(find_runs, store, limit=limit, offset=offset)
        total = await self._connection.read(count_runs, store)
        return Found(mask_runs(runs)[::-1], total)

    async def _look(self) -> None:
        store = await self._connection.store()
        begun, is_first = time.monotonic(), not self.is_loaded
        # The first look may take long: there is no limit.
        changes = await self._connection.call(partial(self._read, store, begun))
        self._look_duration = 0.0 if is_first else time.monotonic() - begun
        if changes.changed or changes.deleted:
            for listener in [*self.listeners]:
                listener(changes)

    def _read(self, store: RunStore, now: float) -> Changes:
        """Read what changed, or everything at first; in a thread."""
        with self._lock:
            try:
                return self._read_changes(store, now) if self._token else self._load(store, now)
            except ChangeTokenError:  # the store is another one, or was replaced
                self._token = None
                return self._load(store, now)

    def _load(self, store: RunStore, now: float) -> Changes:
        token = change_token(store)
        known = self._runs if self.is_loaded else {}
        found = {run.id: run for run in self._shared_runs(list_runs(store, RunQuery()), known)}
        changed = [run for run in found.values() if known.get(run.id) is not run]
        deleted = [run_id for run_id in known if run_id not in found]
        self._replace(found, changed, deleted)
        self._token, self._token_at = token, now
        was_loaded, self.is_loaded = self.is_loaded, True
        return Changes(changed, deleted) if was_loaded else Changes()

    def _read_changes(self, store: RunStore, now: float) -> Changes:
        is_old = now - self._token_at > _TOKEN_AGE
        token = change_token(store) if is_old else None
        listed = list_runs(store, RunQuery(since=self._token))
        read = [*self._shared_runs(listed, self._runs)]
        if token is not None:
            self._token, self._token_at = token, now
        elif len(read) > _MOST_CHANGED:
            self._token_at = float("-inf")  # replaced by the next look
        changed = [run for run in read if self._runs.get(run.id) is not run]
        found = {**self._runs, **{run.id: run for run in changed}}
        deleted = self._deleted(store, found)
        for run_id in deleted:
            found.pop(run_id, None)
        new = [run for run in changed if run.id not in self._runs]
        if new and not _follow(self._runs.values(), new):
            found = _ordered(store, found)
        self._replace(found, changed, deleted)
        return Changes([run for run in changed if run.id in found], deleted)

    def _shared_runs(
        self, runs: Iterable[StoredRun], known: "dict[int | str, StoredRun]"
    ) -> Iterator[StoredRun]:
        """Yield runs with shared parts; of one that did not change the known object."""
        for run in map(mask_run, runs):
            old = known.get(run.id)
            yield old if old is not None and old == run else self._shared.share(run)

    def _deleted(self, store: RunStore, found: "dict[int | str, StoredRun]") -> list[int | str]:
        """Return the ids of runs that are not in the store any more.

        To count runs takes less than to list their ids.
        """
        total = count_runs(store)
        uncounted = None if total is None else total - len(found)
        if uncounted is not None and uncounted == self._uncounted:
            return []
        deleted = missing_ids(store, found)
        self._uncounted = None if uncounted is None else uncounted + len(deleted)
        return deleted

    def _replace(
        self,
        found: "dict[int | str, StoredRun]",
        changed: Sequence[StoredRun],
        deleted: Sequence[int | str],
    ) -> None:
        replaced = [self._runs.get(each) for each in (*(run.id for run in changed), *deleted)]
        for run in replaced:
            if run is not None:
                self.metrics.forget(run)
                self._uids.pop(id(run), None)
        if changed or deleted or not self.is_loaded:
            self.version += 1
        self._runs = found


def _follow(known: Iterable[StoredRun], new: Iterable[StoredRun]) -> bool:
    """Return whether new runs began after all others, as those that are being recorded."""
    newest = max((time for run in known if (time := _began(run))), default=0.0)
    return all(_began(run) >= newest for run in new)


def _began(run: StoredRun) -> float:
    time = run.start_time or run.queue_time
    return 0.0 if time is None else time.timestamp()


def _ordered(store: RunStore, found: "dict[int | str, StoredRun]") -> "dict[int | str, StoredRun]":
    """Return runs in the order of their store."""
    listed = [run.id for run in store.list(RunQuery(fields=_ORDER)) if run.id in found]
    missed = [run_id for run_id in found if run_id not in {*listed}]
    return {run_id: found[run_id] for run_id in (*listed, *missed)}
