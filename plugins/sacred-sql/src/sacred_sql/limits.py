"""Limits of the time that a server has for a statement and an answer, and of a statement's size.

The server ends a statement that takes too long or waits for a lock. Where the server does not
answer at all, the driver ends the connection with an error, so that the call ends, and the
connection is not used again.
"""

import contextlib
import functools
import time
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from sacred_core.exceptions import StoreError
from sacred_core.plurals import counted

#: Seconds for a statement, and for a lock that another transaction has.
STATEMENT, LOCK = 60, 20
#: Seconds without any answer; the server has time to end the statement before.
ANSWER = 75
#: Seconds to connect.
CONNECT = 10
#: Statements by the name of a dialect; of those in one tuple, the first that the server supports.
_MARIADB = (
    (f"SET SESSION innodb_lock_wait_timeout = {LOCK}",),
    (
        f"SET SESSION max_statement_time = {STATEMENT}",  # MariaDB
        f"SET SESSION max_execution_time = {STATEMENT * 1000}",  # MySQL
    ),
)
_SETTINGS: dict[str, tuple[tuple[str, ...], ...]] = {
    "postgresql": (
        (f"SET statement_timeout = '{STATEMENT}s'",),
        (f"SET lock_timeout = '{LOCK}s'",),
    ),
    "mysql": _MARIADB,
    "mariadb": _MARIADB,
}
_LONGEST = "sacred_sql_longest"
#: Bytes that drivers write before a character in a string.
_ESCAPED = b"\\'\"\0\n\r\x1a"
#: Bytes beside the largest values: the statement itself and small values.
_ROOM = 16_384


def timeout_arguments(url: sa.URL) -> dict[str, Any]:
    """Return arguments of the driver that limit waiting, except those that the URL gives.

    PostgreSQL's library notices that nothing arrives at the server; see also `apply_limits`.
    """
    libpq = {"connect_timeout": CONNECT, "keepalives_idle": 20, "tcp_user_timeout": 30_000}
    sockets = {"connect_timeout": CONNECT, "read_timeout": ANSWER, "write_timeout": ANSWER}
    drivers: dict[str, dict[str, Any]] = {
        "psycopg": libpq, "psycopg2": libpq, "pymysql": sockets, "mysqldb": sockets,
        "pysqlite": {"timeout": 30.0}, "sqlite": {"timeout": 30.0},
    }  # fmt: skip
    arguments = drivers.get(url.drivername.rpartition("+")[2], {})
    return {name: value for name, value in arguments.items() if name not in url.query}


def apply_limits(engine: sa.Engine) -> None:
    """Limit the statements of each new connection of an engine, and the time of their answers.

    A statement that is too long for the server raises a `StoreError` before it is sent. An URL with
    ``options`` of PostgreSQL has separate limits for the time of statements.
    """
    settings = _SETTINGS.get(engine.dialect.name, ())
    if settings and "options" not in engine.url.query:
        sa.event.listen(engine, "connect", functools.partial(_set_limits, settings))
    if engine.dialect.name in ("mysql", "mariadb"):
        sa.event.listen(engine, "connect", _note_limit)
        sa.event.listen(engine, "before_cursor_execute", _check_size)
    if engine.dialect.driver == "psycopg":
        sa.event.listen(engine, "do_connect", _connect)


def _set_limits(settings: tuple[tuple[str, ...], ...], connection: Any, record: Any) -> None:
    del record
    with contextlib.closing(connection.cursor()) as cursor:
        for statements in settings:
            _execute_first(cursor, statements)
    connection.commit()


def _execute_first(cursor: Any, statements: tuple[str, ...]) -> None:
    """Execute the first statement that the server supports."""
    for statement in statements[:-1]:
        try:
            cursor.execute(statement)
            return
        except Exception:  # noqa: BLE001 - each driver has separate exceptions
            continue
    cursor.execute(statements[-1])


def _connect(dialect: Any, record: Any, arguments: Any, options: dict[str, Any]) -> Any:
    del dialect, record
    return _limited_connections().connect(*arguments, **options)


@functools.cache
def _limited_connections() -> Any:
    """Return the class of connections to PostgreSQL that end if the server does not answer."""
    import psycopg

    class LimitedConnection(psycopg.Connection[Any]):
        """Waits for an answer with a limit, which libpq does not have."""

        def __del__(self, warn: Any = None, /) -> None:
            """End with the engine, without psycopg's warning that `close` was not called."""
            del warn

        def wait(self, gen: Any, *arguments: Any, **options: Any) -> Any:
            return super().wait(self._limited(gen), *arguments, **options)

        def _limited(self, steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
            """Forward ``steps``, which get a false value while the socket is not ready."""
            until, ready = time.monotonic() + ANSWER, None
            while True:
                try:
                    ready = yield steps.send(ready)
                except StopIteration as done:
                    return done.value
                if ready:
                    until = time.monotonic() + ANSWER
                elif time.monotonic() > until:
                    self.close()
                    raise psycopg.OperationalError(
                        f"the server has not answered for {counted(ANSWER, 'second')}"
                    )

    return LimitedConnection


def _note_limit(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute("SELECT @@max_allowed_packet")
        record.info[_LONGEST] = int(cursor.fetchone()[0])
    finally:
        cursor.close()


def _check_size(
    connection: sa.Connection,
    cursor: Any,
    statement: str,
    parameters: Any,
    context: Any,
    is_many: bool,
) -> None:
    del cursor, context
    limit = connection.info.get(_LONGEST)
    if limit is None:
        return
    for row in parameters if is_many else [parameters]:
        size = len(statement) + sum(_sizes(row, limit))
        if size > limit - _ROOM:
            raise StoreError(
                f"a value is too large for the database: a statement of {counted(size, 'byte')}, "
                f"while the server's max_allowed_packet is {limit}. Record the value in a file "
                "(add_artifact), or configure a higher limit"
            )


def _sizes(row: Any, limit: int) -> Iterator[int]:
    values: Sequence[Any] = list(row.values()) if isinstance(row, dict) else list(row or ())
    for value in values:
        if not isinstance(value, (bytes, str)):
            continue
        if len(value) <= limit // 32:  # whatever it is, it is small
            yield 4 * len(value)
            continue
        data = value.encode("utf-8", "replace") if isinstance(value, str) else value
        yield len(data) + sum(data.count(byte) for byte in _ESCAPED)
