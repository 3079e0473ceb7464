"""Points of a resumed run are read back as later segments repeat earlier ones."""

import itertools
import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs

from sacred_core.events import WHOLE_RUN
from sacred_core.observers.documents import DocumentObserver
from sacred_core.stores import Segment, find_runs
from sacred_core.stores.curves import curve, points, summaries, tail
from sacred_core.stores.digests import digest_run
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.summaries import BLOCK_POINTS, MetricSummary, merge_summaries, summarize
from sacred_core.testing.applicability import skip_rule
from sacred_core.testing.effort import examples
from sacred_core.testing.event_driver import EventDriver
from sacred_core.testing.memory import Memory, MemoryObserver, MemoryRun, MemoryStore
from sacred_core.testing.series import spell, summarize_by_point
from sacred_core.transfer.copying import copy_run
from sacred_core.transfer.known_runs import Target

_COUNTS = (0, 1, 2, 60, 400, 999, 1000, 1001)
#: Series of one run.
_TOGETHER = 6


class SegmentContract:
    """The part of `StoreContract` that is about runs that were resumed."""

    make_observer: Callable[[Path], Any]
    make_store: Callable[[Path], Any]

    def test_points_that_a_later_segment_repeats_are_hidden(self, tmp_path: Path) -> None:
        """Metrics, ranges, summaries, curves and the record show, for generated segments, what a
        comparison of all points shows, during the run and after its end; ``raw`` has all points.
        """
        if not isinstance(self.make_observer(tmp_path), DocumentObserver):
            skip_rule("the observer is not a DocumentObserver")
        for first in range(0, examples(_TOGETHER, 60), _TOGETHER):
            seeds = range(first, first + _TOGETHER)
            driver = EventDriver(self.make_observer(tmp_path))
            run_id = driver.start()
            count = 3 - first // _TOGETHER % 2
            segments = log_segments(driver, {f"metric {s}": draw_steps(s, count) for s in seeds})
            driver.beat()
            write_segments(driver, segments)
            shown = shown_points(driver.metrics, segments)
            _assert_points(self.make_store(tmp_path).metrics(run_id), shown)
            driver.complete()
            check_shown(self.make_store(tmp_path), run_id, driver.metrics, segments)

    def test_segments_of_a_run_come_back(self, tmp_path: Path) -> None:
        """The record has the segments; a run that was not resumed has one."""
        observer = self.make_observer(tmp_path)
        if not isinstance(observer, DocumentObserver):
            skip_rule("the observer is not a DocumentObserver")
        driver = EventDriver(observer)
        run_id = driver.start()
        run = self.make_store(tmp_path).get(run_id)
        assert [each.start_time for each in run.segments] == [run.start_time]
        segments = [
            Segment(start_time=run.start_time, status="DEAD", host={"hostname": "n1"}),
            Segment(start_time=run.start_time, status="RUNNING", output=7, points={"loss": 3}),
        ]
        driver.beat()
        write_segments(driver, segments)
        store = self.make_store(tmp_path)
        assert store.get(run_id).segments == segments
        listed = [each for each in store.list() if each.id == run_id]
        assert [each.segments for each in listed] == [segments]

    def test_a_copy_is_continued_after_its_run_was_resumed(self, tmp_path: Path) -> None:
        """A copy of an interrupted run gets the later segment while it is running, and its end."""
        observer = self.make_observer(tmp_path)
        replace_token = getattr(type(observer), "replace_token", None)
        if replace_token in (None, DocumentObserver.replace_token):  # it cannot resume runs
            skip_rule("the observer cannot resume runs")
        store: Any = observer.open_store()
        memory = Memory()
        driver = EventDriver(MemoryObserver(memory))
        run_id = driver.start(meta_info={"uid": "a" * 32})
        driver.log("loss", [4.0, 3.0, 2.0])
        driver.print("first\n")
        driver.beat()
        driver.interrupt()
        source = MemoryStore(memory)
        copies = [copy_run(source, source.get(run_id), Target(store))]
        end = add_segment(memory.runs[run_id])
        copies.append(copy_run(source, source.get(run_id), Target(store)))
        _require_equal(source, run_id, store, copies[-1].target_id)
        end()
        target = Target(store)
        copies += [copy_run(source, source.get(run_id), target) for _ in range(2)]
        assert [each.points for each in copies] == [3, 2, 0, 0]
        assert len({each.target_id for each in copies}) == 1 and not copies[-1].conflict
        _require_equal(source, run_id, store, copies[-1].target_id)
        assert list(store.metrics(copies[-1].target_id)["loss"]["steps"]) == [0, 1, 2]
        assert [*store.get(copies[-1].target_id).writers] == ["rank1"]


