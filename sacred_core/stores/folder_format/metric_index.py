"""Positions and summaries of the points of metrics in ``metrics.json``.

``metrics.index.json`` has the size of the file that it is about, and for each metric ``blocks``,
encoded summaries; ``parts``, for some points their index and the positions of their step, their
value and their time; and ``ends``, the positions after the columns. A reader ignores an index whose
size is not that of ``metrics.json``: it was written for other points. It reads all of
``metrics.json`` too if the index is damaged.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from os import SEEK_END
from typing import Any, BinaryIO

from sacred_core.serialization import column_values, strict_json
from sacred_core.stores.curves import Ranges, ranges_of
from sacred_core.stores.folder_format.metrics import (
    Part,
    blocks_of,
    parse_columns,
    parse_metrics,
    read_bytes,
    read_parts,
    without_repetitions,
)
from sacred_core.stores.folder_format.record import parse_time
from sacred_core.stores.summaries import (
    BLOCK_POINTS,
    COLUMNS,
    MetricSummary,
    decode_summary,
    encode_summary,
    merge_blocks,
)
from sacred_core.stores.times import TimeColumn

_JOINT = b", "
_DAMAGE = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError)


def write_merged(lines: BinaryIO, out: BinaryIO) -> dict[str, Any]:
    """Write ``metrics.json`` from lines of `metric_lines`: by metric an object of three lists.

    Columns are joined as strings: neither time nor memory is spent on parsing them.

    Args:
        lines: May be empty: there are no metrics.
        out: Is written to from its beginning.

    Returns:
        The content of ``metrics.index.json``.
    """
    by_name: dict[str, list[Part]] = {}
    for part in read_parts(lines):
        by_name.setdefault(part.name, []).append(part)
    index: dict[str, Any] = {}
    out.write(b"{")
    for number, (name, own) in enumerate(by_name.items()):
        out.write(_JOINT * bool(number) + strict_json(name).encode() + b": ")
        index[name] = _write_metric(lines, without_repetitions(own), out)
    out.write(b"}\n")
    return {"size": out.tell(), "metrics": index}


class MetricReader:
    """Reads summaries and points from the files of a run.

    Args:
        metrics: ``metrics.json``, None if it is missing.
        index: ``metrics.index.json``, None if it is missing.
        lines: ``metrics.jsonl``, which is used if ``metrics`` is None.
    """

    def __init__(
        self, metrics: BinaryIO | None, index: BinaryIO | None, lines: BinaryIO | None
    ) -> None:
        self._file = metrics if metrics is not None else lines
        self._index: dict[str, Any] | None = None
        self._parts: dict[str, list[Part]] = {}
        self._whole: dict[str, dict[str, Any]] | None = None if metrics is not None else {}
        if metrics is not None:
            self._index = None if index is None else _valid_index(index, metrics)
        elif lines is not None:
            for part in read_parts(lines):
                self._parts.setdefault(part.name, []).append(part)
            self._parts = {name: without_repetitions(own) for name, own in self._parts.items()}

    def metrics(self) -> dict[str, dict[str, Any]]:
        """Return all points by metric."""
        if self._index is None and not self._parts:
            return self._parse_whole()
        found = self.points(dict.fromkeys(self._index or self._parts, (0, None)))
        return found if self._index is not None or self._parts else self._parse_whole()

    def summaries(self, names: Iterable[str] | None) -> dict[str, list[MetricSummary]]:
        """Return the summaries of the blocks of metrics, by default of all."""
        if self._index is not None:
            try:
                return self._summaries(names)
            except _DAMAGE:
                self._index = None
        return self._summaries(names)

    def _summaries(self, names: Iterable[str] | None) -> dict[str, list[MetricSummary]]:
        found = {}
        for name in [*(self._index or self._parts or self._parse_whole())]:
            if names is None or name in names:
                found[name] = [decode_summary(each) for each in self._blocks(name)]
        return {name: merge_blocks(own) for name, own in found.items()}

    def points(self, ranges: Ranges) -> dict[str, dict[str, Any]]:
        """Return ranges of points by metric."""
        if self._index is not None:
            known = {name: ranges[name] for name in ranges if name in self._index}
            try:
                return {name: self._read_indexed(name, *each) for name, each in known.items()}
            except _DAMAGE:
                self._index = None
        if self._parts:
            known = {name: ranges[name] for name in ranges if name in self._parts}
            return {name: self._read_parts(name, *each) for name, each in known.items()}
        return ranges_of(self._parse_whole(), ranges)

    def _blocks(self, name: str) -> list[list[Any]]:
        if self._index is not None:
            own = self._index[name]
            blocks: list[list[Any]] = own["blocks"]
            if not blocks and own["count"]:
                raise ValueError("there are points without a summary")
            return blocks
        if not self._parts:
            metric = self._parse_whole()[name]
            return blocks_of(metric["steps"], metric["values"], 0)
        found: list[list[Any]] = []
        for part in self._parts[name]:
            found += _blocks_of_part(self._opened(), part)
        return found

    def _read_indexed(self, name: str, start: int, stop: int | None) -> dict[str, Any]:
        own = self._index[name] if self._index is not None else {}
        parts, count = own["parts"], own["count"]
        stop = count if stop is None else min(stop, count)
        if start >= stop:
            return {"steps": [], "values": [], "timestamps": []}
        indexes = [part[0] for part in parts]
        first, after = bisect_right(indexes, start) - 1, bisect_left(indexes, stop)
        texts = []
        for column in range(len(COLUMNS)):
            begin = parts[first][1 + column]
            is_last = after == len(parts)
            end = own["ends"][column] if is_last else parts[after][1 + column] - len(_JOINT)
            texts.append(b"[" + read_bytes(self._opened(), begin, end - begin) + b"]")
        chosen = slice(start - indexes[first], stop - indexes[first])
        times = texts[2]
        steps, values = (json.loads(text) for text in texts[:2])
        until = count if after == len(parts) else indexes[after]
        if not len(steps) == len(values) == until - indexes[first]:
            raise ValueError("there are other points than the index has")
        return {
            "steps": column_values(steps[chosen]),
            "values": column_values(values[chosen]),
            "timestamps": TimeColumn(stop - start, lambda: json.loads(times)[chosen], parse_time),
        }

    def _read_parts(self, name: str, start: int, stop: int | None) -> dict[str, Any]:
        metric: dict[str, list[Any]] = {column: [] for column in COLUMNS}
        first: int | None = None
        for part in self._parts[name]:
            if part.stop <= start or (stop is not None and part.start >= stop):
                continue
            first = part.start if first is None else first
            for column, (begin, length) in zip(COLUMNS, part.columns, strict=True):
                metric[column] += json.loads(read_bytes(self._opened(), begin, length))
        first = first or 0
        end = None if stop is None else max(stop - first, 0)
        chosen = slice(max(start - first, 0), end)
        return parse_columns({column: values[chosen] for column, values in metric.items()})

    def _parse_whole(self) -> dict[str, dict[str, Any]]:
        if self._whole is None:
            self._whole = parse_metrics(json.loads(self._read_all()))
        return self._whole

    def _read_all(self) -> bytes:
        file = self._opened()
        file.seek(0)
        return file.read()

    def _opened(self) -> BinaryIO:
        if self._file is None:
            raise ValueError("there is no file of points")
        return self._file


def _valid_index(index: BinaryIO, metrics: BinaryIO) -> dict[str, Any] | None:
    """Return what an index has about metrics, None if it was written for other points."""
    try:
        found = json.loads(index.read())
        entries = found["metrics"]
        is_valid = found["size"] == metrics.seek(0, SEEK_END)
        is_valid = is_valid and all(isinstance(own, dict) for own in entries.values())
        return entries if is_valid and entries else None
    except _DAMAGE:
        return None


def _blocks_of_part(file: BinaryIO, part: Part) -> list[list[Any]]:
    if part.blocks is not None:
        return part.blocks
    steps, values = (
        column_values(json.loads(read_bytes(file, *part.columns[column]))) for column in (0, 1)
    )
    return blocks_of(steps, values, part.start)


def _write_metric(file: BinaryIO, parts: list[Part], out: BinaryIO) -> dict[str, Any]:
    """Write the columns of a metric, and return its entry of the index."""
    places: list[list[int]] = []
    ends = []
    filled = [part for part in parts if part.points]
    anchors = _anchors(filled)
    for number, column in enumerate(COLUMNS):
        out.write(b'{"' * (number == 0) + b', "' * (number > 0) + column.encode() + b'": [')
        positions = []
        begin = out.tell()
        for position, part in enumerate(filled):
            start, length = part.columns[number]
            text = read_bytes(file, start + 1, length - 2)
            out.write(_JOINT if text and out.tell() > begin else b"")
            if position in anchors:
                positions.append(out.tell())
            out.write(text)
        places.append(positions)
        ends.append(out.tell())
        out.write(b"]")
    out.write(b"}")
    starts = [filled[position].start for position in anchors]
    blocks = [decode_summary(each) for part in filled for each in _blocks_of_part(file, part)]
    return {
        "count": filled[-1].stop if filled else 0,
        "blocks": [encode_summary(each) for each in merge_blocks(blocks)],
        "parts": [list(each) for each in zip(starts, *places, strict=True)],
        "ends": ends,
    }


def _anchors(parts: list[Part]) -> list[int]:
    """Return the positions of parts that have an entry in the index: a block apart, or more."""
    anchors: list[int] = []
    for position, part in enumerate(parts):
        if not anchors or part.start - parts[anchors[-1]].start >= BLOCK_POINTS:
            anchors.append(position)
    return anchors
