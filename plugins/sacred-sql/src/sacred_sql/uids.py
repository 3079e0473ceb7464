"""Finds runs by their uid, and those that are new."""

from collections.abc import Set

import sqlalchemy as sa

from sacred_sql.row_ids import IS_RUN, row_id
from sacred_sql.schema import runs

Clause = sa.ColumnElement[bool]

#: As many keys below the highest one may be those of transactions in progress.
_OPEN_KEYS = 100


def find_uid(connection: sa.Connection, uid: str, where: Clause = IS_RUN) -> list[int | str]:
    """Return the ids in rows of runs with a uid in their metadata.

    Args:
        connection: To the database.
        uid: Of the run.
        where: The condition for the rows.
    """
    has_uid = runs.c.meta.contains(uid) | runs.c.meta.is_(None)  # None: it is a large value
    return list(connection.execute(sa.select(runs.c.run_id).where(has_uid, where)).scalars())


def lacks_uid(connection: sa.Connection) -> bool:
    """Return whether the metadata of a run has no uid."""
    has_none = runs.c.meta.notlike('%"uid"%')
    without = sa.select(runs.c.run_key).where(has_none, IS_RUN).limit(1)
    return connection.execute(without).first() is not None


class NewIds:
    """Reads the ids of runs, after the first time only those with higher keys, and a few others.

    Args:
        known: Ids that are skipped; the caller adds to it.
    """

    def __init__(self, known: Set[int | str]) -> None:
        self.known = known
        self._highest = 0
        self._left: list[int | str] = []

    def read(self, connection: sa.Connection) -> list[int | str]:
        """Return the ids that are not known, also those that were returned before."""
        is_new = runs.c.run_key > self._highest - _OPEN_KEYS
        query = sa.select(runs.c.run_key, runs.c.run_id).where(is_new, IS_RUN)
        rows = connection.execute(query).all()
        self._highest = max((self._highest, *(row.run_key for row in rows)))
        ids = (*self._left, *(row_id(row.run_key, row.run_id) for row in rows))
        self._left = [each for each in dict.fromkeys(ids) if each not in self.known]
        return self._left