def add_segment(record: MemoryRun) -> Callable[[], None]:
    """Add a second segment to a run in memory, and return the function that ends it."""
    run, metric = record.run, record.metrics["loss"]
    later = [each + timedelta(hours=1) for each in metric["timestamps"][1:]]
    record.output += "second\n"
    first = run.segments[0]
    second = Segment(
        start_time=later[0], status="RUNNING", host={"hostname": "n2"}, output=len("first\n"),
        points={"loss": len(metric["steps"])},
    )  # fmt: skip
    run.recorded_segments, run.writers = [first, second], ["rank1"]
    run.recorded_status, run.stop_time, run.heartbeat = "RUNNING", None, later[-1]
    for column, new in (("steps", [1, 2]), ("values", [2.5, 1.5]), ("timestamps", later)):
        metric[column] += new
    run.metrics = {"loss": summarize(metric["steps"], metric["values"])}
    run.output_length = len(record.output)

    def end() -> None:
        run.recorded_status, run.stop_time = "COMPLETED", later[-1] + timedelta(seconds=9)
        ended = attrs.evolve(second, status="COMPLETED", stop_time=run.stop_time)
        run.recorded_segments = [first, ended]

    return end


def _require_equal(source: Any, run_id: Any, target: Any, target_id: Any) -> None:
    one, other = (
        digest_run(store, store.get(own)) for store, own in ((source, run_id), (target, target_id))
    )
    wrong = [name for name in one.parts if one.parts[name] != other.parts.get(name)]
    assert not wrong, f"{wrong} of the copy differ"


