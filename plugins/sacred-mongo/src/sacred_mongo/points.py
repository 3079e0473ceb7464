"""Writes the points of metrics.

Each document of a metric has a thousand points, at the end as many as fit into one; it has the
index of its first point, so that writing some again changes nothing. Its ``summaries`` are those
of its blocks, see `sacred_mongo.curves`, which reads all this.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, UpdateOne, errors

from sacred_core.stores.summaries import (
    BLOCK_POINTS,
    COLUMNS,
    MetricSummary,
    encode_summary,
    merge_summaries,
    summarize,
    summarize_blocks,
)
from sacred_core.stores.tokens import TOKEN
from sacred_mongo.collections import FENCE, RunReference
from sacred_mongo.connection import Document, Runs
from sacred_mongo.curves import OUTLINE, blocks_of, join_columns, without_time_zones
from sacred_mongo.values import decode_column, encode, encode_column

#: Points that are joined into one document: at 50 bytes each they fit into 16 MB.
_JOINED = 200_000
#: Summaries that are put into the first document, which has 16 MB.
_GATHERED = 50_000
#: After so long new points set again when the run changed; less than `MongoStore.overlap`.
_MARK_SECONDS = 20.0
#: The code of a server for a document whose id exists.
_DUPLICATE = 11000


class Points:
    """The metrics of one run as they are stored.

    Args:
        entry: The document of the run; without, nothing is stored yet.

    Attributes:
        listed: What ``info.metrics`` of the document lists.
    """

    def __init__(self, entry: Document | None = None) -> None:
        self._ends: dict[str, int] = {}
        self._marked: float | None = None
        self._blocks: dict[str, list[MetricSummary | None]] = {}
        self.listed: list[Document] = list(((entry or {}).get("info") or {}).get("metrics") or ())

    def write(
        self, run: RunReference, metrics: Mapping[str, Any], starts: Mapping[str, int]
    ) -> None:
        """Add points.

        Args:
            run: Of these metrics.
            metrics: By name the new ``steps``, ``values`` and ``timestamps``.
            starts: By name the index of the first.
        """
        for name in metrics.keys() - self._ends.keys():
            if starts[name]:
                _split_points(run, name)
        updates: dict[Any, UpdateOne] = {}
        new_blocks = {}
        for name, metric in metrics.items():
            blocks = self._summarize(run, name, metric, starts[name])
            updates |= _updates(run, name, metric, starts[name], blocks)
            new_blocks[name] = blocks
        new = [
            {"name": encode(name), "id": str(run.metric_id(name, 0))}
            for name in metrics
            if name not in self._ends
        ]
        new = [entry for entry in new if entry not in self.listed]
        if updates:
            self._require(run)
            _write_points(run, updates)
        if new:
            run.change({"$addToSet": {"info.metrics": {"$each": new}}})
        self._ends |= {name: starts[name] + len(m["values"]) for name, m in metrics.items()}
        for name, blocks in new_blocks.items():
            self._set_blocks(name, starts[name] // BLOCK_POINTS, blocks)
        self.listed += new

    def join(self, run: RunReference) -> None:
        """Put the points of each metric into one document, where they fit, as Sacred has them.

        Else the summaries of all blocks are put into the first one: a reader finds them there.
        """
        for name, end in self._ends.items():
            if BLOCK_POINTS < end <= _JOINED:
                _join_points(run, name)
            elif _JOINED < end <= _GATHERED * BLOCK_POINTS:
                _store_summaries(run, name, self._blocks.get(name))

    def _set_blocks(self, name: str, number: int, blocks: list[MetricSummary | None]) -> None:
        """Set the summaries of blocks from ``number`` on; others may be unknown."""
        if not blocks:
            return
        known = self._blocks.setdefault(name, [])
        known += [None] * (number - len(known))
        known[number:] = blocks

    def _require(self, run: RunReference) -> None:
        """Check that the run is there; from time to time set when it changed.

        The points are written soon after that, and a heartbeat, which sets it too, follows them.
        """
        now = time.monotonic()
        if self._marked is not None and now - self._marked < _MARK_SECONDS:
            run.require()
        else:
            run.change({})
            self._marked = now

    def _summarize(
        self, run: RunReference, name: str, metric: Mapping[str, Any], start: int
    ) -> list[MetricSummary | None]:
        """Return the summary of each block with its new points; None if it cannot be known."""
        blocks: list[MetricSummary | None] = [
            *summarize_blocks(metric["steps"], metric["values"], start)
        ]
        if blocks and blocks[0] is not None and start % BLOCK_POINTS:
            known = self._blocks.get(name)
            before = known[-1] if known else None
            if before is None or before.stop != start:
                before = _summary_before(run, name, start)
            blocks[0] = None if before is None else merge_summaries((before, blocks[0]))
        return blocks


def create_index(metrics: Runs) -> None:
    """Create the index that finds the points of a run, if it is missing."""
    metrics.create_index([("run_id", ASCENDING), ("name", ASCENDING)])


def clear_points(run: RunReference) -> None:
    """Remove what an earlier run of the same id left, before the first points are written."""
    former = {**run.metrics_filter, "start": {"$gte": 0}, TOKEN: {"$ne": run.first_token}}
    run.collections.metrics.delete_many(former)


def _updates(
    run: RunReference,
    name: str,
    metric: Mapping[str, Any],
    start: int,
    blocks: Sequence[MetricSummary | None],
) -> Iterator[tuple[Any, UpdateOne]]:
    """Yield the id of each document with points, and what changes it."""
    columns = {column: encode_column(metric[column]) for column in COLUMNS}
    done, end = start, start + len(columns["values"])
    for block in blocks:
        number, position = divmod(done, BLOCK_POINTS)
        until = min(end, (number + 1) * BLOCK_POINTS)
        pushed = {
            column: {
                "$each": values[done - start : until - start],
                # Repeated, these points push their first copies out.
                "$position": position,
                "$slice": position + until - done,
            }
            for column, values in columns.items()
        }
        fixed = {
            "run_id": run.id,
            "name": encode(name),
            "start": number * BLOCK_POINTS,
            "summaries": _encode_blocks([block]),
        }
        fixed |= run.collection_field
        if run.first_token is not None:
            fixed[TOKEN] = run.first_token
        if run.is_resumed:
            fixed[FENCE] = run.token
        own_id = run.metric_id(name, number)
        update = {"$set": fixed, "$push": pushed}
        yield own_id, UpdateOne(run.points_filter(own_id), update, upsert=True)
        done = until


def _write_points(run: RunReference, updates: Mapping[Any, UpdateOne]) -> None:
    """Write points, unless another process has resumed the run since its token was checked.

    The former process may have begun a document at the same moment: it is replaced.
    """
    metrics = run.collections.metrics
    try:
        metrics.bulk_write([*updates.values()])
    except errors.BulkWriteError as error:
        failed = (error.details or {}).get("writeErrors") or [{}]
        if any(each.get("code") != _DUPLICATE for each in failed):
            raise
        run.require()
        if not run.is_resumed:
            raise
        metrics.delete_many({"_id": {"$in": [*updates]}, FENCE: {"$ne": run.token}})
        metrics.bulk_write([*updates.values()])


def _summary_before(run: RunReference, name: str, start: int) -> MetricSummary | None:
    """Return the summary of the stored points of a block before ``start``; None if some miss."""
    number, count = divmod(start, BLOCK_POINTS)
    found = run.collections.metrics.find_one(
        {"_id": run.metric_id(name, number)}, {"steps": 1, "values": 1}
    )
    if found is None or len(found["values"]) < count:
        return None
    steps, values = (decode_column(found[column][:count]) for column in ("steps", "values"))
    return summarize(steps, values, number * BLOCK_POINTS)


def _own_documents(run: RunReference, name: str) -> Document:
    return {**run.metrics_filter, "name": encode(name)}


def _join_points(run: RunReference, name: str) -> None:
    metrics, own = without_time_zones(run.collections.metrics), _own_documents(run, name)
    documents = list(metrics.find(own).sort("start", ASCENDING))
    whole: Document = dict(join_columns(documents))
    outlines = [{**document, "count": len(document["values"])} for document in documents]
    whole["summaries"] = _encode_blocks(blocks_of(outlines))
    first = run.metric_id(name, 0)
    metrics.update_one({"_id": first}, {"$set": whole})
    metrics.delete_many({**own, "_id": {"$ne": first}})


def _split_points(run: RunReference, name: str) -> None:
    """Put joined points into documents of one block each, so that others can follow them."""
    metrics, first = without_time_zones(run.collections.metrics), run.metric_id(name, 0)
    outline = next(metrics.aggregate([{"$match": {"_id": first}}, OUTLINE]), None)
    if outline is None or outline["count"] <= BLOCK_POINTS:
        return
    whole = metrics.find_one({"_id": first}) or {}
    steps, values = (decode_column(whole[column]) for column in ("steps", "values"))
    updates: list[Any] = []
    for block in summarize_blocks(steps, values):
        columns = {column: whole[column][block.start : block.stop] for column in COLUMNS}
        fixed = {**whole, **columns, "start": block.start, "summaries": _encode_blocks([block])}
        del fixed["_id"]
        own = {"_id": run.metric_id(name, block.start // BLOCK_POINTS)}
        updates.append(UpdateOne(own, {"$set": fixed}, upsert=True))
    # The first one, which has all points until then, is the last one to change.
    metrics.bulk_write([*updates[1:], updates[0]])


def _store_summaries(
    run: RunReference, name: str, blocks: Sequence[MetricSummary | None] | None
) -> None:
    """Put the summaries of all blocks into the first document; unknown ones are read."""
    metrics = run.collections.metrics
    summaries = _encode_blocks(blocks)
    if summaries is None:
        found = metrics.aggregate([{"$match": _own_documents(run, name)}, OUTLINE])
        summaries = _encode_blocks(blocks_of(found))
    if summaries is not None:
        metrics.update_one({"_id": run.metric_id(name, 0)}, {"$set": {"summaries": summaries}})


def _encode_blocks(blocks: Sequence[MetricSummary | None] | None) -> list[Any] | None:
    """Return what is stored of blocks; None if the summary of one is not known."""
    known = [block for block in blocks or () if block is not None]
    if blocks is None or len(known) < len(blocks):
        return None
    return [encode(encode_summary(block)) for block in known]
