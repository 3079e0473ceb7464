"""Tests of what is shown of the metrics of a run that was resumed."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sacred_core.exceptions import DamagedRecordError
from sacred_core.stores import Segment, StoredRun, find_runs
from sacred_core.stores.curves import all_points, curve, points, ranges_of, summaries
from sacred_core.stores.segment_views import (
    SegmentView,
    ShownMetric,
    find_shown,
    first_indexes,
    select_shown,
)
from sacred_core.stores.summaries import BLOCK_POINTS, summarize, summarize_blocks
from sacred_core.stores.times import TimeColumn, join_times
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.testing.segment_contract import log_segments, shown_points, write_segments

STEPS = st.one_of(
    st.integers(-5, 40), st.floats(allow_nan=True), st.booleans(), st.none(), st.just("text")
)
PARTS = st.lists(st.lists(STEPS, max_size=12), min_size=2, max_size=5)


def metric_of(steps: list[Any]) -> dict[str, list[Any]]:
    """Return a metric whose values are the indexes of its points."""
    return {"steps": steps, "values": [*range(len(steps))], "timestamps": [None] * len(steps)}


def segments_of(parts: list[list[Any]], name: str = "loss") -> list[Segment]:
    """Return the segments of a run with one metric, of which ``parts`` has the steps."""
    ends = [sum(map(len, parts[:number])) for number in range(len(parts))]
    return [Segment(points={name: end} if end else {}) for end in ends]


class Source:
    """All points of one run, which counts the points that are read."""

    def __init__(self, metrics: dict[str, Any]) -> None:
        self.all = metrics
        self.read: list[tuple[str, int, int]] = []

    def metrics(self) -> dict[str, Any]:
        """Return all points."""
        return self.all

    def summaries(self, names: Any) -> dict[str, Any]:
        """Return the summaries of all points."""
        return {
            name: [*summarize_blocks(own["steps"], own["values"])]
            for name, own in self.all.items()
            if names is None or name in names
        }

    def points(self, ranges: Mapping[str, tuple[int, int | None]]) -> dict[str, Any]:
        """Return and note ranges of points."""
        found = ranges_of(self.all, ranges)
        self.read += [(n, ranges[n][0], len(own["steps"])) for n, own in found.items()]
        return found


def is_shown(step: Any, limit: float) -> bool:
    """Return whether a point of an earlier segment is shown, by the definition."""
    is_number = isinstance(step, (int, float)) and not isinstance(step, bool)
    return not (is_number and step >= limit)


@given(PARTS)
def test_later_steps_replace_earlier_ones(parts: list[list[Any]]) -> None:
    """For any order of steps, NaN and steps that are not numbers, of any number of segments."""
    steps = [step for part in parts for step in part]
    metric, segments = metric_of(steps), segments_of(parts)
    expected = shown_values(parts)
    assert select_shown({"loss": metric}, segments)["loss"]["values"] == expected
    view = SegmentView(Source({"loss": metric}), segments)
    assert view.points({"loss": (0, None)})["loss"]["values"] == expected
    blocks = view.summaries(None)["loss"] if steps else []
    assert sum(block.points for block in blocks) == len(expected)


def shown_values(parts: list[list[Any]]) -> list[int]:
    """Return the indexes of the shown points, by the definition."""
    found, index = [], 0
    for number, part in enumerate(parts):
        later = [
            step for each in parts[number + 1 :] for step in each
            if isinstance(step, (int, float)) and not isinstance(step, bool) and step == step
        ]  # fmt: skip
        limit = min(later, default=math.nan)
        found += [index + i for i, step in enumerate(part) if is_shown(step, limit)]
        index += len(part)
    return found


def test_other_metrics_are_not_changed() -> None:
    """A metric of one segment is shown as it is, also one that begins in a later segment."""
    metrics = {"loss": metric_of([0, 1, 2, 1]), "new": metric_of([5, 4]), "old": metric_of([9])}
    segments = [Segment(), Segment(points={"loss": 3, "old": 1})]
    shown = select_shown(metrics, segments)
    assert [*shown] == ["loss", "new", "old"]
    assert shown["loss"]["values"] == [0, 3]
    assert shown["new"] is metrics["new"] and shown["old"]["values"] == [0]
    view = SegmentView(Source(metrics), segments)
    found = view.points({"new": (1, None), "loss": (1, None), "missing": (0, 3), "old": (4, 9)})
    assert {name: own["values"] for name, own in found.items()} == {
        "new": [1], "loss": [3], "old": [],
    }  # fmt: skip
    assert [*view.summaries(["new", "loss"])] == ["loss", "new"]


def test_segments_of_which_one_logged_nothing() -> None:
    """The first index of a segment without points is that of the next one."""
    segments = [Segment(), Segment(points={"a": 4}), Segment(points={"a": 4}), Segment()]
    assert first_indexes(segments, "a", 9) == [0, 4, 4, 4]
    assert first_indexes(segments, "a", 3) == [0, 3, 3, 3]  # the others are not stored yet
    assert first_indexes(segments, "b", 3) == [0, 0, 0, 0]
    metric = metric_of([0, 1, 2, 3, 2])
    assert select_shown({"a": metric}, segments)["a"]["values"] == [0, 1, 4]


def test_few_blocks_are_read() -> None:
    """Only blocks in which a segment begins, and those with steps on both sides of a limit."""
    parts = [[*range(40_500)], [*range(20_300, 60_000)], [*range(59_000, 90_000)]]
    steps = [step for part in parts for step in part]
    source = Source({"loss": metric_of(steps)})
    segments = segments_of(parts)
    blocks = source.summaries(None)
    shown = find_shown(blocks, segments, source.points)["loss"]
    assert [stop - start for start, stop in shown.spans] == [20_300, 38_700, 31_000]
    assert shown.spans == [(0, 20_300), (40_500, 79_200), (80_200, 111_200)]
    assert sum(count for _, _, count in source.read) <= 5 * BLOCK_POINTS
    assert [block.start for block in shown.blocks][:2] == [0, 1000]
    assert max(block.points for block in shown.blocks) <= BLOCK_POINTS
    source.read.clear()
    # What a segment that began anew repeats in whole is not read either.
    anew = [[*range(50_000)], [*range(60_000)]]
    source = Source({"loss": metric_of(anew[0] + anew[1])})
    shown = find_shown(source.summaries(None), segments_of(anew), source.points)["loss"]
    assert shown.spans == [(50_000, 110_000)] and source.read == []


def test_hidden_blocks_with_steps_that_are_not_numbers_are_read() -> None:
    """Their points with such steps are shown."""
    steps = [*range(3000), 0]
    steps[1500] = math.nan
    source = Source({"loss": metric_of(steps)})
    view = SegmentView(source, segments_of([steps[:3000], [0]]))
    assert view.points({"loss": (0, None)})["loss"]["values"] == [1500, 3000]


def test_ranges_of_shown_points() -> None:
    """Indexes of shown points become those among all points."""
    shown = ShownMetric([(0, 3), (5, 6), (10, 20)], [])
    assert shown.spans_of(0, None) == [(0, 3), (5, 6), (10, 20)]
    assert shown.spans_of(2, 5) == [(2, 3), (5, 6), (10, 11)]
    assert shown.spans_of(4, 99) == [(10, 20)]
    assert shown.spans_of(14, None) == [] and shown.spans_of(3, 3) == []


def resumed_run(parts: list[list[Any]]) -> tuple[MemoryStore, Any, EventDriver]:
    """Return a store with a run of several segments."""
    memory = Memory()
    driver = EventDriver(MemoryObserver(memory))
    run_id = driver.start()
    own = [(steps, [float(step) for step in steps]) for steps in parts]
    segments = log_segments(driver, {"loss": own})
    driver.beat()
    write_segments(driver, segments)
    return MemoryStore(memory), run_id, driver


def test_a_store_shows_and_counts_shown_points() -> None:
    """All functions that read points do; with ``raw`` they read all points."""
    store, run_id, driver = resumed_run([[0, 1, 2, 3], [2, 3, 4]])
    shown = shown_points(driver.metrics, store.get(run_id).segments)
    assert store.metrics(run_id) == shown
    assert list(shown["loss"]["steps"]) == [0, 1, 2, 3, 4]
    raw = all_points(store, run_id)
    assert list(raw["loss"]["steps"]) == [0, 1, 2, 3, 2, 3, 4]
    assert points(store, run_id, {"loss": (2, 4)}, raw=True)["loss"]["steps"] == [2, 3]
    assert [part.points for part in curve(store, run_id, "loss", width=1)] == [5]
    assert [part.points for part in curve(store, run_id, "loss", width=1, raw=True)] == [7]
    assert [block.last_step for block in summaries(store, run_id)["loss"]] == [4]
    one, all_of_it = store.get(run_id), store.get(run_id, raw=True)
    assert one.metrics is not None and one.metrics["loss"].points == 5
    assert all_of_it.metrics is not None and all_of_it.metrics["loss"].points == 7


def test_queries_use_what_is_shown() -> None:
    """A maximum that was repeated without it is not the maximum of the run."""
    store, run_id, _ = resumed_run([[0, 1, 90], [1, 2]])
    assert [run.id for run in find_runs(store, "metrics.loss.max = 2")] == [run_id]
    assert [*find_runs(store, "metrics.loss.max = 90")] == []
    assert [run.id for run in find_runs(store, "metrics.loss.at(loss.max) = 2")] == [run_id]
    assert [run.id for run in find_runs(store, "metrics.loss.count = 3")] == [run_id]


class OldStore:
    """A store of an earlier release, whose methods have no ``raw``."""

    def metrics(self, run_id: int | str) -> dict[str, dict[str, Any]]:
        """Return all points."""
        return {"loss": metric_of([0, 1])}


def test_stores_without_raw_are_read() -> None:
    """They have no segments: all of their points are shown."""
    store = OldStore()
    assert all_points(store, 1) == all_points(store, 1, raw=False) == store.metrics(1)
    assert [*summaries(store, 1, raw=True)] == ["loss"]


def test_damaged_segments_hide_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is listed as damaged, and all of its points are shown."""
    store, run_id, _ = resumed_run([[0, 1, 2], [1, 2]])

    def damaged() -> None:
        raise DamagedRecordError("a segment of the run is damaged: x")

    read_fields: Callable[[Any], Mapping[str, Any]] = store.read_fields
    monkeypatch.setattr(
        store, "read_fields", lambda record: {**read_fields(record), "segments": damaged}
    )
    assert store.get(run_id).damage == "a segment of the run is damaged: x"
    assert list(store.metrics(run_id)["loss"]["steps"]) == [0, 1, 2, 1, 2]


