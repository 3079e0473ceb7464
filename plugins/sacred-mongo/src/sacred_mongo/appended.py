"""What runs append: their output, and points of their metrics.

The end of the output is in the document of the run, what came earlier in files. Each document of a
metric holds a thousand points, at the end as many as fit into one; it has the index of its first
point, so that writing some again changes nothing, and a reader finds points that are in two
documents for a moment only once.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, UpdateOne

from sacred_core.stores.tokens import TOKEN
from sacred_mongo.collections import Collections, RunReference
from sacred_mongo.connection import Document
from sacred_mongo.documents import reader
from sacred_mongo.values import encode, to_unicode

#: Bytes of output in a document, which has 16 MB, of which others need some.
_LARGEST = 7_000_000
#: Characters that stay in the document when it overflows.
_KEPT = 500_000
#: Below so many characters the whole is sent, which needs no computing by the server.
_SHORT = 2_000
#: Points in a document.
_SIZE = 1_000
#: Points that are joined into one document: at 50 bytes each they fit into 16 MB.
_JOINED = 200_000
_COLUMNS = ("steps", "values", "timestamps")


class Output:
    """The output of one run as it is stored.

    Args:
        entry: The document of the run; without, nothing is stored yet.
    """

    def __init__(self, entry: Document | None = None) -> None:
        entry = entry or {}
        self._text: str = entry.get("captured_out") or ""
        self._start: int = entry.get("captured_out_start") or 0
        self._parts: list[Document] = list(entry.get("captured_out_parts") or [])
        self._bytes = len(self._text.encode())

    def write(self, run: RunReference, text: str, offset: int) -> None:
        """Replace the output from the character ``offset`` on by ``text``."""
        text = to_unicode(text)
        if offset < self._start:
            self._reopen(run, offset)
        unchanged = min(offset - self._start, len(self._text))
        is_appended = unchanged == len(self._text)
        new = self._text + text if is_appended else self._text[:unchanged] + text
        size = self._bytes + len(text.encode()) if is_appended else len(new.encode())
        if size > _LARGEST:
            self._replace(run, self._parts, new)
            return
        run.change(_update(new, text, unchanged))
        self._text, self._bytes = new, size

    def _reopen(self, run: RunReference, offset: int) -> None:
        """Take back those parts that end behind ``offset``."""
        parts = [p for p in self._parts if p["start"] + p["length"] <= offset]
        gone = self._parts[len(parts) :]
        files = run.collections.files
        text = "".join(files.read(part["file_id"]).decode() for part in gone)
        self._replace(run, parts, text[: offset - _end(parts)])
        kept_ids = {part["file_id"] for part in self._parts}
        files.delete(p["file_id"] for p in gone if p["file_id"] not in kept_ids)

    def _replace(self, run: RunReference, parts: list[Document], text: str) -> None:
        """Store ``text`` after ``parts``; if it is too long, all but its end as another part."""
        if len(text.encode()) > _LARGEST:
            early, text, start = text[:-_KEPT], text[-_KEPT:], _end(parts)
            stored = run.collections.files.store_bytes(
                early.encode(), "captured_out", f"{run.owner}/{start}"
            )
            parts = [*parts, {"file_id": stored.id, "start": start, "length": len(early)}]
        start = _end(parts)
        run.set({"captured_out": text, "captured_out_start": start, "captured_out_parts": parts})
        self._parts, self._text, self._start = parts, text, start
        self._bytes = len(text.encode())


class Points:
    """The metrics of one run as they are stored.

    Args:
        entry: The document of the run; without, nothing is stored yet.

    Attributes:
        listed: What ``info.metrics`` of the document lists.
    """

    def __init__(self, entry: Document | None = None) -> None:
        self._ends: dict[str, int] = {}
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
        updates = [
            update
            for name, metric in metrics.items()
            for update in _updates(run, name, metric, starts[name])
        ]
        new = [
            {"name": encode(name), "id": str(run.metric_id(name, 0))}
            for name in metrics
            if name not in self._ends
        ]
        new = [entry for entry in new if entry not in self.listed]
        if updates:
            run.require()
            run.collections.metrics.bulk_write(updates)
        if new:
            run.change({"$addToSet": {"info.metrics": {"$each": new}}})
        self._ends |= {name: starts[name] + len(m["values"]) for name, m in metrics.items()}
        self.listed += new

    def join(self, run: RunReference) -> None:
        """Put the points of each metric into one document, where they fit, as Sacred has them."""
        for name, end in self._ends.items():
            if _SIZE < end <= _JOINED:
                metrics = run.collections.metrics
                mine = {**run.metrics_filter, "name": encode(name)}
                whole = _join_columns(metrics.find(mine).sort("start"))
                first = run.metric_id(name, 0)
                metrics.update_one({"_id": first}, {"$set": whole})
                metrics.delete_many({**mine, "_id": {"$ne": first}})


def clear_points(run: RunReference) -> None:
    """Remove what an earlier run of the same id left, before the first points are written."""
    run.collections.metrics.create_index([("run_id", ASCENDING), ("name", ASCENDING)])
    former = {**run.metrics_filter, "start": {"$gte": 0}, TOKEN: {"$ne": run.token}}
    run.collections.metrics.delete_many(former)


def full_output(collections: Collections, entry: Document) -> str:
    """Return the whole output of a run from its document and its files."""
    parts = entry.get("captured_out_parts") or []
    early = [collections.files.read(part["file_id"]).decode() for part in parts]
    return "".join([*early, entry.get("captured_out") or ""])


def all_points(collections: Collections, entry: Document) -> dict[str, dict[str, Any]]:
    """Return the points of a run's metrics by name."""
    back = reader(entry)
    by_name: dict[str, list[Document]] = {}
    found = collections.metrics.find(metric_documents(collections, entry))
    for document in found.sort("start", ASCENDING):
        by_name.setdefault(back(document["name"]), []).append(document)
    return {
        name: _decode_columns(_join_columns(documents), back) for name, documents in by_name.items()
    }


