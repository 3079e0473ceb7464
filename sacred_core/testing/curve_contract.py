"""Summaries and curves of metrics equal those that are computed from all points."""

import random
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from sacred_core.stores import ContinuingStore
from sacred_core.stores.curves import curve, curve_edges, points, summaries, tail
from sacred_core.stores.summaries import BLOCK_POINTS
from sacred_core.testing.applicability import skip_rule
from sacred_core.testing.effort import examples
from sacred_core.testing.event_driver import EventDriver
from sacred_core.testing.series import generate_series, spell, summarize_by_point

#: Series of one run.
_TOGETHER = 20
#: Events in which the points of a series are logged.
_PARTS = 4


class CurveContract:
    """The part of `StoreContract` that is about curves.

    Attributes:
        series: How many series are generated in a whole check; a quick one takes 10.
    """

    series = 100
    make_observer: Callable[[Path], Any]
    make_store: Callable[[Path], Any]

    def test_curves_equal_those_of_all_points(self, tmp_path: Path) -> None:
        """Summaries, curves, ranges and new points of generated series equal those computed point
        by point, during the run and after its end, also where they are computed from all points.
        """
        seeds = range(examples(10, self.series))
        for first in range(0, len(seeds), _TOGETHER):
            self._check_series(tmp_path, [_cut(seed) for seed in seeds[first : first + _TOGETHER]])

    def _check_series(self, tmp_path: Path, parts: list[list[tuple[list[Any], list[Any]]]]) -> None:
        """Record series in one run, and check them."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        counts: dict[str, int] = {}
        for number in range(_PARTS):
            driver.log_points({f"metric {seed}": own[number] for seed, own in enumerate(parts)})
            driver.beat()
            if number == 1:
                counts = self._check(tmp_path, run_id, driver, {})
        self._check(tmp_path, run_id, driver, counts)
        driver.complete()
        self._check(tmp_path, run_id, driver, counts)

    def test_points_that_are_loaded_after_the_end_follow_the_others(self, tmp_path: Path) -> None:
        """Of a run with several blocks, wherever in a block the first new point is."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        sizes = [1, BLOCK_POINTS - 1, BLOCK_POINTS, BLOCK_POINTS + 1, 2 * BLOCK_POINTS + 500]
        for size in sizes:
            driver.log(f"metric {size}", [*range(size)])
        driver.beat()
        driver.complete()
        store = self.make_store(tmp_path)
        if not isinstance(store, ContinuingStore):
            skip_rule("the store cannot continue runs")
        for counts in ([1, 700], [BLOCK_POINTS]):
            driver.continue_with(store.observer_of(run_id))
            for count in counts:
                for size in sizes:
                    driver.log(f"metric {size}", [*range(count)], first_step=size)
            driver.join()
            self._check(tmp_path, run_id, driver, {})

    def _check(
        self, tmp_path: Path, run_id: Any, driver: EventDriver, counts: dict[str, int]
    ) -> dict[str, int]:
        """Check all metrics, and return their numbers of points."""
        store = self.make_store(tmp_path)
        logged = {name: own for name, own in driver.metrics.items() if own["steps"]}
        for each in (store, _PointsOnly(store.metrics(run_id))):
            draw = random.Random(len(counts))
            blocks = summaries(each, run_id)
            for name, metric in logged.items():
                found = [spell(block) for block in blocks[name]]
                count = len(metric["steps"])
                assert found == _spell_parts(metric, [*range(0, count, BLOCK_POINTS), count]), name
                _check_zoom(each, run_id, name, metric, draw)
            _check_tail(each, run_id, logged, counts)
        return {name: len(metric["steps"]) for name, metric in logged.items()}


class _PointsOnly:
    """A store that has points and no summaries."""

    def __init__(self, metrics: dict[str, dict[str, Any]]) -> None:
        self._metrics = metrics

    def metrics(self, run_id: int | str) -> dict[str, dict[str, Any]]:
        """Return all points."""
        del run_id
        return self._metrics


def _cut(seed: int) -> list[tuple[list[Any], list[Any]]]:
    """Return a series in parts, of which some are empty or end at the end of a block."""
    steps, values = generate_series(seed)
    draw = random.Random(seed)
    cuts = [
        min(len(steps), draw.choice([BLOCK_POINTS, draw.randrange(len(steps) + 1)]))
        for _ in range(_PARTS - 1)
    ]
    edges = [0, *sorted(cuts), len(steps)]
    return [(steps[begin:end], values[begin:end]) for begin, end in pairwise(edges)]


def _spell_parts(metric: Mapping[str, Any], edges: list[int]) -> list[list[str]]:
    return [
        spell(summarize_by_point(metric["steps"][begin:end], metric["values"][begin:end], begin))
        for begin, end in pairwise(edges)
    ]


def _check_zoom(
    store: Any, run_id: Any, name: str, metric: Mapping[str, Any], draw: random.Random
) -> None:
    """Compare a random range of a metric, and its curve."""
    count = len(metric["steps"])
    start = draw.choice([0, draw.randrange(count + 1)])
    stop = draw.choice([None, draw.randrange(count + 2)])
    width = draw.choice([1, 2, 3, 10, 400])
    end = count if stop is None else min(count, stop)
    edges = curve_edges(start, end, width) if start < end else []
    found = [spell(each) for each in curve(store, run_id, name, start, stop, width)]
    assert found == _spell_parts(metric, edges), f"{name}: curve({start}, {stop}, {width})"
    assert len(found) <= width
    own = points(store, run_id, {name: (start, stop)})[name]
    for column, values in own.items():
        expected = metric[column][start:stop]
        assert len(values) == len(expected), f"{name}.{column}[{start}:{stop}]"
        if column != "timestamps":  # which some stores round
            assert repr(list(values)) == repr(expected), f"{name}.{column}[{start}:{stop}]"


def _check_tail(
    store: Any, run_id: Any, logged: Mapping[str, Any], counts: Mapping[str, int]
) -> None:
    """Compare the points that are new since there were some of each metric."""
    new = {
        name: metric["values"][counts.get(name, 0) :]
        for name, metric in logged.items()
        if len(metric["values"]) > counts.get(name, 0)
    }
    found = {name: list(metric["values"]) for name, metric in tail(store, run_id, counts).items()}
    assert repr(sorted(found.items())) == repr(sorted(new.items()))