def test_the_record_of_damaged_points_has_the_stored_summaries() -> None:
    """The summaries of all points are better than none."""
    store, run_id, _ = resumed_run([[0, 1, 2], [1, 2]])
    store.memory.runs[run_id].metrics["loss"]["steps"].pop()
    run: StoredRun = store.get(run_id)
    assert run.metrics is not None and run.metrics["loss"].points == 5


def test_summaries_count_odd_steps() -> None:
    """NaN and steps that are not numbers are counted, wherever they are."""
    assert summarize([0, math.nan, "x", True, 4], [1.0] * 5).odd_steps == 3
    assert summarize([math.nan, math.nan], [1.0] * 2).odd_steps == 2
    assert summarize([None], [1.0]).odd_steps == 1
    assert summarize([0, 1], ["x", 1.0]).odd_steps == 0


def test_times_of_several_parts_are_joined() -> None:
    """Times that are made when they are read remain such, if they are of one kind."""
    loaded: list[str] = []

    def column(*stored: int) -> TimeColumn:
        def load() -> list[int]:
            loaded.append("")
            return [*stored]

        return TimeColumn(len(stored), load, parse, "us")

    def parse(stored: Any) -> Any:
        return -stored

    both = join_times([column(1, 2), column(3)])
    assert isinstance(both, TimeColumn) and len(both) == 3 and not loaded
    assert list(both) == [-1, -2, -3] and both.unit == "us"
    other = TimeColumn(1, lambda: [4], lambda stored: stored)
    assert join_times([column(1), other, [7]]) == [-1, 4, 7]
    assert join_times([column(1), other]) == [-1, 4]
    assert join_times([other]) is other
