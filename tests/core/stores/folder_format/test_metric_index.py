"""Tests of the index of points, against reading all of them."""

import io
import json
import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

import pytest

from sacred_core.stores.curves import ranges_of, summaries_of
from sacred_core.stores.folder_format import (
    MetricReader,
    metric_lines,
    parse_metrics,
    write_merged,
)
from sacred_core.stores.summaries import encode_summary

START = datetime(2026, 1, 1, tzinfo=UTC)
ODD = [math.nan, math.inf, -math.inf, "a, b", '"]', None, True, [1, 2], 10**20]


class CountingFile(io.BytesIO):
    """Counts the bytes that are read."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


def lines_of(sizes: list[int], share_of_odd: float, seed: int) -> bytes:
    """Return the lines of two metrics that were appended in parts of these sizes."""
    draw = random.Random(seed)
    starts = {"loss": 0, "a, b": 0}
    lines = b""
    for size in sizes:
        for name in starts:
            count = size if name == "loss" else 1
            values = [
                draw.choice(ODD) if draw.random() < share_of_odd else draw.random()
                for _ in range(count)
            ]
            first = starts[name]
            metric = {
                "steps": [*range(first, first + count)],
                "values": values,
                "timestamps": [START + timedelta(seconds=first + n) for n in range(count)],
            }
            part = metric_lines({name: metric}, {name: first})
            lines += part * draw.choice([1, 1, 2])  # some of it was written twice
            starts[name] += count
    return lines


def readers(lines: bytes) -> dict[str, MetricReader]:
    """Return a reader of each form that the points of a run have."""
    out = io.BytesIO()
    index = write_merged(io.BytesIO(lines), out)
    merged, text = out.getvalue(), json.dumps(index).encode()
    old = without_details(lines)
    stale = json.dumps({**index, "size": index["size"] - 1}).encode()

    def reader(metrics: bytes | None, index: bytes | None, lines: bytes | None) -> MetricReader:
        files = [None if data is None else io.BytesIO(data) for data in (metrics, index, lines)]
        return MetricReader(*files)

    return {
        "index": reader(merged, text, None),
        "no index": reader(merged, None, None),
        "index of other points": reader(merged, stale, None),
        "damaged index": reader(merged, text[:-5], None),
        "running": reader(None, None, lines),
        "running, cut off": reader(None, None, lines + lines[: len(lines) // 3][:-1]),
        "running, of an earlier release": reader(None, None, old),
        "merged from an earlier release": reader(*merged_of(old), None),
    }


def without_details(lines: bytes) -> bytes:
    """Return lines as releases before the index wrote them."""
    found = []
    for number, line in enumerate(lines.splitlines(keepends=True)):
        if number % 4 == 0:
            head = json.loads(line)
            line = (
                json.dumps({key: head[key] for key in ("name", "start", "count")}).encode() + b"\n"
            )
        found.append(line)
    return b"".join(found)


def merged_of(lines: bytes) -> tuple[bytes, bytes]:
    out = io.BytesIO()
    index = write_merged(io.BytesIO(lines), out)
    return out.getvalue(), json.dumps(index).encode()


@pytest.mark.parametrize(
    ("sizes", "share"),
    [([1], 0), ([3, 1000, 1, 999, 5], 0), ([1] * 1200, 0), ([2500, 2500], 0.1), ([40, 700], 1)],
)
def test_every_form_has_the_same_points(sizes: list[int], share: float) -> None:
    """Summaries, ranges and all points are those of the merged file, with and without an index,
    during a run and after it.
    """
    lines = lines_of(sizes, share, seed=len(sizes))
    whole = parse_metrics(json.loads(merged_of(lines)[0]))
    total = sum(sizes)
    expected = {name: spelled(own) for name, own in summaries_of(whole).items()}
    draw = random.Random(0)
    ranges = [(0, None), (0, 0), (total, None), (total + 5, None), (0, total + 5)]
    ranges += [tuple(sorted((draw.randrange(total), draw.randrange(total + 1)))) for _ in range(20)]
    for form, reader in readers(lines).items():
        if form == "running, cut off":
            continue
        found = reader.summaries(None)
        assert {name: spelled(own) for name, own in found.items()} == expected, form
        assert repr_of(reader.metrics()) == repr_of(whole), form
        assert list(reader.summaries(["loss", "none"])) == ["loss"]
        for each in ranges:
            asked = {"loss": each, "a, b": each, "none": each}
            assert repr_of(reader.points(asked)) == repr_of(ranges_of(whole, asked)), (form, each)


def test_parts_that_are_cut_off_are_skipped() -> None:
    """A crash may leave a part of the last lines; what is complete is read."""
    lines = lines_of([5, 5], 0, seed=1)
    for length in range(len(lines)):
        reader = MetricReader(None, None, io.BytesIO(lines[:length]))
        loss = reader.metrics().get("loss", {"values": []})
        assert len(loss["values"]) in (0, 5, 10)


def test_a_range_needs_few_bytes() -> None:
    """Of a million points a range of ten is read with few others; the summaries read none."""
    values = [number / 7 for number in range(10_000)]
    lines = b""
    for start in range(0, 1_000_000, 10_000):
        steps = [*range(start, start + 10_000)]
        times = [START] * 10_000
        metric = {"steps": steps, "values": values, "timestamps": times}
        lines += metric_lines({"loss": metric}, {"loss": start})
    merged, index = merged_of(lines)
    file: BinaryIO = CountingFile(merged)
    reader = MetricReader(file, io.BytesIO(index), None)
    assert sum(each.points for each in reader.summaries(None)["loss"]) == 1_000_000
    assert file.count == 0  # type: ignore[attr-defined]
    found = reader.points({"loss": (500_500, 500_510)})["loss"]
    assert found["steps"] == [*range(500_500, 500_510)]
    assert found["values"] == values[500:510]
    assert file.count < len(merged) / 50  # type: ignore[attr-defined]
    assert len(index) < 200 * 1000


def spelled(blocks: Any) -> list[str]:
    return [repr(encode_summary(each)) for each in blocks]


def repr_of(metrics: Any) -> str:
    """Return what two sets of points have to agree in: NaN equals itself."""
    return repr({name: {key: list(own[key]) for key in own} for name, own in metrics.items()})
