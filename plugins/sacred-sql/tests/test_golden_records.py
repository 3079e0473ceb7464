"""What a run stores is equal to what release 0.1.0 stores, but for times and ids."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from sacred_sql import SqlObserver, SqlStore
from sacred_sql.address import parse_url


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "maria"])
def test_databases_are_equal_to_those_of_release_0_1_0(
    golden_records: ModuleType, kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Every table has the same columns and the same rows."""
    server = None if kind == "sqlite" else request.getfixturevalue(kind)
    url = server.database() if server else f"sqlite:///{tmp_path / 'runs.db'}"
    golden_records.check_records(
        kind,
        tmp_path,
        lambda: SqlObserver(url),
        lambda: SqlStore(url),
        lambda: _tables(url, golden_records),
    )


def _tables(url: str, golden_records: ModuleType) -> dict[str, list[dict[str, Any]]]:
    engine = sa.create_engine(parse_url(url))
    schema = sa.MetaData()
    schema.reflect(engine)
    stored = {}
    with engine.connect() as connection:
        for table in schema.sorted_tables:
            rows = connection.execute(sa.select(table).order_by(*table.primary_key)).mappings()
            columns = {column.name: str(column.type) for column in table.c}
            stored[table.name] = [columns, *(_row(row, golden_records) for row in rows)]
    engine.dispose()
    return stored


def _row(row: Any, golden_records: ModuleType) -> dict[str, Any]:
    return {
        name: "<number>" if name == "number"  # of a change
        else golden_records.readable(value) if isinstance(value, bytes)
        else _plain(value)
        for name, value in row.items()
    }  # fmt: skip


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, type(None))) else str(value)
