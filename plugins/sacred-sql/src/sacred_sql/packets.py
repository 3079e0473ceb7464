"""MySQL and MariaDB refuse long statements, and close the connection as if the server were away."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from sacred_core.exceptions import StoreError

_KEY = "sacred_sql_longest"
#: Bytes that drivers write before a character in a string.
_ESCAPED = b"\\'\"\0\n\r\x1a"
#: Bytes beside the largest values: the statement itself and small values.
_ROOM = 16_384


def refuse_long_statements(engine: sa.Engine) -> None:
    """Raise a `StoreError` for a statement that is too long for the server, before it is sent."""
    if engine.dialect.name in ("mysql", "mariadb"):
        sa.event.listen(engine, "connect", _note_limit)
        sa.event.listen(engine, "before_cursor_execute", _check)


def _note_limit(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute("SELECT @@max_allowed_packet")
        record.info[_KEY] = int(cursor.fetchone()[0])
    finally:
        cursor.close()


def _check(
    connection: sa.Connection,
    cursor: Any,
    statement: str,
    parameters: Any,
    context: Any,
    is_many: bool,
) -> None:
    del cursor, context
    limit = connection.info.get(_KEY)
    if limit is None:
        return
    for row in parameters if is_many else [parameters]:
        size = len(statement) + sum(_sizes(row, limit))
        if size > limit - _ROOM:
            raise StoreError(
                f"a value is too large for the database: a statement of {size} bytes, while the "
                f"server's max_allowed_packet is {limit}. Record the value in a file "
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
