"""Reads the points of metrics, or their summaries without the points.

A document of a metric has up to a thousand points from the index ``start`` on; that of a run which
ended, or which Sacred wrote, has all. A reader finds points that are in two documents for a moment
only once. ``summaries`` has the encoded summaries of the blocks of these points, see
`sacred_core.stores.summaries`; in the first document of a long metric of a run which ended it has
those of all documents. Documents of Sacred and of release 0.1.0 have none: points are read.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from bson import ObjectId

from sacred_core.stores.checking import check_metrics
from sacred_core.stores.curves import Ranges, summaries_of
from sacred_core.stores.summaries import (
    BLOCK_POINTS,
    COLUMNS,
    MetricSummary,
    decode_summary,
    merge_blocks,
)
from sacred_core.stores.times import TimeColumn
from sacred_mongo.collections import Collections, RunReference
from sacred_mongo.connection import CODEC, Document, Runs
from sacred_mongo.documents import reader
from sacred_mongo.values import decode_column, encode, encode_key

_FIRST = {"$ifNull": ["$start", 0]}
_COUNT = {"$cond": [{"$isArray": "$values"}, {"$size": "$values"}, -1]}
#: What is read of a document in place of its points.
OUTLINE: Document = {"$project": {"name": 1, "start": 1, "summaries": 1, "count": _COUNT}}
#: The largest number of items that the server returns of a list.
_ALL = 2**31 - 1
#: A range of more points is not looked up by the ids of its documents.
_LONG = 1_000 * BLOCK_POINTS


class StoredPoints:
    """The points of a run.

    Args:
        collections: Where they are.
        entry: Of the document of the run ``info.metrics``, ``writer``, the token, and the facts.
    """

    def __init__(self, collections: Collections, entry: Document) -> None:
        self._collections = collections
        self._metrics = without_time_zones(collections.metrics)
        self._entry = entry
        self._back = reader(entry)

    def all(self) -> dict[str, dict[str, Any]]:
        """Return the points of all metrics by name."""
        found = self._metrics.find(metric_documents(self._collections, self._entry))
        return {
            name: self._decode_columns(join_columns(documents))
            for name, documents in self._by_name(found).items()
        }

    def ranges(self, ranges: Ranges) -> dict[str, dict[str, Any]]:
        """Return ranges of points by metric."""
        names: dict[tuple[int, int | None], list[str]] = {}
        for name, each in ranges.items():
            names.setdefault(each, []).append(name)
        found: dict[str, dict[str, Any]] = {}
        for each, own in names.items():
            found |= self._range(own, *each)
        return {name: found[name] for name in ranges if name in found}

    def summaries(self, names: Iterable[str] | None) -> dict[str, list[MetricSummary]]:
        """Return the summaries of the blocks of metrics, by default of all."""
        wanted = None if names is None else set(names)
        first = self._by_name(self._outlines({"_id": {"$in": self._first_ids(wanted)}}))
        found = {name: self._whole_blocks(name, own) for name, own in first.items()}
        open_names = [name for name, own in first.items() if found[name] is None and _is_open(own)]
        if open_names:
            further = self._by_name(self._outlines(self._further(open_names, {"$gt": 0})))
            found |= {
                name: blocks_of([*first[name], *further.get(name, ())]) for name in open_names
            }
        unknown = {name: (0, None) for name, blocks in found.items() if blocks is None}
        computed = summaries_of(check_metrics(self.ranges(unknown)))
        return {name: computed.get(name, []) if own is None else own for name, own in found.items()}

    def _range(self, names: list[str], start: int, stop: int | None) -> dict[str, dict[str, Any]]:
        """Return the same range of points of several metrics."""
        start, stop = min(start, _ALL - 1), _ALL if stop is None else min(stop, _ALL)
        if start >= stop:
            start, stop = _ALL - 1, _ALL  # which no metric has: its columns are empty
        columns = {column: _slice(column, start, stop) for column in COLUMNS}
        project = {"$project": {"name": 1, "start": 1, **columns}}
        found = self._metrics.aggregate([{"$match": self._holding(names, start, stop)}, project])
        return {
            name: self._decode_columns(_cut_columns(documents, start, stop))
            for name, documents in self._by_name(found).items()
        }

    def _holding(self, names: list[str], start: int, stop: int) -> Document:
        """Return the filter of the documents that may have points in a range.

        The first ones may have all points. Those of a short range are found by their ids.
        """
        first_ids = self._first_ids(names)
        if "writer" not in self._entry:
            return {"_id": {"$in": first_ids}}
        if stop - start > _LONG:
            further = self._further(names, {"$gt": start - BLOCK_POINTS, "$lt": stop})
            return {"$or": [{"_id": {"$in": first_ids}}, further]}
        run = RunReference.of(self._collections, self._entry)
        numbers = range(start // BLOCK_POINTS, -(-stop // BLOCK_POINTS))
        further_ids = [run.metric_id(name, number) for name in names for number in numbers]
        return {"_id": {"$in": [*first_ids, *further_ids]}}

    def _further(self, names: Iterable[str], start: Document) -> Document:
        """Return the filter of documents by the index of their first point."""
        own = metric_documents(self._collections, self._entry)
        return {**own, "name": {"$in": [encode(name) for name in names]}, "start": start}

    def _outlines(self, match: Document) -> Iterable[Document]:
        return self._metrics.aggregate([{"$match": match}, OUTLINE])

    def _first_ids(self, names: Collection[str] | None) -> list[ObjectId]:
        """Return the ids of the first documents of metrics, by default of all."""
        listed = _listed_ids(self._entry)
        return [each for name, each in listed if names is None or self._back(name) in names]

    def _whole_blocks(self, name: str, outlines: list[Document]) -> list[MetricSummary] | None:
        """Return the summaries of all blocks if the first document has them."""
        blocks = _decode_blocks(outlines[0].get("summaries")) if len(outlines) == 1 else None
        if not blocks:
            return None
        stop, count = blocks[-1].stop, outlines[0]["count"]
        # A block that is not full is the last one; more than the own ones are there at the end.
        has_all = stop % BLOCK_POINTS > 0 if stop == count else stop == self._total(name)
        return blocks if has_all and stop >= count and _are_adjacent(blocks) else None

    def _total(self, name: str) -> Any:
        """Return the number of points according to the facts of the run."""
        try:
            return self._entry["facts"]["metrics"][encode_key(name)][1]
        except (KeyError, TypeError, IndexError):
            return None

    def _by_name(self, documents: Iterable[Document]) -> dict[str, list[Document]]:
        """Return documents by metric, those of a metric by start, in the order of the metrics."""
        by_name: dict[str, list[Document]] = {}
        for document in sorted(documents, key=_start):
            by_name.setdefault(self._back(document["name"]), []).append(document)
        listed = [self._back(name) for name, _ in _listed_ids(self._entry)]
        known = {
            name: by_name[name] for name in listed if isinstance(name, str) and name in by_name
        }
        return known | by_name

    def _decode_columns(self, columns: dict[str, list[Any]]) -> dict[str, Any]:
        times = columns["timestamps"]
        return {
            "steps": decode_column(columns["steps"], self._back),
            "values": decode_column(columns["values"], self._back),
            "timestamps": TimeColumn(len(times), lambda: times, _aware),
        }


def without_time_zones(metrics: Runs) -> Runs:
    """Return the collection of points with naive times in UTC.

    The driver decodes aware ones, of which each point has one, ten times slower.
    """
    return metrics.with_options(codec_options=CODEC.with_options(tz_aware=False, tzinfo=None))


def metric_documents(collections: Collections, entry: Document) -> Document:
    """Return the filter of the documents with the metrics of a run."""
    if "writer" in entry:
        return RunReference.of(collections, entry).metrics_filter
    return {"_id": {"$in": [each for _, each in _listed_ids(entry)]}}


def blocks_of(outlines: Iterable[Document]) -> list[MetricSummary] | None:
    """Return the summaries of the blocks of one metric from the outlines of all its documents.

    Returns:
        None if they are not those of all points: another release wrote some.
    """
    parts: list[MetricSummary] = []
    end = 0
    for outline in sorted(outlines, key=_start):
        own = _decode_blocks(outline.get("summaries"))
        if own is None:
            return None
        parts += own
        end = max(end, _start(outline) + outline["count"])
    blocks = merge_blocks(parts)
    return blocks if blocks and blocks[-1].stop == end and _are_adjacent(blocks) else None


def join_columns(documents: Iterable[Document]) -> dict[str, list[Any]]:
    """Return the columns of documents that are in order; points that two have are returned once."""
    columns: dict[str, list[Any]] = {column: [] for column in COLUMNS}
    for document in documents:
        known = len(columns["values"]) - _start(document)
        for column, values in columns.items():
            values += document[column][max(known, 0) :]
    return columns


def _cut_columns(documents: Iterable[Document], start: int, stop: int) -> dict[str, list[Any]]:
    """Return the columns of points in a range from documents whose earlier points were cut off."""
    columns: dict[str, list[Any]] = {column: [] for column in COLUMNS}
    for document in documents:
        known = start + len(columns["values"]) - max(_start(document), start)
        for column, values in columns.items():
            values += document[column][max(known, 0) :]
    return {column: values[: stop - start] for column, values in columns.items()}


def _slice(column: str, start: int, stop: int) -> Document:
    """Return the expression for the points of a document from ``start`` on."""
    values = f"${column}"
    position = {"$max": [0, {"$subtract": [start, _FIRST]}]}
    cut = {"$slice": [values, position, stop - start]}
    return {"$cond": [{"$isArray": values}, cut, values]}  # else it is damaged


def _aware(time: Any) -> Any:
    return time.replace(tzinfo=UTC) if isinstance(time, datetime) else time


def _start(document: Document) -> int:
    return document.get("start") or 0


def _is_open(outlines: list[Document]) -> bool:
    """Return whether a metric has summaries, of which some may be in further documents."""
    return all(outline.get("summaries") for outline in outlines)


def _are_adjacent(blocks: list[MetricSummary]) -> bool:
    return blocks[0].start == 0 and all(one.stop == other.start for one, other in pairwise(blocks))


def _decode_blocks(stored: Any) -> list[MetricSummary] | None:
    """Return summaries, None if there are none or they are damaged."""
    try:
        return [decode_summary(decode_column(each)) for each in stored]
    except (TypeError, ValueError):
        return None


def _listed_ids(entry: Document) -> list[tuple[Any, ObjectId]]:
    """Return the names of metrics as they are stored, and the ids of their first documents."""
    listed = (entry.get("info") or {}).get("metrics")
    metrics = listed if isinstance(listed, list) else []
    return [
        (each.get("name"), ObjectId(each["id"]))
        for each in metrics
        if isinstance(each, dict) and ObjectId.is_valid(each.get("id"))
    ]
