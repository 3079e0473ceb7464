"""The points of a run: appended with every heartbeat, and merged at the end.

While the run lasts ``metrics.jsonl`` has four lines of JSON for the new points of one metric:
``{"name", "start", "count", "sizes", "blocks"}``, then the columns ``steps``, ``values`` and
``timestamps``. ``start`` is the index of the first point, ``sizes`` are the bytes of the columns
with their line ends, ``blocks`` summaries, see `sacred_core.stores.summaries`. A point that was
written twice takes the place of itself.

``metrics.json`` has all points at the end, and ``metrics.index.json`` beside it where they are, see
`sacred_core.stores.folder_format.metric_index`.
"""

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, BinaryIO, NamedTuple

from sacred_core.serialization import column_json, column_values, strict_json
from sacred_core.stores.folder_format.record import parse_time
from sacred_core.stores.summaries import COLUMNS, encode_summary, summarize_blocks
from sacred_core.stores.times import TimeColumn, to_microseconds

_MILLION = 1_000_000
_EPOCH = datetime(1970, 1, 1)
_JOINT = '", "'
_TO_SECONDS = len("2026-01-01T00:00:00")


class Part(NamedTuple):
    """The position of some points of one metric in the file.

    Attributes:
        name: Of the metric.
        start: Index of the first point.
        points: Their number.
        columns: Position and number of bytes of each column, with its brackets.
        blocks: Encoded summaries, None if they are not stored.
    """

    name: str
    start: int
    points: int
    columns: list[tuple[int, int]]
    blocks: list[list[Any]] | None

    @property
    def stop(self) -> int:
        """Index after the last point."""
        return self.start + self.points


def metric_lines(metrics: Mapping[str, Any], starts: Mapping[str, int]) -> bytes:
    """Return the lines of the new points of ``metrics``."""
    lines = []
    for name, metric in metrics.items():
        columns = [
            f"{text}\n".encode()
            for text in (
                column_json(metric["steps"]),
                column_json(metric["values"]),
                _times_json(metric["timestamps"]),
            )
        ]
        start = starts.get(name, 0)
        head = {
            "name": name,
            "start": start,
            "count": len(metric["steps"]),
            "sizes": [*map(len, columns)],
            "blocks": blocks_of(metric["steps"], metric["values"], start),
        }
        lines += [f"{strict_json(head)}\n".encode(), *columns]
    return b"".join(lines)


def blocks_of(steps: Any, values: Any, start: int) -> list[list[Any]]:
    """Return the encoded summaries of points."""
    return [encode_summary(each) for each in summarize_blocks(steps, values, start)]


def read_merged(lines: BinaryIO) -> dict[str, dict[str, list[Any]]]:
    """Return the points in lines of `metric_lines` by metric, each a list by column.

    The last lines, which a crash may have cut off, are skipped if they are not complete.
    """
    metrics: dict[str, dict[str, list[Any]]] = {}
    for part in read_parts(lines):
        metric = metrics.setdefault(part.name, {column: [] for column in COLUMNS})
        for column, (start, length) in zip(COLUMNS, part.columns, strict=True):
            values = json.loads(read_bytes(lines, start, length))
            metric[column][part.start : part.stop] = values
    return metrics


def parse_metrics(stored: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the content of ``metrics.json`` with numbers and times.

    Raises:
        KeyError, TypeError, AttributeError: it has another form.
    """
    return {name: parse_columns(metric) for name, metric in stored.items()}


def parse_columns(metric: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of one metric with numbers and times; raises as `parse_metrics` does."""
    times = metric["timestamps"]
    if not isinstance(times, list):
        raise TypeError("the timestamps of a metric are not a list")
    return {
        "steps": column_values(metric["steps"]),
        "values": column_values(metric["values"]),
        "timestamps": TimeColumn(len(times), partial(_itself, times), parse_time),
    }


def read_parts(file: BinaryIO) -> Iterator[Part]:
    """Yield complete parts; the file may be read from between two of them."""
    position = 0
    while True:
        file.seek(position)
        line = file.readline()
        if not line.endswith(b"\n"):
            return
        head = json.loads(line)
        position += len(line)
        sizes = head.get("sizes") or [len(file.readline()) for _ in COLUMNS]
        end = position + sum(sizes)
        if read_bytes(file, end - 1, 1) != b"\n":
            return
        columns = []
        for size in sizes:
            columns.append((position, size - 1))
            position += size
        yield Part(head["name"], head["start"], head["count"], columns, head.get("blocks"))


def without_repetitions(parts: Iterable[Part]) -> list[Part]:
    """Return the parts in order: what was written twice is the same string."""
    last = {part.start: part for part in parts}
    return [last[start] for start in sorted(last)]


def read_bytes(file: BinaryIO, start: int, length: int) -> bytes:
    """Return bytes from a position of a file."""
    file.seek(start)
    return file.read(length)


def _itself(value: Any) -> Any:
    return value


def _times_json(times: Iterable[datetime]) -> str:
    """Return times as JSON text, each as `format_time` has it.

    Those in the same second differ in six digits, which are written for all of them at once.
    """
    base, offsets = to_microseconds(times)
    is_sorted = sorted(offsets) == offsets
    texts: list[str] = []
    start = 0
    while start < len(offsets):
        second = offsets[start] // _MILLION
        after = second * _MILLION + _MILLION
        stop = bisect_left(offsets, after, start) if is_sorted else start + 1
        text = (_EPOCH + timedelta(seconds=base + second)).isoformat()[:_TO_SECONDS]
        # Seven digits, of which the first one, a 1, is replaced.
        digits = repr([each - after + 2 * _MILLION for each in offsets[start:stop]])
        texts.append(f"{text}.{digits[2:-1].replace(', 1', f'{_JOINT}{text}.')}")
        start = stop
    return f'["{_JOINT.join(texts)}"]' if texts else "[]"
