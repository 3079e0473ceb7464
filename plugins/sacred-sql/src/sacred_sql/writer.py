"""Writes the rows of one run. Everything may be written twice."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from sacred_core.exceptions import RunRemovedError
from sacred_core.stable_files import FileVersion
from sacred_core.stores.claims import IdRequest, claim_id
from sacred_core.stores.model import StoredRun
from sacred_core.stores.tokens import run_removed
from sacred_sql import output, points
from sacred_sql.contents import (
    content_of,
    drop_unused,
    encode_values,
    is_large,
    new_key,
    row_values,
    store_content,
    store_large,
)
from sacred_sql.database import Database
from sacred_sql.experiments import (
    Experiment,
    drop_unused_experiment,
    load_experiment,
    make_experiment,
    store_experiment,
    store_host,
)
from sacred_sql.ids import RowIds
from sacred_sql.schema import LONGEST_COMMENT, artifacts, resources, runs

T = TypeVar("T")


class RunWriter:
    """The rows of one run.

    Args:
        database: Where it is.
        run_id: Its id.
        key: Of its row.
        experiment: What its row refers to.
        experiment_key: Where that is.
        is_continued: The row is not new: more may be stored than this object has noted.

    Attributes:
        run_id: Of the run.
        has_beaten: Columns were set after the start.
    """

    def __init__(
        self,
        database: Database,
        run_id: int | str,
        key: int,
        experiment: Experiment,
        experiment_key: int,
        is_continued: bool = False,
    ) -> None:
        self.run_id = run_id
        self._database = database
        self._key = key
        self._experiment = experiment
        self._experiment_key = experiment_key
        self._metrics: dict[str, points.Metric] = {}
        self._end_of_output = 0
        self._is_cut = False  # an empty piece is at the end
        self._large: set[str] = set()
        self._is_unsure = is_continued
        self.has_beaten = False

    def change(self, values: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
        """Set columns.

        Args:
            values: What is stored as JSON text, in the row or, if it is large, outside of it.
            fields: Other columns; a status is the end of the run.
        """
        texts = encode_values(values)
        large = {name for name, text in texts.items() if is_large(text)}
        check_large = set(texts) & (self._large | large) or (self._is_unsure and texts)
        is_end = "status" in fields

        def work(connection: sa.Connection) -> None:
            self._update(connection, {**row_values(texts), **fields})
            if check_large:
                store_large(connection, self._key, texts)
            if is_end:
                points.join(connection, self._key, self._metrics)

        self._write(work)
        self._large = (self._large - set(texts)) | large
        self.has_beaten = True
        if is_end:
            self._metrics = {}

    def output(self, text: str, offset: int) -> None:
        """Replace the output from ``offset`` on by ``text``."""
        is_at_end = offset >= self._end_of_output and not (self._is_unsure or self._is_cut)

        def work(connection: sa.Connection) -> None:
            self._require(connection)
            output.write(connection, self._key, text, offset, is_at_end)

        self._write(work)
        self._end_of_output, self._is_cut = offset + len(text), not text

    def metrics(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> None:
        """Add points."""
        unsure = self._is_unsure

        def work(connection: sa.Connection) -> dict[str, points.Metric]:
            self._require(connection)
            return points.write(connection, self._key, self._metrics, metrics, starts, unsure)

        self._metrics |= self._write(work)

    def file(self, kind: str, name: str, version: FileVersion, details: Mapping[str, Any]) -> None:
        """Store a file of the run, in place of an earlier one of this name."""
        table, column = (artifacts, "name") if kind == "artifact" else (resources, "filename")
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        mine = sa.and_(table.c.run_key == self._key, table.c[f"{column}_digest"] == digest)
        content = content_of(version)
        columns: dict[str, Any] = {}
        if kind == "artifact":
            columns["metadata"] = details.get("metadata")
            columns["content_type"] = details.get("content_type")

        def work(connection: sa.Connection) -> None:
            row = {"content_id": store_content(connection, content), **columns}
            old = connection.execute(sa.select(table.c.content_id).where(mine)).scalar()
            if old is None:
                self._require(connection)
                named = {"run_key": self._key, column: name, f"{column}_digest": digest}
                new_key(connection, table, {**named, **row})
                return
            connection.execute(table.update().where(mine).values(row))
            if old != row["content_id"]:
                drop_unused(connection, [old])

        self._write(work)

    def code(
        self, sources: Iterable[Sequence[str]], dependencies: Iterable[str], base_dir: str
    ) -> None:
        """Add what was imported after the start."""
        extended = self._experiment.with_code(base_dir, sources, dependencies)

        def work(connection: sa.Connection) -> int:
            key = store_experiment(connection, extended)
            self._update(connection, {"experiment_id": key})
            if key != self._experiment_key:
                drop_unused_experiment(connection, self._experiment_key)
            return key

        self._experiment_key = self._write(work)
        self._experiment = extended

    def _write(self, work: Callable[[sa.Connection], T]) -> T:
        """Do ``work`` in a transaction; until one succeeds again, more may be stored than known."""
        unsure, self._is_unsure = self._is_unsure, True
        try:
            done = self._database.write(work)
        except OSError:  # of the user's file
            self._is_unsure = unsure
            raise
        self._is_unsure = False
        return done

    def _update(self, connection: sa.Connection, fields: Mapping[str, Any]) -> None:
        change = runs.update().where(runs.c.run_key == self._key).values(fields)
        if connection.execute(change).rowcount != 1:
            raise self._removed_error()

    def _require(self, connection: sa.Connection) -> None:
        query = sa.select(1).where(runs.c.run_key == self._key)
        if connection.execute(query).first() is None:
            raise self._removed_error()

    def _removed_error(self) -> RunRemovedError:
        """Return the error for a deleted run; keys of rows, unlike ids, are not reused."""
        return run_removed(self.run_id, self._database.display_url)


def insert_run(database: Database, run: StoredRun, request: IdRequest) -> RunWriter:
    """Insert the row of a new run and return what continues it.

    Raises:
        RunIdError: the id that was asked for exists already.
    """
    experiment = make_experiment(run.experiment)
    texts = encode_values({"config": run.config, "meta": run.meta})
    comment = run.meta.get("comment")
    has_comment = isinstance(comment, str) and len(comment) <= LONGEST_COMMENT
    row = {
        "command": run.command,
        "status": run.recorded_status,
        "comment": comment if has_comment else None,
        "start_time": run.start_time,
        "queue_time": run.queue_time,
        **row_values(texts),
    }

    def store_shared(connection: sa.Connection) -> tuple[int, int]:
        return store_experiment(connection, experiment), store_host(connection, run.host)

    def work(connection: sa.Connection) -> RunWriter:
        experiment_key, host_key = store_shared(connection)
        keys = {"experiment_id": experiment_key, "host_id": host_key}
        ids = RowIds(connection, {**row, **keys}, database.display_url)
        run_id = claim_id(ids, request)
        store_large(connection, ids.key, texts)
        return RunWriter(database, run_id, ids.key, experiment, experiment_key)

    # Those who race for a number shall have nothing else to do.
    database.write(store_shared)
    return database.write(work)


def continue_run(database: Database, run_id: int | str, key: int) -> RunWriter:
    """Return what continues a run that is stored already, in the row with this key."""

    def work(connection: sa.Connection) -> tuple[Experiment, int]:
        query = sa.select(runs.c.experiment_id).where(runs.c.run_key == key)
        experiment_key = int(connection.execute(query).scalar_one())
        return load_experiment(connection, experiment_key), experiment_key

    return RunWriter(database, run_id, key, *database.read(work), is_continued=True)
