"""Damaged rows, in each database."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import sqlalchemy as sa
from sacred_sql import SqlObserver, SqlStore
from sacred_sql.address import parse_url
from sacred_sql.schema import annotations, hosts, runs

from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.stores import RunQuery, find_runs
from sacred_core.stores.query import Field
from sacred_core.testing.damage_checks import QUERIES, Sound, check_hostile
from sacred_core.testing.damage_contract import record_sound_runs
from sacred_core.testing.effort import examples
from sacred_core.testing.hostile_records import HostileRecords

#: Of records; in a quick check fewer.
COUNT = examples(40, 300)
VALUES = ("config", "meta", "info", "result", "fail_trace", "id_elsewhere")
#: Literals of columns of other types; what a database refuses is left out.
LITERALS = (
    "NULL", "''", "5", "-1", "1.5e300", "'x'", "x'ff00fe'", "'{'", "'[1]'", "'0000-00-00'",
    "'infinity'", "'9999-12-31 23:59:59'", "'2026-13-45'", "'0001-01-01 00:00:00'",
    "'10000-01-01 00:00:00'", "CAST(x'fffe' AS TEXT)", "99999",
)  # fmt: skip


@pytest.fixture
def database(url: str) -> Iterator[sa.Engine]:
    """The database as another program sees it, which does not check foreign keys."""
    engine = sa.create_engine(parse_url(url), poolclass=sa.StaticPool, isolation_level="AUTOCOMMIT")
    if engine.dialect.name in ("mysql", "mariadb"):
        with engine.connect() as connection:
            connection.exec_driver_sql("SET foreign_key_checks=0, sql_mode=''")
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            connection.exec_driver_sql("SET session_replication_role = replica")
    yield engine
    engine.dispose()


def spoil(connection: sa.Connection, key: int, hostile: HostileRecords) -> None:
    """Change some columns of a run."""
    columns = [column.name for column in runs.c if column.name not in ("run_key", "run_number")]
    for name in hostile.random.sample(columns, hostile.random.randint(1, 3)):
        if name in VALUES and hostile.random.random() < 0.7:
            text = hostile.text({"a": [1, {"b": 2}], "c": "x"}).decode("utf-8", "replace")
            change = runs.update().where(runs.c.run_key == key).values({name: sa.literal(text)})
            work: Any = change
        else:
            literal = hostile.random.choice(LITERALS)
            work = sa.text(f"UPDATE runs SET {name} = {literal} WHERE run_key = {key}")
        with contextlib.suppress(sa.exc.SQLAlchemyError, ValueError):  # the database refuses it
            connection.execute(work)


def test_hostile_records(url: str, database: sa.Engine, tmp_path: Path) -> None:
    """Every other run is listed, shown, queried and deleted as before."""
    ids = record_sound_runs(lambda: SqlObserver(url), tmp_path)
    sound = Sound.of(SqlStore(url), ids)
    hostile = HostileRecords(seed=1)
    # The code of the store is the same, and each query of a server reads the damaged rows again.
    count = COUNT if database.dialect.name == "sqlite" else COUNT // 5
    with database.connect() as connection:
        row = dict(connection.execute(sa.select(runs).limit(1)).one()._mapping)
        host = connection.execute(sa.select(hosts).limit(1)).one()
        odd_host = {**host._mapping, "host_id": 777, "digest": "odd"}
        connection.execute(hosts.insert(), odd_host)
        connection.execute(sa.text("UPDATE hosts SET info = '[' WHERE host_id = 777"))
        for key in range(1_000, 1_000 + count):
            host_id = hostile.random.choice([row["host_id"], 777, 99_999])
            new = {**row, "run_key": key, "run_id": str(key), "run_number": key}
            connection.execute(runs.insert(), {**new, "host_id": host_id})
            if hostile.random.random() < 0.2:
                note = {"said_at": row["start_time"], "said_by": "x", "note": "n"}
                tags = {"tags_added": ["a"], "tags_removed": []}
                connection.execute(annotations.insert(), {"run_key": key, **note, **tags})
                connection.execute(
                    sa.text(f"UPDATE annotations SET tags_added = :x WHERE run_key = {key}"),
                    {"x": json.dumps(hostile.mutate(["a"]))[:1_000]},
                )
            spoil(connection, key, hostile)
    # A page with a damaged row is read column by column, for each query again.
    without_ids = [run.id for run in SqlStore(url).list() if str(run.id).startswith("row ")]
    for run_id in without_ids[:2]:
        assert [run.id for run in find_runs(SqlStore(url), f"id = '{run_id}'")] == [run_id]
    assert check_hostile(SqlStore(url), sound, QUERIES[::4], step=4) > count // 2


#: What the drivers cannot read as a time.
UNREADABLE = {
    "sqlite": "x", "postgresql": "infinity", "mysql": "0000-00-00 00:00:00",
}  # fmt: skip


@pytest.mark.parametrize("column", ["heartbeat", "queue_time"])
def test_a_value_that_the_driver_cannot_read_costs_one_field(
    url: str, database: sa.Engine, tmp_path: Path, column: str
) -> None:
    """The rest of its run is read, and every other run of the page."""
    ids = record_sound_runs(lambda: SqlObserver(url), tmp_path)
    before = {run.id: run for run in SqlStore(url).list()}
    with database.connect() as connection:
        value = UNREADABLE[database.dialect.name]
        change = f"UPDATE runs SET {column} = '{value}' WHERE run_id = '{ids[1]}'"
        connection.execute(sa.text(change))
    store = SqlStore(url)
    after = {run.id: run for run in store.list()}
    assert list(after) == ids
    assert [after[run_id] for run_id in (ids[0], ids[2])] == [before[ids[0]], before[ids[2]]]
    damaged = after[ids[1]]
    assert damaged == store.get(ids[1]) and damaged.status == "DAMAGED"
    assert damaged.damage is not None and damaged.damage.startswith(f"{column} cannot be read: ")
    assert (
        attrs.evolve(damaged, damage=None, **{column: getattr(before[ids[1]], column)})
        == (before[ids[1]])
    )
    assert [run.id for run in store.list(RunQuery(fields=[Field("command")]))] == ids
    assert [run.damage for run in store.list(RunQuery(fields=[Field("command")]))] == [None] * 3


@pytest.mark.parametrize("table", ["large_values", "artifacts", "annotations"])
def test_a_missing_table_is_not_the_damage_of_runs(
    url: str, database: sa.Engine, tmp_path: Path, table: str
) -> None:
    """Reading raises an error that names the table, and lists no run as damaged."""
    ids = record_sound_runs(lambda: SqlObserver(url), tmp_path)
    with database.connect() as connection:
        connection.exec_driver_sql(f"DROP TABLE {table}")
    for read in (lambda: list(SqlStore(url).list()), lambda: SqlStore(url).get(ids[0])):
        with pytest.raises(StoreError, match=table) as error:
            read()
        assert not isinstance(error.value, DamagedRecordError)
