"""The captured functions of runs, which are stored with the large values.

As contents are shared, those of all runs of the same code are stored once. In the row of the
experiment, they would make another experiment of each run that ends.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa

from sacred_core.serialization import from_json, to_json
from sacred_core.stores.model import StoredRun
from sacred_sql.contents import batches
from sacred_sql.schema import content_parts, large_values

#: Of the value.
_NAME = "captured"
Read = Callable[[], Any]


def captured_text(run: StoredRun) -> dict[str, str]:
    """Return the captured functions of a run as `sacred_sql.contents.store_outside` takes them."""
    captured = run.experiment.get(_NAME)
    return {_NAME: to_json(captured)} if captured else {}


def add_captured(connection: sa.Connection, found: Mapping[int, dict[str, Read]]) -> None:
    """Add the captured functions of runs to what reads their experiments.

    Args:
        connection: In a transaction.
        found: By key of the run, the functions that read its fields.
    """
    columns = large_values.c
    mine = sa.and_(columns.run_key.in_(list(found)), columns.name == _NAME)
    query = sa.select(columns.run_key, columns.content_id).where(mine)
    keys = {row.run_key: row.content_id for row in connection.execute(query)} if found else {}
    texts = _read_contents(connection, set(keys.values()))
    for run_key, key in keys.items():
        fields = found[run_key]
        fields["experiment"] = partial(_with_captured, fields["experiment"], texts.get(key, b""))


def _read_contents(connection: sa.Connection, keys: Iterable[int]) -> dict[int, bytes]:
    columns = content_parts.c
    query = sa.select(columns.content_id, columns.content).order_by(columns.part)
    found: dict[int, bytes] = {}
    for some in batches(sorted(keys)):
        for row in connection.execute(query.where(columns.content_id.in_(some))):
            found[row.content_id] = found.get(row.content_id, b"") + row.content
    return found


def _with_captured(read: Read, text: bytes) -> Any:
    return {**read(), _NAME: from_json(text.decode())}
