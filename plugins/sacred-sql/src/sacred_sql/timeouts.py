"""Limits of the time that a server spends on a statement, which waits for no lock for ever."""

import contextlib
from typing import Any

import sqlalchemy as sa

#: Seconds for a statement, and for a lock that another transaction has.
STATEMENT, LOCK = 60, 20
#: Statements by the name of a dialect; of those in one tuple, the first that the server supports.
_MARIADB = (
    (f"SET SESSION innodb_lock_wait_timeout = {LOCK}",),
    (
        f"SET SESSION max_statement_time = {STATEMENT}",  # MariaDB
        f"SET SESSION max_execution_time = {STATEMENT * 1000}",  # MySQL
    ),
)
_LIMITS: dict[str, tuple[tuple[str, ...], ...]] = {
    "postgresql": (
        (f"SET statement_timeout = '{STATEMENT}s'",),
        (f"SET lock_timeout = '{LOCK}s'",),
    ),
    "mysql": _MARIADB,
    "mariadb": _MARIADB,
}


def limit_statements(engine: sa.Engine) -> None:
    """Set the limits in each new connection, unless the URL sets options of PostgreSQL."""
    limits = () if "options" in engine.url.query else _LIMITS.get(engine.dialect.name, ())
    if not limits:
        return

    @sa.event.listens_for(engine, "connect")
    def set_limits(connection: Any, _: Any) -> None:
        with contextlib.closing(connection.cursor()) as cursor:
            for statements in limits:
                _execute_first(cursor, statements)
        connection.commit()


def _execute_first(cursor: Any, statements: tuple[str, ...]) -> None:
    """Execute the first statement that the server supports."""
    for statement in statements[:-1]:
        try:
            cursor.execute(statement)
            return
        except Exception:  # noqa: BLE001 - each driver has exceptions of its own
            continue
    cursor.execute(statements[-1])
