"""Tests of runs that log very many points."""

import logging
from datetime import UTC, datetime
from typing import Any

from sacred_core.observers import RunObserver
from sacred_core.run import Run
from sacred_core.run.metrics import BLOCK, MANY


class Counter(RunObserver):
    """Notes in which order beats and blocks of points come, and checks the steps."""

    def __init__(self) -> None:
        self.blocks = self.points = self.beats = 0
        self.times: set[tuple[type, type]] = set()

    def log_metrics(self, metrics_by_name: Any) -> None:
        metric = metrics_by_name["loss"]
        assert metric["steps"] == list(range(self.points, self.points + len(metric["steps"])))
        self.times.add((type(metric["timestamps"]), type(metric["timestamps"][-1])))
        self.blocks += 1
        self.points += len(metric["steps"])

    def heartbeat_event(self) -> None:
        self.beats += 1


def logged(count: int, observer: RunObserver) -> list[int]:
    """Log points between two beats; return how many waited when that was reported."""
    logger = logging.getLogger("tests.many_points")
    waiting = []

    def main() -> None:
        hurry = run.metrics.when_many

        def note(number: int) -> None:
            waiting.append(number)
            hurry(number)

        run.metrics.when_many = note
        for number in range(count):
            run.log_scalar("loss", number)

    run = Run({}, None, main, [observer], logger, logger, {}, {}, (), ())
    run.beat_interval = 1000
    run.capture_mode = "no"
    run()
    return waiting


def test_points_are_sent_in_large_blocks() -> None:
    """The number of events is that of blocks: what an observer does for each is done rarely."""
    counter = Counter()
    assert logged(100_000, counter) == []
    assert (counter.points, counter.blocks, counter.beats) == (100_000, 100_000 // BLOCK, 1)


def test_observers_are_called_with_lists_of_times() -> None:
    """Those that are written for Sacred expect lists of `datetime`."""
    counter = Counter()
    logged(5, counter)
    assert counter.times == {(list, datetime)}


def test_memory_has_a_limit_however_many_points_are_logged() -> None:
    """They are sent without a beat before more than 4 times `MANY` wait."""
    counter = Counter()
    waiting = logged(5 * MANY, counter)
    assert MANY in waiting and max(waiting) <= 4 * MANY + BLOCK
    assert (counter.points, counter.beats) == (5 * MANY, 1)
    assert counter.blocks <= 5 * MANY // BLOCK + len(waiting)


def test_times_are_those_of_the_calls() -> None:
    """In UTC, in the order of the points, between the start and the end."""
    times: list[datetime] = []

    class Times(RunObserver):
        def log_metrics(self, metrics_by_name: Any) -> None:
            times.extend(metrics_by_name["loss"]["timestamps"])

    before = datetime.now(UTC)
    logged(3, Times())
    assert before <= times[0] <= times[1] <= times[2] <= datetime.now(UTC)
