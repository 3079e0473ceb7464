"""Writes what happens in one run. Everything may be told twice."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from sacred_core.exceptions import RunRemovedError
from sacred_core.stable_files import with_version
from sacred_core.stores.tokens import run_removed
from sacred_sql import output, points
from sacred_sql.contents import Content, content_of, drop_unused, kept, new_key
from sacred_sql.database import Database
from sacred_sql.experiments import Experiment, drop_unused_experiment, kept_experiment
from sacred_sql.schema import artifacts, resources, runs
from sacred_sql.values import columns_of, is_large, keep_large, texts_of

T = TypeVar("T")


class Recorder:
    """The record of one run.

    Args:
        database: Where it is.
        run_id: Its id.
        key: Of its row.
        experiment: What its row refers to.
        experiment_key: Where that is.
    """

    def __init__(
        self,
        database: Database,
        run_id: int | str,
        key: int,
        experiment: Experiment,
        experiment_key: int,
    ) -> None:
        self.run_id = run_id
        self._database = database
        self._key = key
        self._experiment = experiment
        self._experiment_key = experiment_key
        self._metrics: dict[str, points.Metric] = {}
        self._end_of_output = 0
        self._is_cut = False  # an empty piece stands at the end
        self._told: dict[str, str] = {}
        self._large: set[str] = set()
        self._is_unsure = False

    def heartbeat(self, info: Mapping[str, Any], beat_time: datetime | None, result: Any) -> None:
        """Note that the run is alive; what did not change is not sent."""
        self._change({"info": dict(info), "result": result}, {"heartbeat": beat_time})

    def end(self, status: str, stop_time: datetime, values: Mapping[str, Any]) -> None:
        """Finish the record."""
        self._change(values, {"status": status, "stop_time": stop_time}, is_end=True)

    def output(self, text: str, offset: int) -> None:
        """Let ``text`` stand in the output from ``offset`` on."""
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

    def resource(self, filename: str) -> None:
        """Keep a file that the run read; the same is kept once for all runs."""
        self._keep_file(resources, "filename", filename, Path(filename), {})

    def artifact(
        self,
        name: str,
        filename: str,
        metadata: Mapping[str, Any] | None,
        content_type: str | None,
    ) -> None:
        """Keep a file that the run made, in place of an earlier version."""
        details = {"metadata": metadata, "content_type": content_type}
        self._keep_file(artifacts, "name", name, Path(filename), details)

    def code(
        self, sources: Iterable[Sequence[str]], dependencies: Iterable[str], base_dir: str
    ) -> None:
        """Add what was imported after the start."""
        grown = self._experiment.with_code(base_dir, sources, dependencies)

        def work(connection: sa.Connection) -> int:
            key = kept_experiment(connection, grown)
            self._update(connection, {"experiment_id": key})
            if key != self._experiment_key:
                drop_unused_experiment(connection, self._experiment_key)
            return key

        self._experiment_key = self._write(work)
        self._experiment = grown

    def _change(
        self, values: Mapping[str, Any], fields: Mapping[str, Any], is_end: bool = False
    ) -> None:
        """Set fields, those of ``values`` only where they are new."""
        texts = texts_of(values)
        digests = {name: _digest(text) for name, text in texts.items()}
        told = {} if self._is_unsure else self._told
        new = {name: text for name, text in texts.items() if told.get(name) != digests[name]}
        large = {name for name, text in new.items() if is_large(text)}
        check_large = set(new) & (self._large | large) or (self._is_unsure and new)

        def work(connection: sa.Connection) -> None:
            self._update(connection, {**columns_of(new), **fields})
            if check_large:
                keep_large(connection, self._key, new)
            if is_end:
                points.join(connection, self._key, self._metrics)

        self._write(work)
        self._told |= digests
        self._large = (self._large - set(new)) | large
        if is_end:
            self._metrics = {}

    def _keep_file(
        self, table: sa.Table, column: str, name: str, path: Path, details: Mapping[str, Any]
    ) -> None:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        mine = sa.and_(table.c.run_key == self._key, table.c[f"{column}_digest"] == digest)

        def work(connection: sa.Connection, content: Content) -> None:
            row = {"content_id": kept(connection, content), **details}
            old = connection.execute(sa.select(table.c.content_id).where(mine)).scalar()
            if old is None:
                self._require(connection)
                named = {"run_key": self._key, column: name, f"{column}_digest": digest}
                new_key(connection, table, {**named, **row})
                return
            connection.execute(table.update().where(mine).values(row))
            if old != row["content_id"]:
                drop_unused(connection, [old])

        with_version(path, lambda v: self._write(lambda c: work(c, content_of(v))), has_sha256=True)

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
            raise self._gone()

    def _require(self, connection: sa.Connection) -> None:
        query = sa.select(1).where(runs.c.run_key == self._key)
        if connection.execute(query).first() is None:
            raise self._gone()

    def _gone(self) -> RunRemovedError:
        """Return the error for a deleted run; keys of rows, unlike ids, are not reused."""
        return run_removed(self.run_id, self._database.shown)


def _digest(text: str | None) -> str:
    return "" if text is None else hashlib.sha256(text.encode()).hexdigest()
