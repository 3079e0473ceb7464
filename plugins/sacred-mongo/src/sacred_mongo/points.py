"""The points of metrics: each document holds a thousand, at the end as many as fit into one.

A document has the index of its first point, so that writing some again changes nothing, and a
reader finds points that are in two documents for a moment only once.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, UpdateOne

from sacred_core.stores.tokens import TOKEN
from sacred_mongo.collections import Collections, RunKey
from sacred_mongo.connection import Document
from sacred_mongo.values import decode, decode_foreign, encode

_SIZE = 1_000
#: Points that are joined into one document: at 50 bytes each they fit into 16 MB.
_JOINED = 200_000
_COLUMNS = ("steps", "values", "timestamps")


class Points:
    """The metrics of one run.

    Args:
        collections: Where the run is.
        run: Which it is.
        known: The ``info.metrics`` of the run, if there are metrics already.
    """

    def __init__(
        self, collections: Collections, run: RunKey, known: Iterable[Document] = ()
    ) -> None:
        self._collections = collections
        self._run = run
        self._ends: dict[str, int] = {}
        #: What ``info.metrics`` of the run lists.
        self.listed: list[Document] = list(known)

    def clear(self) -> None:
        """Remove what an earlier run of the same id left."""
        self._collections.metrics.create_index([("run_id", ASCENDING), ("name", ASCENDING)])
        self._collections.metrics.delete_many(
            {
                "run_id": self._run.id,
                "collection": None,
                **self._collections.metrics_filter,
                "start": {"$gte": 0},
                TOKEN: {"$ne": self._run.token},
            }
        )

    def write(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> None:
        """Add points.

        Args:
            metrics: By name the new ``steps``, ``values`` and ``timestamps``.
            starts: By name the index of the first; without, they follow the last.
        """
        updates: list[Any] = []
        ends = {}
        for name, metric in metrics.items():
            start = starts.get(name, self._ends.get(name, 0))
            updates += self._updates(name, metric, start)
            ends[name] = start + len(metric["values"])
        new = [self._entry(name) for name in metrics if name not in self._ends]
        new = [entry for entry in new if entry not in self.listed]
        if updates:
            self._collections.require(self._run)
            self._collections.metrics.bulk_write(updates)
        if new:
            added = {"info.metrics": {"$each": new}}
            self._collections.change(self._run, {"$addToSet": added})
        self._ends.update(ends)
        self.listed += new

    def join(self) -> None:
        """Put the points of each metric into one document, where they fit, as Sacred has them."""
        for name, end in self._ends.items():
            if _SIZE < end <= _JOINED:
                mine = {**self._collections.metrics_of(self._run), "name": encode(name)}
                whole = _join_columns(self._collections.metrics.find(mine).sort("start"))
                first = self._collections.metric_id(self._run, name, 0)
                self._collections.metrics.update_one({"_id": first}, {"$set": whole})
                self._collections.metrics.delete_many({**mine, "_id": {"$ne": first}})

    def _entry(self, name: str) -> Document:
        return {"name": encode(name), "id": str(self._collections.metric_id(self._run, name, 0))}

    def _updates(self, name: str, metric: Mapping[str, Any], start: int) -> Iterable[Any]:
        columns = {column: [encode(v) for v in metric[column]] for column in _COLUMNS}
        done, end = start, start + len(columns["values"])
        while done < end:
            number, position = divmod(done, _SIZE)
            until = min(end, (number + 1) * _SIZE)
            pushed = {
                column: {
                    "$each": values[done - start : until - start],
                    # Told again, these points push their first copies out.
                    "$position": position,
                    "$slice": position + until - done,
                }
                for column, values in columns.items()
            }
            fixed = {"run_id": self._run.id, "name": encode(name), "start": number * _SIZE}
            fixed |= self._collections.metrics_filter
            if self._run.token is not None:
                fixed[TOKEN] = self._run.token
            found = {"_id": self._collections.metric_id(self._run, name, number)}
            yield UpdateOne(found, {"$set": fixed, "$push": pushed}, upsert=True)
            done = until


def all_points(collections: Collections, entry: Document) -> dict[str, dict[str, Any]]:
    """Return the points of a run's metrics by name."""
    back: Any = decode if "writer" in entry else decode_foreign
    by_name: dict[str, list[Document]] = {}
    for document in collections.metrics.find(metric_documents(collections, entry)).sort(
        "start", ASCENDING
    ):
        by_name.setdefault(back(document["name"]), []).append(document)
    return {
        name: _decode_columns(_join_columns(documents), back) for name, documents in by_name.items()
    }


def metric_documents(collections: Collections, entry: Document) -> Document:
    """Return the filter of the documents with the metrics of a run."""
    if "writer" in entry:
        return collections.metrics_of(RunKey.of(entry))
    return {"_id": {"$in": _ids((entry.get("info") or {}).get("metrics"))}}


def _ids(listed: Any) -> list[ObjectId]:
    metrics = listed if isinstance(listed, list) else []
    ids = [each.get("id") for each in metrics if isinstance(each, dict)]
    return [ObjectId(each) for each in ids if ObjectId.is_valid(each)]


def _join_columns(documents: Iterable[Document]) -> dict[str, list[Any]]:
    """Return the columns of documents that are in order; points that two have are returned once."""
    columns: dict[str, list[Any]] = {column: [] for column in _COLUMNS}
    for document in documents:
        known = len(columns["values"]) - (document.get("start") or 0)
        for column, values in columns.items():
            values += document[column][max(known, 0) :]
    return columns


def _decode_columns(columns: dict[str, list[Any]], back: Any) -> dict[str, list[Any]]:
    return {
        "steps": [back(step) for step in columns["steps"]],
        "values": [back(value) for value in columns["values"]],
        "timestamps": columns["timestamps"],
    }
