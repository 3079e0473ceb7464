"""Whether other workers are alive, judged by what a worker has itself observed.

No clocks of two machines are compared, and a time in which the store could not be read, or in which
this process did not run, does not count.
"""

import threading
import time
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from sacred_core.stores.model import StoredRun
from sacred_core.stores.worker_claims import MISSED_INTERVALS, is_held, state_of


class RunningClock:
    """Seconds during which this process was running, not suspended.

    A thread counts them, from the first call on, until the clock is no longer referenced.

    Args:
        tick: Seconds between two counts. A longer time between them counts as two ticks.
    """

    def __init__(self, tick: float) -> None:
        self._tick = tick
        self._seconds = 0.0
        self._thread: threading.Thread | None = None

    def __call__(self) -> float:
        """Return the seconds so far."""
        if self._thread is None:
            arguments = (weakref.ref(self), self._tick)
            self._thread = threading.Thread(target=_count, args=arguments, daemon=True)
            self._thread.start()
        return self._seconds

    def add(self, seconds: float) -> None:
        """Count what has passed between two ticks."""
        self._seconds += min(seconds, 2 * self._tick)


def _count(reference: "weakref.ref[RunningClock]", tick: float) -> None:
    last = time.monotonic()
    while True:
        time.sleep(tick)
        clock, now = reference(), time.monotonic()
        if clock is None:
            return
        clock.add(now - last)
        last = now
        del clock  # else it would be referenced until the next tick


class Watch:
    """Observes the runs that workers have claimed, until they end.

    Args:
        clock: Returns seconds that only increase, such as a `RunningClock`.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._was_busy = False
        #: By the id of a run: its state, since when it is the same, and when it was read last.
        self._seen: dict[int | str, tuple[tuple[Any, ...], float, float]] = {}

    def reset(self) -> None:
        """Begin again, because the runs could not be read."""
        self._seen.clear()

    def note_break(self) -> None:
        """Count the time until the next observation as one interval at most.

        The store was not read meanwhile: it may have been away, so that nobody could write.
        """
        self._was_busy = True

    def observe(self, runs: Iterable[StoredRun]) -> list[StoredRun]:
        """Return the runs whose processes are dead.

        Args:
            runs: All runs that are held by workers, as they were just read.
        """
        now, seen, dead = self._clock(), self._seen, []
        self._seen, was_busy, self._was_busy = {}, self._was_busy, False
        for run in filter(is_held, runs):
            state, interval = state_of(run), interval_of(run)
            known, unchanged, last = seen.get(run.id, (None, 0.0, now))
            if known == state:
                unchanged += min(now - last, interval) if was_busy else now - last
            else:
                unchanged = 0.0
            self._seen[run.id] = (state, unchanged, now)
            if unchanged >= MISSED_INTERVALS * interval:
                dead.append(run)
        return dead


def interval_of(run: StoredRun) -> float:
    """Return the seconds within which a held run, or its worker, shows that it is alive."""
    interval = run.claim.interval if run.claim is not None else 0.0
    beats = run.meta.get("beat_interval") if run.recorded_status == "RUNNING" else None
    return max(interval, float(beats) if isinstance(beats, (int, float)) else 0.0)
