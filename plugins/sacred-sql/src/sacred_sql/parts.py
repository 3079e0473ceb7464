"""Parts of a run: rows of the same tables, which are in no listing of runs."""

from collections.abc import Callable, Mapping, Sequence, Set
from functools import partial
from typing import Any

import sqlalchemy as sa

from sacred_core.observers.parts import PartObserver
from sacred_core.stores import RunQuery, StoredRun
from sacred_core.stores.annotations import Annotation
from sacred_sql import uids
from sacred_sql.changes import note_change
from sacred_sql.database import Database
from sacred_sql.observer import SqlObserver
from sacred_sql.reading import Fields, OwnTables, RunTables, find_key
from sacred_sql.row_ids import is_part_of, part_id_in, part_row_id
from sacred_sql.schema import runs
from sacred_sql.store import Record, SqlStore


class SqlPartObserver(PartObserver, SqlObserver):
    """Records parts of one run in the same tables."""

    main_store: SqlStore

    def __init__(self, store: SqlStore, run: StoredRun, key: int) -> None:
        self.main_store, self.main_run, self._main_key = store, run, key
        self._set_up(Database(None, engine=store.engine), None, SqlObserver.priority, None)

    def open_store(self) -> "SqlPartStore":
        """Return the store of the parts of the run."""
        return SqlPartStore(self.main_store, self.main_run, self._main_key)

    def prepare_run(self, run: StoredRun) -> None:
        """Store what parts share with runs."""
        super().prepare_run(run)
        self._rows.main_key = self._main_key

    def continue_row(self, run: StoredRun, key: int) -> None:
        """Record what follows for a part that is stored already."""
        super().continue_row(run, key)
        self._rows.main_key = self._main_key

    def _write_start(
        self,
        run: StoredRun,
        write: Callable[[sa.Connection, Mapping[str, Any]], int | None],
        is_replaced: bool,
    ) -> bool:
        """Write the start of a part, unless the run was deleted."""

        def write_part(connection: sa.Connection, columns: Mapping[str, Any]) -> int | None:
            main = sa.select(runs.c.run_key).where(runs.c.run_key == self._main_key)
            locked = connection.execute(main.with_for_update(read=True, key_share=True))
            if locked.first() is None or not note_change(connection, self._main_key):
                raise self.main_removed_error()
            return write(connection, columns)

        return super()._write_start(run, write_part, is_replaced)


class SqlPartStore(SqlStore):
    """The parts of one run."""

    def __init__(self, store: SqlStore, run: StoredRun, key: int) -> None:
        super().__init__(engine=store.engine)
        self._main_store, self._main_run, self._main_key = store, run, key
        self.display_name = f"run {str(run.id)!r} of {store.display_name}"

    def find_uid(self, uid: str) -> list[int | str]:
        """Return the ids of parts with a uid in their metadata."""
        where = is_part_of(self._main_key)
        found = self._database.read(partial(uids.find_uid, uid=uid, where=where))
        return [part_id_in(str(each)) for each in found]

    def new_ids(self, known: Set[int | str]) -> list[int | str]:
        """Return the ids of parts that are not known."""
        return [each for each in self.ids() if each not in known]

    def has_derived_uids(self) -> bool:
        """Return False: the metadata of each part has a uid."""
        return False

    def new_observer(self) -> SqlPartObserver:
        """Return an observer of parts of the run."""
        return SqlPartObserver(self._main_store, self._main_run, self._main_key)

    def add_annotation(self, record: Record, annotation: Annotation) -> None:
        """Insert a row."""
        super().add_annotation(record, annotation)
        self._database.write(partial(note_change, run_key=self._main_key))

    def remove(self, record: Record) -> bool:
        """Delete the rows of a part."""
        self._database.write(partial(note_change, run_key=self._main_key))
        return super().remove(record)

    def _tables(self) -> list[RunTables]:
        return [PartTables(self._main_key)]


class PartTables(OwnTables):
    """The rows of the parts of one run."""

    def __init__(self, main_key: int) -> None:
        super().__init__()
        self._main_key = main_key
        self._is_mine = is_part_of(main_key)

    def find_key(self, connection: sa.Connection, run_id: int | str) -> int | None:
        """Return the key of a part."""
        return find_key(connection, part_row_id(self._main_key, run_id))

    def count(self, connection: sa.Connection) -> int:
        """Return the number of parts."""
        query = sa.select(sa.func.count()).select_from(runs).where(self._is_mine)
        return int(connection.execute(query).scalar_one())

    def select_keys(self, query: RunQuery) -> "sa.Select[Any]":
        """Select the keys of all parts, of which there are few."""
        del query
        return sa.select(self.key).where(self._is_mine)

    def read_runs(
        self, connection: sa.Connection, keys: Sequence[int], names: Set[str]
    ) -> dict[int, Fields]:
        """Return fields of parts, with their ids in the store of the parts."""
        found = super().read_runs(connection, keys, names)
        for fields in found.values():
            if "id" in fields:
                fields["id"] = partial(_own_id, fields["id"])
        return found


def _own_id(read: Callable[[], Any]) -> str:
    return part_id_in(str(read()))
