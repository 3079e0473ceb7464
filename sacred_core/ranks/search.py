"""How a rank finds the run that rank 0 of its group has started.

Rank 0 chooses the uid of the run, which depends on the group. A group may start several runs, one
after another: the run that a rank joins is the first one that started with the processes of the
group, and in which this rank has not recorded yet.
"""

import os
import platform
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from sacred_core.exceptions import StoreError
from sacred_core.ranks.detection import Rank
from sacred_core.stores.leases import Owner
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Condition, Field, any_of
from sacred_core.stores.run_store import RunQuery, RunStore
from sacred_core.stores.writers import WriterStore, part_id

#: The number of runs that are read first: the newest.
_FEW = 8
#: A run of an earlier group, with the same key, that ended before this process started is not of
#: this group. Times of two machines differ more than those of one.
_SAME_CLOCK, _OTHER_CLOCK = timedelta(seconds=0.1), timedelta(seconds=5)
#: The start of a queued run.
_NEVER = datetime.min.replace(tzinfo=UTC)
#: Seconds between two looks into a store, at first and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
#: Seconds after which a rank reports that it waits.
_REPORT_AFTER = 2.0


@attrs.frozen(kw_only=True)
class Found:
    """What a rank found in one store.

    Attributes:
        store: The store.
        run: The run of rank 0.
        part: What this rank recorded in an earlier segment of the run; else None.
    """

    store: RunStore
    run: StoredRun
    part: StoredRun | None = None


class RunSearch:
    """Looks for the run of a group in one store, again and again.

    Args:
        open_store: Returns the store.
        rank: Of this process.
        wait: Seconds for which a rank waits: how much later than rank 0 it may have started.
        joined: The uids of runs that this process has joined before.
        watched: Ids of runs that rank 0 may have resumed or taken from the queue.
        is_resumed: Rank 0 may have resumed any run.
    """

    def __init__(
        self,
        open_store: Callable[[], RunStore],
        rank: Rank,
        wait: float,
        joined: frozenset[str] = frozenset(),
        watched: tuple[Any, ...] = (),
        is_resumed: bool = False,
    ) -> None:
        self._open_store = open_store
        self._store: RunStore | None = None
        self._rank, self._joined, self._is_resumed = rank, joined, is_resumed
        self._process_start = process_start()
        self._since = self._process_start - timedelta(seconds=wait)
        self._seen: set[Any] = set()
        self._watched = dict.fromkeys(watched)

    def find(self) -> Found | None:
        """Return the run, None if it is not there yet.

        Raises:
            StoreError: the store cannot be read, or nothing was recorded there.
        """
        store = self._store = self._store or self._open_store()
        runs = {run.id: run for run in self._candidates(store)}
        for run_id in self._watched:
            run = runs.get(run_id) or _get(store, run_id)
            if run is not None:
                runs[run_id] = run
        own = [run for run in runs.values() if self._is_of_group(run)]
        self._watched.update(dict.fromkeys(run.id for run in own))
        for run in sorted(own, key=_last_start):
            part = _part_of(store, run, self._rank.writer)
            if part is None or part.segments[-1].group != self._rank.group:
                return Found(store=store, run=run, part=part)
        return None

    def _candidates(self, store: RunStore) -> Iterator[StoredRun]:
        """Yield the runs that are new since the last call, or that rank 0 may have resumed."""
        if self._is_resumed:
            running = Condition(Field("status"), "=", ("RUNNING",))
            ended = Condition(Field("stop_time"), ">=", (self._since,))
            yield from store.list(RunQuery(where=any_of([running, ended])))
            return
        limit = _FEW
        while True:
            runs = list(store.list(RunQuery(limit=limit)))
            is_known = any(run.id in self._seen for run in runs)
            if len(runs) < limit or is_known or _last_start(runs[0]) < self._since:
                break
            limit *= 4
        self._seen.update(run.id for run in runs)
        yield from runs

    def _is_of_group(self, run: StoredRun) -> bool:
        last = run.segments[-1]
        if last.group != self._rank.group or run.uid in self._joined:
            return False
        if _last_start(run) < self._since:
            return False
        end = last.stop_time or (run.heartbeat if run.status == "DEAD" else None)
        is_here = last.host.get("hostname") == platform.node()
        earliest = self._process_start - (_SAME_CLOCK if is_here else _OTHER_CLOCK)
        return end is None or end >= earliest


def wait_for(
    find: Callable[[], Found | None],
    seconds: float,
    report: Callable[[], None] = lambda: None,
) -> tuple[Found | None, str]:
    """Look for a run until it is found, with longer and longer pauses.

    Args:
        find: As `RunSearch.find`.
        seconds: How long, at most.
        report: Called once, if it takes longer.

    Returns:
        What was found, or None; and why a store could not be read at last, or ``""``.
    """
    began, pause, has_reported = time.monotonic(), _FIRST_PAUSE, False
    while True:
        reason = ""
        try:
            found = find()
            if found is not None:
                return found, ""
        except StoreError as error:  # nothing is recorded there yet, or it is away
            reason = str(error)
        passed = time.monotonic() - began
        if passed >= seconds:
            return None, reason
        if passed >= _REPORT_AFTER and not has_reported:
            has_reported = True
            report()
        time.sleep(min(pause * random.uniform(0.7, 1.0), seconds - passed))
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def process_start() -> datetime:
    """Return when this process started; where that is unknown, the present."""
    ticks = Owner.of(os.getpid()).started
    if ticks is None or not hasattr(time, "CLOCK_BOOTTIME"):
        return datetime.now(UTC)
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(ticks) / os.sysconf("SC_CLK_TCK")
    return datetime.now(UTC) - timedelta(seconds=age)


def _last_start(run: StoredRun) -> datetime:
    return run.segments[-1].start_time or _NEVER


def _get(store: RunStore, run_id: Any) -> StoredRun | None:
    try:
        return store.get(run_id)
    except StoreError:
        return None


def _part_of(store: RunStore, run: StoredRun, writer: str) -> StoredRun | None:
    """Return what a writer has recorded in a run, None if that is nothing."""
    parts = store.writer_store(run.id) if isinstance(store, WriterStore) else None
    return None if parts is None else _get(parts, part_id(writer))
