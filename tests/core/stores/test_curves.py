"""Tests of summaries and curves of metrics against computing them from all points."""

import math
import random
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sacred_core.dotted_path import MISSING
from sacred_core.serialization import from_json, to_json
from sacred_core.stores.curves import Points, curve, curve_edges, points, summaries, tail
from sacred_core.stores.summaries import (
    BLOCK_POINTS,
    MetricSummary,
    decode_summary,
    encode_summary,
    merge_blocks,
    merge_summaries,
    summarize,
    summarize_blocks,
)
from sacred_core.testing.series import generate_series, spell, summarize_by_point

NAN = math.nan
VALUES = st.one_of(
    st.floats(width=32),
    st.integers(-(10**20), 10**20),
    st.sampled_from([NAN, math.inf, -math.inf, 0, 0.0, -0.0, True, "text", None, 10**400]),
)
STEPS = st.one_of(st.integers(-5, 5), st.floats(-5, 5), st.just(NAN))
SERIES = st.lists(st.tuples(STEPS, VALUES), max_size=40)


class MemoryStore:
    """Has the points of one run and no summaries."""

    def __init__(self, metrics: Mapping[str, tuple[list[Any], list[Any]]]) -> None:
        self.read = 0
        self._metrics = metrics

    def metrics(self, run_id: Any) -> dict[str, Points]:
        """Return all points."""
        del run_id
        self.read += 1
        return {
            name: {"steps": steps, "values": values, "timestamps": [*range(len(values))]}
            for name, (steps, values) in self._metrics.items()
        }


class SummaryStore(MemoryStore):
    """Has summaries, and counts the points that are read."""

    def summaries(
        self, run_id: Any, names: Iterable[str] | None = None
    ) -> dict[str, list[MetricSummary]]:
        """Return the summaries of blocks."""
        del run_id
        return {
            name: [*summarize_blocks(*columns)]
            for name, columns in self._metrics.items()
            if names is None or name in names
        }

    def points(
        self, run_id: Any, ranges: Mapping[str, tuple[int, int | None]]
    ) -> dict[str, Points]:
        """Return a range of points."""
        found = points(MemoryStore(self._metrics), run_id, ranges)
        self.read += sum(len(own["steps"]) for own in found.values())
        return found


@given(SERIES, st.integers(0, 5000))
def test_a_summary_is_that_of_its_points(series: list[tuple[Any, Any]], start: int) -> None:
    """Each attribute is what its definition yields, whatever the points are."""
    steps, values = [step for step, _ in series], [value for _, value in series]
    found = summarize(steps, values, start)
    assert spell(found) == spell(summarize_by_point(steps, values, start))
    assert (found.stop, found.others) == (start + len(values), len(values) - found.count)


@given(SERIES.filter(len), st.data())
def test_summaries_merge(series: list[tuple[Any, Any]], data: st.DataObject) -> None:
    """The merged summaries of the parts of a series are the summary of the series."""
    steps, values = [step for step, _ in series], [value for _, value in series]
    cuts = data.draw(st.lists(st.integers(0, len(series)), max_size=5).map(sorted))
    edges = [0, *cuts, len(series)]
    parts = [summarize(steps[a:b], values[a:b], a) for a, b in pairwise(edges) if a < b]
    merged = merge_summaries(parts)
    assert merged == summarize(steps, values) or spell(merged) == spell(summarize(steps, values))


@given(SERIES)
def test_a_summary_passes_through_json(series: list[tuple[Any, Any]]) -> None:
    """A stored summary is read back as it was, with NaN, infinities and large integers."""
    summary = summarize([step for step, _ in series], [value for _, value in series], 7)
    stored = from_json(to_json(encode_summary(summary)))
    assert spell(decode_summary(stored)) == spell(summary)


@pytest.mark.parametrize("stored", [[], [1] * 11, [1] * 14, ["x"] * 12, [0.5] * 12, [None] * 12])
def test_what_is_not_a_summary_is_refused(stored: list[Any]) -> None:
    """A stored list of another form is an error."""
    with pytest.raises(ValueError, match=r"summary|zip"):
        decode_summary(stored)


def test_blocks_begin_at_multiples_and_merge() -> None:
    """Parts of a block become one block; a part that was stored again replaces the earlier one."""
    values = [float(n % 7) for n in range(2500)]
    steps = [*range(2500)]
    whole = [*summarize_blocks(steps, values)]
    assert [block.start for block in whole] == [0, 1000, 2000]
    parts = [
        *summarize_blocks(steps[:1700], values[:1700]),
        *summarize_blocks(steps[1400:1700], values[1400:1700], 1400),  # stored again
        *summarize_blocks(steps[1700:], values[1700:], 1700),
    ]
    # What was stored again begins inside of a part: only parts that begin there are replaced.
    assert [part.start for part in parts] == [0, 1000, 1400, 1700, 2000]
    del parts[1:3]
    parts[1:1] = [
        summarize(steps[1000:1400], values[1000:1400], 1000),
        summarize(steps[1400:1600], values[1400:1600], 1400),
        summarize(steps[1400:1700], values[1400:1700], 1400),
    ]
    assert merge_blocks(parts) == whole


