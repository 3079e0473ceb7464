"""The points of a run: appended with every heartbeat, and merged at the end.

While the run lasts ``metrics.jsonl`` has four lines of JSON for the new points of one metric:
``{"name", "start", "count"}``, where ``start`` is the index of the first one, then the columns
``steps``, ``values`` and ``timestamps``. A point that was written twice takes the place of itself.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, NamedTuple

from sacred_core.serialization import column_json, column_values, strict_json
from sacred_core.stores.folder_format.record import parse_time

COLUMNS = ("steps", "values", "timestamps")
_SECOND = timedelta(seconds=1)
_TO_SECONDS = len("2026-01-01T00:00:00")


def metric_lines(metrics: Mapping[str, Any], starts: Mapping[str, int]) -> bytes:
    """Return the lines of the new points of ``metrics``."""
    lines = []
    for name, metric in metrics.items():
        head = {"name": name, "start": starts.get(name, 0), "count": len(metric["steps"])}
        lines += [
            strict_json(head),
            column_json(metric["steps"]),
            column_json(metric["values"]),
            strict_json(list(_time_texts(metric["timestamps"]))),
        ]
    return "".join(line + "\n" for line in lines).encode()


def read_merged(lines: BinaryIO) -> dict[str, dict[str, list[Any]]]:
    """Return the points in lines of `metric_lines` by metric, each a list by column.

    The last lines, which a crash may have cut off, are skipped if they are not complete.
    """
    metrics: dict[str, dict[str, list[Any]]] = {}
    for part in _parts(lines):
        metric = metrics.setdefault(part.name, {column: [] for column in COLUMNS})
        for column, (start, length) in zip(COLUMNS, part.columns, strict=True):
            values = json.loads(_read(lines, start, length))
            metric[column][part.start : part.start + part.points] = values
    return metrics


def write_merged(lines: BinaryIO, out: BinaryIO) -> None:
    """Write ``metrics.json`` from lines of `metric_lines`: by metric an object of three lists.

    Columns are joined as strings: neither time nor memory is spent on parsing them.

    Args:
        lines: May be empty: there are no metrics.
        out: Is written to at its position.
    """
    by_name: dict[str, list[_Part]] = {}
    for part in _parts(lines):
        by_name.setdefault(part.name, []).append(part)
    out.write(b"{")
    for number, (name, own) in enumerate(by_name.items()):
        out.write(b", " * bool(number) + strict_json(name).encode() + b": ")
        _write_metric(lines, _without_repetitions(own), out)
    out.write(b"}\n")


def parse_metrics(stored: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the content of ``metrics.json`` with numbers and times.

    Raises:
        KeyError, TypeError, AttributeError: it has another form.
    """
    return {
        name: {
            "steps": column_values(metric["steps"]),
            "values": column_values(metric["values"]),
            "timestamps": [parse_time(time) for time in metric["timestamps"]],
        }
        for name, metric in stored.items()
    }


class _Part(NamedTuple):
    """Where some points of one metric are in the file."""

    name: str
    start: int
    points: int
    columns: list[tuple[int, int]]  # position and length of the string, with its brackets


def _parts(file: BinaryIO) -> Iterator[_Part]:
    """Yield complete parts; the file may be read from between two of them."""
    position = 0
    while True:
        file.seek(position)
        lines = [file.readline() for _ in range(1 + len(COLUMNS))]
        if not lines[-1].endswith(b"\n"):
            return
        head = json.loads(lines[0])
        columns = []
        position += len(lines[0])
        for line in lines[1:]:
            columns.append((position, len(line) - 1))
            position += len(line)
        yield _Part(head["name"], head["start"], head["count"], columns)


def _without_repetitions(parts: list[_Part]) -> list[_Part]:
    """Return the parts in order: what was written twice is the same string."""
    last = {part.start: part for part in parts}
    return [last[start] for start in sorted(last)]


def _write_metric(file: BinaryIO, parts: list[_Part], out: BinaryIO) -> None:
    for number, column in enumerate(COLUMNS):
        out.write(b'{"' * (number == 0) + b', "' * (number > 0) + column.encode() + b'": [')
        is_first = True
        for part in parts:
            start, length = part.columns[number]
            text = _read(file, start + 1, length - 2)
            if text:
                out.write(text if is_first else b", " + text)
                is_first = False
        out.write(b"]")
    out.write(b"}")


def _read(file: BinaryIO, start: int, length: int) -> bytes:
    file.seek(start)
    return file.read(length)


def _time_texts(times: Iterable[datetime]) -> Iterator[str]:
    """Yield times as `format_time` does; most are in the same second as the one before."""
    second = until = None
    text = ""
    for time in times:
        if time.tzinfo is None:
            time = time.replace(tzinfo=UTC)
        if second is None or until is None or not second <= time < until:
            second = time.astimezone(UTC).replace(microsecond=0)
            until = second + _SECOND
            text = second.isoformat()[:_TO_SECONDS]
        yield f"{text}.{time.microsecond:06d}"
