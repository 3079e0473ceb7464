"""The configuration, result and the like of a run, as JSON text in its row or, if large, apart."""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from sacred_core.serialization import to_json
from sacred_sql.contents import content_of_bytes, drop_unused, kept, read
from sacred_sql.schema import large_values

#: Columns of `sacred_sql.schema.runs`.
VALUES = ("config", "meta", "info", "result", "fail_trace")
#: Bytes. A row with all of these, and a statement with two of which each character is escaped, have
#: less than 1 MB, which is the limit of many servers of MariaDB (`max_allowed_packet`).
_LARGEST = 200_000


def texts_of(values: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the JSON texts of values; None is none."""
    return {k: None if value is None else to_json(value) for k, value in values.items()}


def columns_of(texts: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return what stands in the row of the run: nothing for what is large."""
    return {name: None if is_large(text) else text for name, text in texts.items()}


def is_large(text: str | None) -> bool:
    """Return whether a text is stored outside of the row."""
    return text is not None and len(text) > _LARGEST // 4 and len(text.encode()) > _LARGEST


def keep_large(connection: sa.Connection, run_key: int, texts: Mapping[str, str | None]) -> None:
    """Store those of the texts that are large, and remove what stood in their place."""
    mine = sa.and_(large_values.c.run_key == run_key, large_values.c.name.in_(list(texts)))
    gone = connection.execute(sa.select(large_values.c.content_id).where(mine)).scalars().all()
    if gone:
        connection.execute(large_values.delete().where(mine))
    for name, text in texts.items():
        if text is not None and is_large(text):
            key = kept(connection, content_of_bytes(text.encode(), name))
            row = {"run_key": run_key, "name": name, "content_id": key}
            connection.execute(large_values.insert().values(row))
    drop_unused(connection, gone)


def read_large_texts(
    connection: sa.Connection, run_keys: Iterable[int], name: str | None = None
) -> dict[tuple[int, str], bytes]:
    """Return the JSON texts of the large values of runs, or those of one name."""
    names = VALUES if name is None else (name,)
    mine = sa.and_(large_values.c.run_key.in_(list(run_keys)), large_values.c.name.in_(names))
    query = sa.select(large_values).where(mine)
    return {
        (row.run_key, row.name): read(connection, row.content_id)
        for row in connection.execute(query).all()
    }