@pytest.mark.parametrize("kind", [MemoryStore, SummaryStore])
def test_curves_of_generated_series(kind: type[MemoryStore]) -> None:
    """Summaries and curves of 500 series, whole and zoomed, equal those computed from points."""
    draw = random.Random(0)
    for seed in range(500):
        steps, values = generate_series(seed)
        store = kind({"loss": (steps, values)})
        blocks = summaries(store, 1)["loss"]
        assert [spell(block) for block in blocks] == [
            spell(summarize_by_point(steps[at : at + 1000], values[at : at + 1000], at))
            for at in range(0, len(values), BLOCK_POINTS)
        ]
        start = draw.choice([0, draw.randrange(len(values) + 1)])
        stop = draw.choice([None, draw.randrange(len(values) + 2)])
        width = draw.choice([1, 2, 3, 10, 400])
        found = curve(store, 1, "loss", start, stop, width)
        end = min(len(values), len(values) if stop is None else stop)
        edges = curve_edges(start, end, width) if start < end else []
        assert len(found) <= width
        assert [spell(each) for each in found] == [
            spell(summarize_by_point(steps[a:b], values[a:b], a)) for a, b in pairwise(edges)
        ]


@pytest.mark.parametrize(("kind", "most"), [(MemoryStore, 10**6 * 2), (SummaryStore, 0)])
def test_no_outlier_is_lost(kind: type[MemoryStore], most: int) -> None:
    """100 single outliers in a million points are in a curve of 400 summaries."""
    draw = random.Random(1)
    values = [0.0] * 1_000_000
    outliers = {index: float(n + 1) for n, index in enumerate(draw.sample(range(10**6), 100))}
    for index, value in outliers.items():
        values[index] = value * (-1) ** index
    store = kind({"loss": ([*range(10**6)], values)})
    found = curve(store, 1, "loss", width=400)
    assert len(found) <= 400
    assert store.read <= most
    for part in found:
        own = [values[index] for index in outliers if part.start <= index < part.stop]
        assert (part.min, part.max) == (min([0.0, *own]), max([0.0, *own]))
    assert all(values[part.argmax] == part.max for part in found)


@pytest.mark.parametrize(
    ("start", "stop", "width", "most"),
    [(0, None, 1000, 0), (500, None, 10, 500), (500, 99_500, 10, 1000), (5_000, 6_000, 100, 1000)],
)
def test_a_curve_reads_few_points(start: int, stop: int | None, width: int, most: int) -> None:
    """Only points of the blocks at both ends, or those of a short range, are read."""
    values = [math.sin(n) for n in range(1_000_000 if width == 1000 else 100_000)]
    store = SummaryStore({"loss": ([*range(len(values))], values)})
    assert 0 < len(curve(store, 1, "loss", start, stop, width)) <= width
    assert store.read <= most


@pytest.mark.parametrize("arguments", [{"width": 0}, {"start": -1}, {"stop": -1}])
def test_a_curve_of_no_width_is_refused(arguments: dict[str, int]) -> None:
    """A width that is not positive and a negative index are errors that show them."""
    with pytest.raises(ValueError, match="expected a positive width"):
        curve(MemoryStore({}), 1, "loss", **arguments)


@pytest.mark.parametrize("kind", [MemoryStore, SummaryStore])
def test_the_tail_has_what_is_new(kind: type[MemoryStore]) -> None:
    """Points since a count, all of a metric without a count, no metric without new points."""
    columns = ([0, 1, 2], [5.0, 6.0, 7.0])
    store = kind({"a": columns, "b": columns, "c": columns, "empty": ([], [])})
    found = tail(store, 1, {"a": 2, "b": 3})
    assert found == {
        "a": {"steps": [2], "values": [7.0], "timestamps": [2]},
        "c": {"steps": [0, 1, 2], "values": [5.0, 6.0, 7.0], "timestamps": [0, 1, 2]},
    }
    assert sorted(tail(store, 1)) == ["a", "b", "c"]
    single = kind({"a": ([3], [4.0])})
    assert tail(single, 1) == {"a": {"steps": [3], "values": [4.0], "timestamps": [0]}}


def test_unknown_metrics_are_left_out() -> None:
    """Summaries, points and curves of a metric that the run does not have are empty."""
    store = MemoryStore({"a": ([0], [1.0])})
    assert summaries(store, 1, ["a", "x"]).keys() == {"a"}
    assert points(store, 1, {"x": (0, None)}) == {}
    assert curve(store, 1, "x") == []
    assert summarize([], []).min is MISSING
