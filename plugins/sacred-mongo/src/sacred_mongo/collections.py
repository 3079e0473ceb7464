"""The collections in which runs are stored, and values that are too large for a document.

The latter become files that the document names.
"""

import json
from collections.abc import Mapping
from typing import Any

import attrs
import bson

from sacred_core.exceptions import RunRemovedError
from sacred_core.stores.tokens import TOKEN, run_removed
from sacred_mongo.connection import Connection, Document, Runs
from sacred_mongo.files import Files, derived_id
from sacred_mongo.values import FILE, OWN_METRICS, decode, encode

#: Bytes, which with 7 MB of output and the lists of files stay below 16 MB.
_LARGEST = {"info": 3_000_000, "config": 2_000_000, "result": 1_000_000}
_LARGEST_OTHER = 500_000


@attrs.frozen
class RunKey:
    """What identifies a run.

    Attributes:
        id: Its id; another run may get it when this one is deleted.
        token: See `sacred_core.stores.tokens`; None of a run that Sacred or an earlier release
            recorded.
    """

    id: Any
    token: str | None

    @classmethod
    def of(cls, entry: Document) -> "RunKey":
        """Return that of a document."""
        return cls(entry["_id"], entry.get(TOKEN))

    @property
    def filter(self) -> Document:
        """What finds the document of the run."""
        return {"_id": {"$eq": self.id}, TOKEN: self.token}


@attrs.frozen(repr=False)
class Collections:
    """The collections of one kind of runs.

    Attributes:
        connection: Kept alive as long as they are used.
        runs, metrics: One document a run; one or several a metric.
        files: What all collections of the database share.
    """

    connection: Connection
    runs: Runs
    metrics: Runs
    files: Files

    @property
    def metrics_filter(self) -> dict[str, Any]:
        """The filter that separates the metrics of these runs from others with the same ids."""
        return {} if self.runs.name == "runs" else {"collection": self.runs.name}

    def metrics_of(self, run: "RunKey") -> Document:
        """Return the filter of the metrics of a run that we wrote."""
        return {"run_id": run.id, "collection": None, TOKEN: run.token, **self.metrics_filter}

    def owner(self, run: "RunKey") -> str:
        """Return what names a run in the ids of what belongs to it."""
        name = f"{self.runs.name}/{type(run.id).__name__}/{run.id}"
        return name if run.token is None else f"{name}/{run.token}"

    def metric_id(self, run: "RunKey", name: str, number: int) -> Any:
        """Return the id of a document with points of a metric."""
        return derived_id("metric", self.owner(run), name, str(number))

    def set(self, run: "RunKey", fields: Document) -> None:
        """Change fields of a run.

        Raises:
            RunRemovedError: it was deleted.
        """
        self.change(run, {"$set": fields})

    def change(self, run: "RunKey", update: Any) -> None:
        """Update a run, as `set` does."""
        if self.runs.update_one(run.filter, update).matched_count == 0:
            raise self.removed_error(run)

    def require(self, run: "RunKey") -> None:
        """Check that a run is there, before something is written that is not in its document.

        Raises:
            RunRemovedError: it was deleted.
        """
        if self.runs.find_one(run.filter, {"_id": 1}) is None:
            raise self.removed_error(run)

    def removed_error(self, run: "RunKey") -> RunRemovedError:
        """Return the error for a run that was deleted."""
        return run_removed(run.id, self.runs.full_name)


def open_collections(
    connection: Connection, db_name: str, collection: str, prefix: str = ""
) -> Collections:
    """Return the collections of runs in a database."""
    database = connection.database(db_name)
    return Collections(
        connection,
        database[f"{prefix}_{collection}" if prefix else collection],
        database[f"{prefix}_metrics" if prefix else "metrics"],
        Files(database),
    )


def require_beside(database: Any, metrics: Any) -> None:
    """Raise a ValueError for a collection of metrics where no reader would look for them."""
    usual = database["metrics"]
    if metrics not in (None, usual):
        raise ValueError(
            f"the metrics_collection is {usual.full_name!r}, not {metrics.full_name!r}: "
            "leave it out, or use collection_prefix"
        )


def offload_if_large(collections: Collections, run: RunKey, name: str, value: Any) -> Any:
    """Return plain ``value`` as the field ``name`` of a run holds it."""
    kept = encode(value) if name != "info" else encode_info(value)
    if len(bson.encode({name: kept})) <= _LARGEST.get(name, _LARGEST_OTHER):
        return kept
    data = json.dumps(kept, default=str).encode()
    file = collections.files.store_bytes(data, f"{name}.json", f"{collections.owner(run)}/{name}")
    return {FILE: file.id, "bytes": len(data)}


def load_offloaded(collections: Collections, value: Any) -> Any:
    """Return what `offload_if_large` was given."""
    if isinstance(value, dict) and FILE in value:
        value = json.loads(collections.files.read(value[FILE]))
    return decode(value)


def file_of(value: Any) -> Any:
    """Return the id of the file with the value of a field, or None."""
    return value.get(FILE) if isinstance(value, dict) else None


def encode_info(info: Mapping[str, Any]) -> Document:
    """Return ``info`` as it is stored: its ``metrics`` make room for those of the run."""
    kept: Document = encode(dict(info))
    if "metrics" in kept:
        kept[OWN_METRICS] = kept.pop("metrics")
    return kept


def decode_info(collections: Collections, value: Any) -> Any:
    """Return what `encode_info` was given, without the list of metrics."""
    info = {key: item for key, item in (value or {}).items() if key != "metrics"}
    if FILE in info:
        info = json.loads(collections.files.read(info[FILE]))
    own = {"metrics": decode(info.pop(OWN_METRICS))} if OWN_METRICS in info else {}
    return {**decode(info), **own}