def draw_steps(seed: int, count: int) -> list[tuple[list[Any], list[Any]]]:
    """Return the steps and values of a metric in each segment, of several kinds and lengths.

    Args:
        seed: The same one yields the same points.
        count: Number of segments.
    """
    draw = random.Random(seed)
    found: list[tuple[list[Any], list[Any]]] = []
    end = 0
    for _ in range(count):
        size = draw.choice(_COUNTS)
        first = draw.choice([0, end, max(end - draw.choice([1, 7, 500, 1500]), 0), end + 50])
        steps: list[Any] = [*range(first, first + size)]
        kind = draw.randrange(6)
        if kind == 0:
            draw.shuffle(steps)
        elif kind == 1:
            steps = [math.nan if draw.random() < 0.2 else step for step in steps]
        elif kind == 2:
            steps = [step // 3 for step in steps]
        end = first + size
        found.append((steps, [draw.gauss(0, 1) for _ in steps]))
    return found


def log_segments(
    driver: EventDriver, metrics: Mapping[str, Sequence[tuple[list[Any], list[Any]]]]
) -> list[Segment]:
    """Log the points of each segment, and return the segments."""
    segments: list[Segment] = []
    counts = dict.fromkeys(metrics, 0)
    for number in range(max(map(len, metrics.values()))):
        segments.append(Segment(status="DEAD", points={n: c for n, c in counts.items() if c}))
        own = {name: parts[number] for name, parts in metrics.items() if parts[number][0]}
        for name, (steps, _) in own.items():
            counts[name] += len(steps)
        if own:
            driver.log_points({name: (list(s), list(v)) for name, (s, v) in own.items()})
    return segments


def write_segments(driver: EventDriver, segments: list[Segment]) -> None:
    """Store segments in the record of the current run; what follows is sent as of all of them."""
    observer: DocumentObserver = driver.observer
    run = observer.require_run()
    driver.use_segment(WHOLE_RUN)
    run.recorded_segments = segments
    with observer.translate_errors():
        assert observer.update_run(run, frozenset({"segments", "status"}))


def shown_indexes(steps: Sequence[Any], starts: Sequence[int]) -> list[int]:
    """Return the indexes of points that are shown, by the definition.

    Args:
        steps: Of all points.
        starts: The index of the first point of each segment.
    """
    ends = [*starts[1:], len(steps)]
    found = []
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        later = [s for s in steps[ends[number] :] if _is_number(s)]
        found += [
            i for i in range(start, end)
            if not (later and _is_number(steps[i]) and steps[i] >= min(later))
        ]  # fmt: skip
    return found


def shown_points(
    metrics: Mapping[str, Any], segments: Sequence[Segment]
) -> dict[str, dict[str, Any]]:
    """Return the points that are shown, from all points; see `shown_indexes`."""
    found = {}
    for name, metric in metrics.items():
        starts = [*itertools.accumulate((s.points.get(name, 0) for s in segments), max)]
        indexes = shown_indexes(metric["steps"], starts)
        found[name] = {column: [metric[column][i] for i in indexes] for column in metric}
    return found


def check_shown(
    store: Any, run_id: Any, metrics: Mapping[str, Any], segments: Sequence[Segment]
) -> None:
    """Compare what a store shows of a run with all points.

    Args:
        store: Any store that has the run.
        run_id: In the store.
        metrics: All points.
        segments: Of the run.
    """
    shown = shown_points(metrics, segments)
    _assert_points(tail(store, run_id), shown)
    _assert_points(store.metrics(run_id, raw=True), metrics)
    _assert_points(tail(store, run_id, raw=True), metrics)
    blocks = summaries(store, run_id)
    assert [*blocks] == [*metrics], "metrics are in another order, or missing"
    listed = {run.id: run for run in find_runs(store)}[run_id]
    of_list = MetricSummaries(store).all_of(listed)
    one = store.get(run_id).metrics
    raw = summaries(store, run_id, raw=True)
    draw = random.Random(len(metrics))
    for name, metric in shown.items():
        _assert_summaries(blocks[name], metric, is_short=True)
        whole = [spell(merge_summaries(blocks[name]))]
        assert one is None or [spell(one[name])] == whole, f"the record has another {name}"
        assert [spell(of_list[name].summary)] == whole, f"the listing has another {name}"
        _check_ranges(store, run_id, name, metric, draw)
        _assert_summaries(raw[name], metrics[name], is_short=True)


def _check_ranges(
    store: Any, run_id: Any, name: str, metric: Mapping[str, Any], draw: random.Random
) -> None:
    count = len(metric["steps"])
    start = draw.choice([0, draw.randrange(count + 1)])
    stop = draw.choice([None, draw.randrange(count + 2)])
    found = points(store, run_id, {name: (start, stop)})
    _assert_points(found, {name: {c: own[start:stop] for c, own in metric.items()}})
    width = draw.choice([1, 2, 3, 10, 400])
    parts = curve(store, run_id, name, start, stop, width)
    assert len(parts) <= width
    cut = {column: own[:stop] for column, own in metric.items()}
    _assert_summaries(parts, cut, start)


def _assert_points(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    assert [*found] == [*expected]
    for name, metric in expected.items():
        for column in ("steps", "values"):
            own = list(found[name][column])
            assert repr(own) == repr(list(metric[column])), f"{name}.{column}"
        times = zip(found[name]["timestamps"], metric["timestamps"], strict=True)
        assert all(abs((one - other).total_seconds()) < 0.002 for one, other in times), name


def _assert_summaries(
    parts: Iterable[MetricSummary],
    metric: Mapping[str, Any],
    start: int = 0,
    is_short: bool = False,
) -> None:
    """Check that neighbouring summaries are those of all points from an index on."""
    for part in parts:
        assert part.start == start, "a summary begins elsewhere"
        assert not is_short or 0 < part.points <= BLOCK_POINTS
        inside = slice(start, part.stop)
        expected = summarize_by_point(metric["steps"][inside], metric["values"][inside], start)
        assert spell(part) == spell(expected)
        start = part.stop
    assert start >= len(metric["steps"]), "points have no summary"


def _is_number(step: Any) -> bool:
    return type(step) in (int, float) and not math.isnan(step)
