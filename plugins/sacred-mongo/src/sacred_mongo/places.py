"""The collections in which runs are kept."""

from typing import Any

import attrs

from sacred_core.exceptions import StoreError
from sacred_mongo.connection import Connection, Document, Runs
from sacred_mongo.files import Files, derived_id


@attrs.frozen(repr=False)
class Place:
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
    def of_metrics(self) -> dict[str, Any]:
        """What tells the metrics of these runs from those of others with the same ids."""
        return {} if self.runs.name == "runs" else {"collection": self.runs.name}

    def metrics_of(self, run_id: Any) -> Document:
        """Return the filter of the metrics of a run that we wrote."""
        return {"run_id": run_id, "collection": None, **self.of_metrics}

    def owner(self, run_id: Any) -> str:
        """Return what names a run in the ids of what belongs to it."""
        return f"{self.runs.name}/{type(run_id).__name__}/{run_id}"

    def metric_id(self, run_id: Any, name: str, number: int) -> Any:
        """Return the id of a document with points of a metric."""
        return derived_id("metric", self.owner(run_id), name, str(number))

    def set(self, run_id: Any, fields: Document) -> None:
        """Change fields of a run.

        Raises:
            StoreError: there is no such run (any more).
        """
        self.change(run_id, {"$set": fields})

    def change(self, run_id: Any, update: Any) -> None:
        """Update a run, as `set` does."""
        if self.runs.update_one({"_id": run_id}, update).matched_count == 0:
            raise StoreError(f"{self.runs.full_name} no longer holds the run {run_id!r}")


def place(connection: Connection, db_name: str, collection: str, prefix: str = "") -> Place:
    """Return the collections of runs in a database."""
    database = connection.database(db_name)
    return Place(
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