def metric_documents(collections: Collections, entry: Document) -> Document:
    """Return the filter of the documents with the metrics of a run."""
    if "writer" in entry:
        return RunReference.of(collections, entry).metrics_filter
    return {"_id": {"$in": _ids((entry.get("info") or {}).get("metrics"))}}


def _end(parts: list[Document]) -> int:
    """Return the index of the first character after parts of the output."""
    return parts[-1]["start"] + parts[-1]["length"] if parts else 0


def _update(new: str, text: str, unchanged: int) -> Any:
    if len(new) < _SHORT:
        return {"$set": {"captured_out": new}}
    # The server joins what it has with what is new; sent twice it yields the same.
    before = {"$substrCP": ["$captured_out", 0, unchanged]}
    return [{"$set": {"captured_out": {"$concat": [before, {"$literal": text}]}}}]


def _updates(run: RunReference, name: str, metric: Mapping[str, Any], start: int) -> Iterable[Any]:
    columns = {column: [encode(v) for v in metric[column]] for column in _COLUMNS}
    done, end = start, start + len(columns["values"])
    while done < end:
        number, position = divmod(done, _SIZE)
        until = min(end, (number + 1) * _SIZE)
        pushed = {
            column: {
                "$each": values[done - start : until - start],
                # Repeated, these points push their first copies out.
                "$position": position,
                "$slice": position + until - done,
            }
            for column, values in columns.items()
        }
        fixed = {"run_id": run.id, "name": encode(name), "start": number * _SIZE}
        fixed |= run.collection_field
        if run.token is not None:
            fixed[TOKEN] = run.token
        found = {"_id": run.metric_id(name, number)}
        yield UpdateOne(found, {"$set": fixed, "$push": pushed}, upsert=True)
        done = until


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
