"""Gives every run a row of its own, also when many processes start at once."""

from typing import Any

import sqlalchemy as sa

from sacred_core.stores.claims import RunIds
from sacred_core.stores.run_ids import LARGEST, normalize_id
from sacred_sql import sacred_runs
from sacred_sql.contents import new_key
from sacred_sql.removal import highest_deleted
from sacred_sql.schema import runs


class RowIds(RunIds):
    """The ids of a database, within one transaction.

    A race is lost with an `sqlalchemy.exc.IntegrityError`: then the transaction is to be repeated.

    Args:
        connection: Of the transaction.
        row: The row of the new run.
        display_url: The database, as errors call it.

    Attributes:
        key: Of the row, once the run has one.
    """

    def __init__(self, connection: sa.Connection, row: dict[str, Any], display_url: str) -> None:
        super().__init__(display_url)
        self.key = 0
        self._connection = connection
        self._row = row

    def insert(self, run_id: int | str, other_id: int | str | None) -> bool:
        """Insert the row."""
        if not _is_free(self._connection, run_id):
            return False
        number = run_id if isinstance(run_id, int) else None
        row = {**self._row, "run_id": str(run_id), "run_number": number}
        if other_id is not None:
            row["id_elsewhere"] = other_id
        self.key = new_key(self._connection, runs, row)
        return True

    def take_over(self, run_id: int | str, is_start: bool) -> bool:
        """Replace the row, if its status is QUEUED."""
        found = find_row(self._connection, run_id) if is_start else None
        if found is None:
            return False
        self.key = found.run_key
        row = {key: value for key, value in self._row.items() if key != "queue_time"}
        queued = runs.update().where(runs.c.run_key == self.key, runs.c.status == "QUEUED")
        return self._connection.execute(queued.values(row)).rowcount == 1

    def highest_number(self) -> int:
        """Return the highest number that counts; of Sacred's runs where there are no others."""
        query = sa.select(sa.func.max(runs.c.run_number)).where(runs.c.run_number <= LARGEST)
        found = self._connection.execute(query).scalar()
        if found is None and sacred_runs.has_sacred_tables(self._connection):
            found = sacred_runs.highest_number(self._connection)
        return max(int(found or 0), highest_deleted(self._connection))


def find_row(connection: sa.Connection, run_id: Any) -> Any:
    """Return ``run_key``, ``run_id`` and ``run_number`` of a run, or None."""
    columns = (runs.c.run_key, runs.c.run_id, runs.c.run_number)
    name = str(normalize_id(run_id))
    for row in connection.execute(sa.select(*columns).where(runs.c.run_id == name)):
        if row.run_id == name:  # some databases are not as exact
            return row
    return None


def key_of_row(connection: sa.Connection, run_id: Any) -> int | None:
    """Return the key of a damaged run that is listed as ``row KEY``, or None."""
    word, _, number = str(normalize_id(run_id)).partition(" ")
    if word != "row" or not number.isascii() or not number.isdecimal() or len(number) > 18:
        return None
    query = sa.select(runs.c.run_key).where(runs.c.run_key == int(number))
    return connection.execute(query).scalar()


def _is_free(connection: sa.Connection, run_id: int | str) -> bool:
    return not _has_row(connection, run_id) and not _is_sacred_run(connection, run_id)


def _has_row(connection: sa.Connection, run_id: int | str) -> bool:
    """Return whether a row has this id as the database compares: "1 " may be "1" to it."""
    is_same = runs.c.run_id == str(run_id)
    if isinstance(run_id, int):
        is_same |= runs.c.run_number == run_id
    return connection.execute(sa.select(runs.c.run_key).where(is_same)).first() is not None


def _is_sacred_run(connection: sa.Connection, run_id: int | str) -> bool:
    """Tell whether Sacred recorded a run of this id in tables of its own."""
    if not sacred_runs.has_sacred_tables(connection):
        return False
    return sacred_runs.find_run(connection, run_id) is not None
