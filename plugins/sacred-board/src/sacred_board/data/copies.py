"""Copies of one run in several locations, which have the same uid."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import attrs

from sacred_board.data.locations import Location
from sacred_core.stores import StoredRun
from sacred_core.stores.stored_parts import has_ended
from sacred_core.stores.times import milliseconds

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@attrs.frozen
class Copy:
    """A run in a location.

    Attributes:
        location: The location.
        run: The record that it has.
        uid: Of the run.
    """

    location: Location
    run: StoredRun
    uid: str


def choose_copies(copies: Iterable[Copy]) -> list[tuple[Copy, list[Copy]]]:
    """Return each run once, the oldest first: the copy to show, and the other copies of the run.

    That is the copy that can be read in full, changed last, and has most points and notes. Of
    equal copies it is the first.

    Args:
        copies: By location.
    """
    by_uid: dict[str, list[Copy]] = {}
    for copy in copies:
        by_uid.setdefault(copy.uid, []).append(copy)
    chosen = []
    for same in by_uid.values():
        best = same[0] if len(same) == 1 else max(same, key=_completeness)
        chosen.append((best, [copy for copy in same if copy is not best]))
    chosen.sort(key=lambda pair: _began(pair[0].run))
    return chosen


def _completeness(copy: Copy) -> tuple[Any, ...]:
    run = copy.run
    annotated = [annotation.time for annotation in run.annotations]
    times = [run.queue_time, run.start_time, run.heartbeat, run.stop_time, *annotated]
    # MongoDB has milliseconds, other stores microseconds.
    changed = max(milliseconds(time) or 0 for time in times)
    points = sum(summary.points for summary in (run.metrics or {}).values())
    return run.damage is None, changed, has_ended(run), points, len(annotated), len(run.artifacts)


def _began(run: StoredRun) -> datetime:
    return run.start_time or run.queue_time or _LONG_AGO
