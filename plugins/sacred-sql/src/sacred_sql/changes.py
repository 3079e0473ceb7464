"""Which runs changed, by numbers that the database itself assigns to changes.

Each transaction that changes a run writes a number to its row in ``run_changes``. A *position* is a
number at which reading begins: no transaction that is committed later has a lower one.

SQLite
    One more than the highest number: one transaction writes at a time.
PostgreSQL
    The id of the transaction. The position is the lowest one that is running, so that a transaction
    which is committed after others that began later is not missed.
MariaDB, MySQL
    The time of the server in microseconds. The position is a time before, see `COMMIT_TIME`.
"""

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from sacred_sql.schema import run_changes, run_tokens, runs

#: What a transaction may take from its note of a change to its end, where only times tell changes
#: apart: runs that changed in this time before a listing are listed once more. `has_taken_long`.
COMMIT_TIME = timedelta(seconds=60)
#: Has the highest number where the run that had it was deleted.
_DELETED = 0


def note_change(connection: sa.Connection, run_key: int, token: str | None = None) -> bool:
    """Record that a transaction changes a run; return False if the run does not exist.

    Args:
        connection: In a transaction.
        run_key: Of the run.
        token: Of the process that records the run; then return False also if another process has
            resumed it. None of others.
    """
    update = _update(connection.dialect.name, token is not None)
    if connection.execute(update, {"changed": run_key, "own_token": token}).rowcount:
        return True
    query = sa.select(1).where(runs.c.run_key == run_key)
    if (
        connection.execute(query if token is None else query.where(has_token(token))).first()
        is None
    ):
        return False
    note_start(connection, run_key)
    return True


def note_start(connection: sa.Connection, run_key: int) -> None:
    """Record that a transaction inserts a run."""
    number = _new_number(connection.dialect.name)
    connection.execute(run_changes.insert().values(run_key=run_key, number=number))


def has_token(token: Any) -> sa.ColumnElement[bool]:
    """Return the condition that no process with another token has resumed the run of ``runs``."""
    others = sa.select(1).where(run_tokens.c.run_key == runs.c.run_key, run_tokens.c.token != token)
    return ~others.correlate(runs).exists()


@functools.cache
def _update(dialect: str, has_own_token: bool) -> sa.Update:
    """Return the statement that notes a change: it is sent often, and building it takes longer."""
    key: sa.BindParameter[int] = sa.bindparam("changed")
    run = sa.select(1).where(runs.c.run_key == key)
    if has_own_token:
        run = run.where(has_token(sa.bindparam("own_token")))
    mine = sa.and_(run_changes.c.run_key == key, run.exists())
    return run_changes.update().where(mine).values(number=_new_number(dialect))


def forget_changes(connection: sa.Connection, run_key: int) -> None:
    """Remove the row of a run; the highest number of all is retained, so that it is not reused."""
    numbers = sa.select(run_changes.c.run_key).order_by(run_changes.c.number.desc()).limit(1)
    is_last = connection.execute(numbers).scalar() == run_key
    gone = _DELETED if is_last else run_key
    connection.execute(run_changes.delete().where(run_changes.c.run_key == gone))
    if is_last:
        mine = run_changes.c.run_key == run_key
        connection.execute(run_changes.update().where(mine).values(run_key=_DELETED))


def current_position(connection: sa.Connection, commit_time: timedelta) -> int:
    """Return the position of what changes from now on.

    Args:
        connection: To the database.
        commit_time: See `COMMIT_TIME`.
    """
    name = connection.dialect.name
    if name == "postgresql":
        query = sa.select(sa.func.txid_snapshot_xmin(sa.func.txid_current_snapshot()))
    elif name in _NUMBERS:
        query = sa.select(_new_number(name))
    else:
        return 0
    position = int(connection.execute(query).scalar_one())
    is_time = _NUMBERS[name] is _server_time
    return position - commit_time // timedelta(microseconds=1) if is_time else position


def changed_since(position: int, current: int) -> sa.ColumnElement[bool]:
    """Return what the outer join of ``runs`` with ``run_changes`` fulfils.

    A run without a number counts as changed: an earlier release records it.

    Args:
        position: From `current_position` some time ago.
        current: The same now. If it is lower, the database was replaced by an older one, or its
            clock was set back: every run counts as changed.
    """
    number = run_changes.c.number
    return sa.or_(number >= position, number.is_(None)) if position <= current else sa.true()


def has_taken_long(seconds: float) -> bool:
    """Return whether a transaction took so long that its change has to be noted once more."""
    return seconds > COMMIT_TIME.total_seconds() / 2


def _new_number(dialect: str) -> Any:
    make = _NUMBERS.get(dialect)
    return 0 if make is None else make()  # of others each run counts as changed


def _next() -> Any:
    highest = sa.select(sa.func.coalesce(sa.func.max(run_changes.c.number), 0) + 1)
    return highest.scalar_subquery()


def _transaction_id() -> Any:
    return sa.func.txid_current()


def _server_time() -> Any:
    return sa.text("TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))")


_NUMBERS: dict[str, Callable[[], Any]] = {
    "sqlite": _next,
    "postgresql": _transaction_id,
    "mysql": _server_time,
    "mariadb": _server_time,
}
