"""The actions whose cost is measured."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from benchmarks.growth import runs

FILTERS = {
    "filter by status": "status = 'FAILED'",
    "filter by name": "name = 'rare'",
    "filter by a configuration value": "config.lr = 0.5",
}
NEWEST = 50
#: Names in the order of the tables.
ACTIONS = (
    "start of a run",
    "beat with 1,000 points",
    "end of a run",
    "list the newest 50",
    *FILTERS,
)

#: Calls an action and returns what it returns; None if the action is skipped.
Measure = Callable[[str, Callable[[], Any]], Any]


def perform(new_observer: Callable[[], Any], location: str, number: int, measure: Measure) -> None:
    """Perform all actions with new objects, as a new process has them.

    Args:
        new_observer: Returns an observer that has not connected.
        location: Of the store.
        number: Of the run that is recorded.
        measure: Performs each action.

    Raises:
        ValueError: A listing or a filter returned another number of runs than expected.
    """
    _record_run(new_observer, number, measure)
    _read_runs(location, measure)


def _record_run(new_observer: Callable[[], Any], number: int, measure: Measure) -> None:
    arguments = runs.start_arguments(number, rare=False)
    batches = [runs.points(first) for first in (0, runs.POINTS)]
    beats = [runs.start_time(number) + timedelta(seconds=each) for each in (1, 2)]
    observers: list[Any] = []

    def start() -> None:
        observers.append(new_observer())
        observers[0].started_event(**arguments)

    def beat() -> None:
        observers[0].log_metrics(batches[1])
        observers[0].heartbeat_event(info={}, captured_out="", beat_time=beats[1], result=None)

    def end() -> None:
        observers[0].completed_event(stop_time=beats[1], result=1)
        observers[0].join()

    measure("start of a run", start)
    observers[0].log_metrics(batches[0])  # the first beat creates files
    observers[0].heartbeat_event(info={}, captured_out="", beat_time=beats[0], result=None)
    measure("beat with 1,000 points", beat)
    measure("end of a run", end)


def _read_runs(location: str, measure: Measure) -> None:
    from sacred_core.stores import find_runs, open_store

    def find(query: str | None = None, limit: int | None = None) -> list[Any]:
        return [*find_runs(open_store(location), query, limit=limit)]

    _require(measure("list the newest 50", partial(find, limit=NEWEST)), NEWEST)
    for name, query in FILTERS.items():
        _require(measure(name, partial(find, query)), runs.RARE)


def _require(found: list[Any] | None, expected: int) -> None:
    if found is not None and len(found) != expected:
        raise ValueError(f"{len(found)} runs were found, expected {expected}")
