"""Databases that Sacred's SqlObserver 0.7.5, 0.8.2 and 0.8.7 wrote are read in place."""

import json
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from sacred_sql import SqlObserver, SqlStore
from sacred_sql.address import parse_url

from sacred_core.exceptions import RunIdError, StoreError
from sacred_core.stores import Annotation, RunQuery, find_runs
from sacred_core.testing import EventDriver
from sacred_core.testing.memory import Memory, MemoryStore

RELEASES = ("0.7.5", "0.8.2", "0.8.7")
STATUSES = ["COMPLETED", "FAILED", "INTERRUPTED", "TIMEOUT", "COMPLETED", "QUEUED"]


def fill(statements: str, url: str) -> None:
    """Make the tables of a release, in the types of the database, and copy the rows."""
    recorded = sqlite3.connect(":memory:")
    recorded.executescript(statements)
    engine = sa.create_engine(parse_url(url), poolclass=sa.NullPool)
    types = {
        "sqlite": {},
        "postgresql": {"DATETIME": "TIMESTAMP", "BLOB": "BYTEA", "VARCHAR(11)": "status_enum"},
        "mysql": {"DATETIME": "DATETIME(6)", "BLOB": "LONGBLOB", '"commit"': "`commit`"},
    }[engine.dialect.name]  # fmt: skip
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            names = ", ".join(f"'{name}'" for name in {*STATUSES, "RUNNING"})
            connection.exec_driver_sql(f"CREATE TYPE status_enum AS ENUM ({names})")
        for name, statement in recorded.execute("SELECT name, sql FROM sqlite_master"):
            if not statement:
                continue
            # Tables are made in any order.
            key = r",\s*FOREIGN KEY\s*\([^)]*\) REFERENCES \w+ \([^)]*\)"
            statement = re.sub(key, "", statement)
            for old, new in types.items():
                statement = statement.replace(old, new)
            if engine.dialect.name == "mysql":
                statement += " CHARACTER SET utf8mb4"
            connection.exec_driver_sql(statement)
            copy(recorded, name, connection)
    recorded.close()


def copy(recorded: sqlite3.Connection, name: str, connection: sa.Connection) -> None:
    table = sa.Table(name, sa.MetaData(), autoload_with=connection)
    found = recorded.execute(f"SELECT * FROM {name}")
    columns = [column[0] for column in found.description]
    for row in found.fetchall():
        values = dict(zip(columns, row, strict=True))
        for column in table.c:
            if isinstance(column.type, sa.DateTime) and values[column.name]:
                values[column.name] = datetime.fromisoformat(values[column.name])
        connection.execute(table.insert().values(values))


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(golden: ModuleType, url: str, release: str) -> SqlStore:
    """A store of what each release recorded, in each kind of database."""
    fill(golden.text(release, "sql.sql"), url)
    return SqlStore(url)


@pytest.fixture
def sqlite_url(golden: ModuleType, tmp_path: Path) -> str:
    """A file as Sacred 0.8.7 left it."""
    url = f"sqlite:///{tmp_path / 'old.db'}"
    fill(golden.text("0.8.7", "sql.sql"), url)
    return url


def test_whole_runs_are_read(golden: ModuleType, store: SqlStore, release: str) -> None:
    """Statuses, times, configuration, info, result, host, code, output and files."""
    runs = golden.assert_runs(store)
    assert [run.id for run in runs] == [0, 2, 3, 4, 5, 6]
    first, failed = runs[0], runs[1]
    assert first.start_time is not None and first.start_time.tzinfo is UTC
    assert first.stop_time is not None and first.heartbeat is not None and first.duration
    assert first.result == 0.5 and first.command == "complete"
    numbers = [float(n) for n in range(20)]
    assert first.info["alpha"] == {"again": {"w": numbers, "n": [1, 2]}, "list": [1, 2]}
    assert first.info["zeta"][1][0] == [0.0, 6.0, 12.0, 18.0]
    assert first.name == "golden" and first.experiment["base_dir"] == "/tmp/golden_sacred"
    assert f"sacred=={release}" in first.experiment["dependencies"]
    assert first.host["hostname"] and len(first.host["os"]) == 2
    assert store.metrics(0) == {}
    assert failed.fail_trace[-1] == "RuntimeError: it failed\n"
    assert failed.fail_trace[0] == "Traceback (most recent call last):\n"
    assert runs[4].meta["comment"] == "a comment"
    assert first.artifacts == ["artifact.txt"] and len(first.resources) == 1
    with pytest.raises(StoreError, match="has no artifact 'other'"):
        store.open_file(0, "artifact", "other")


def test_rich_runs_are_read(golden_rich: ModuleType, url: str, release: str) -> None:
    """Odd values, arrays, files, sources, ids that a user chose, a queued and a killed run."""
    fill(golden_rich.load(release)["sql"], url)
    golden_rich.assert_runs(
        SqlStore(url), release, has_queued=False, has_metrics=False, has_arrays=False,
        lacks="repositories" if release == "0.7.5" else "",
    )  # fmt: skip


def test_runs_of_sacred_are_copied(
    golden_rich: ModuleType, url: str, release: str, tmp_path: Path
) -> None:
    """They are equal in another store, and in a database that they are copied to from it."""
    fill(golden_rich.load(release)["sql"], url)
    own = SqlObserver(f"sqlite:///{tmp_path / 'new.db'}").open_store()
    golden_rich.assert_copied(SqlStore(url), [MemoryStore(Memory()), own])


def test_runs_of_the_first_release_are_read(golden: ModuleType, url: str) -> None:
    """Sacred 0.7.0 has no number for each run, only the id, and could not queue runs here."""
    fill(golden.text("0.7.0", "sql.sql"), url)
    store = SqlStore(url)
    runs = golden.assert_runs(store, has_queued=False)
    assert [run.id for run in runs] == [0, 1, 2, 3, 4]
    assert [run.id for run in store.list(RunQuery(limit=2))] == [3, 4]
    assert store.get("1").fail_trace[-1] == "RuntimeError: it failed\n" and store.count() == 5
    assert EventDriver(SqlObserver(url)).start() == 5
    with pytest.raises(RunIdError, match="'3' already exists"):
        EventDriver(SqlObserver(url)).start(asked_id=3)
    assert [run.id for run in SqlStore(url).list()] == [0, 1, 2, 3, 4, 5]


def test_runs_are_found(store: SqlStore) -> None:
    """Runs are found, by queries, by name, status, limit and id; one that is missing is named."""
    assert [run.id for run in find_runs(store, "result = 0.5 and config.lr < 1")] == [0]
    assert [run.id for run in store.list(RunQuery(limit=2))] == [5, 6]
    assert [run.id for run in store.list(RunQuery(status="FAILED", name="golden"))] == [2]
    assert list(store.list(RunQuery(limit=0))) == []
    assert store.get("3") == store.get(3) and store.get(3).status == "INTERRUPTED"
    with pytest.raises(StoreError, match="run '77' not found"):
        store.get(77)


def test_sacreds_rows_are_never_changed(store: SqlStore) -> None:
    """Notes, tags and removal are refused with the reason."""
    annotation = Annotation(time=datetime.now(UTC), user="me", note="n")
    for change in (lambda: store.delete(2), lambda: store.annotate(2, annotation)):
        with pytest.raises(StoreError, match=r"run '2' was recorded by Sacred: .* read-only"):
            change()
    assert len(list(store.list())) == 6


def test_new_runs_join_the_old_ones(store: SqlStore, url: str) -> None:
    """They have tables of their own, and numbers that no old run has."""
    driver = EventDriver(SqlObserver(url))
    assert driver.start() == 7
    driver.complete()
    assert EventDriver(SqlObserver(url)).start() == 8
    assert [run.id for run in store.list()] == [0, 2, 3, 4, 5, 6, 7, 8]
    assert [run.id for run in store.list(RunQuery(limit=3))] == [6, 7, 8]
    assert store.get(2).status == "FAILED" and store.get(7).status == "COMPLETED"
    with pytest.raises(RunIdError, match="'3' already exists"):
        EventDriver(SqlObserver(url)).start(asked_id=3)
    assert EventDriver(SqlObserver(url)).start(_id=4) == 9
    store.delete(7)
    with pytest.raises(StoreError, match="run '7' not found"):
        store.get(7)


def test_each_value_in_info_is_read_as_it_was_recorded(
    golden: ModuleType, release: str, tmp_path: Path
) -> None:
    """Each value in info is read as it was recorded, also the objects that are repeated: the order
    in which Sacred wrote is known.
    """
    pytest.importorskip("pandas")
    url = f"sqlite:///{tmp_path / 'values.db'}"
    fill(golden.text(release, "sql.sql"), url)
    recorded, stored = golden.recorded(), golden.values(release, "sql")
    with sqlite3.connect(tmp_path / "values.db") as connection:
        for name, text in stored.items():
            connection.execute(
                "INSERT INTO run (run_id, status, experiment_id, host_id, info, config) "
                "VALUES (?, 'COMPLETED', 1, 1, ?, '{}')",
                (name, text),
            )
    connection.close()
    infos: dict[Any, Any] = {run.id: run.info for run in SqlStore(url).list()}
    assert set(stored) <= set(infos)
    for name in stored:
        if not golden.stays(release, name):
            wanted = golden.expected(release, name, recorded[name])
            assert golden.comparable(infos[name]) == golden.comparable({name: wanted})


def test_a_damaged_row_costs_no_other(sqlite_url: str, tmp_path: Path) -> None:
    """A configuration that was cut off is named, the rest of the run and the others are read."""
    with sqlite3.connect(tmp_path / "old.db") as connection:
        connection.execute("UPDATE run SET config = '{\"lr\": 0.' WHERE run_id = '3'")
    connection.close()
    store = SqlStore(sqlite_url)
    found = {run.id: run.damage for run in store.list()}
    reason = found.pop(3)
    assert found == dict.fromkeys([0, 2, 4, 5, 6])
    assert reason is not None and reason.startswith("the config is not valid JSON")
    run = store.get(3)
    assert (run.status, run.damage, run.config) == ("DAMAGED", reason, {}) and run.name


def test_references_to_documents_of_mongodb_are_not_info(sqlite_url: str, tmp_path: Path) -> None:
    """Sacred's MongoObserver adds them to what this observer records; configuration has none."""
    text = json.dumps({"metrics": [{"name": "loss", "id": "0" * 24}]})
    with sqlite3.connect(tmp_path / "old.db") as connection:
        connection.execute("UPDATE run SET info = ?, config = ? WHERE run_id = '3'", (text, text))
    connection.close()
    run = SqlStore(sqlite_url).get(3)
    assert run.info == {} and run.config == json.loads(text)


def test_a_run_whose_heartbeats_ended_is_dead(sqlite_url: str, tmp_path: Path) -> None:
    """A run whose heartbeats ended is dead, as Sacred leaves a run that was killed."""
    with sqlite3.connect(tmp_path / "old.db") as connection:
        connection.execute("UPDATE run SET status = 'RUNNING' WHERE run_id = '3'")
    connection.close()
    assert SqlStore(sqlite_url).get(3).status == "DEAD"


def test_queued_runs_without_a_time_are_different_runs(sqlite_url: str, tmp_path: Path) -> None:
    """Sacred records no time of a queued run here: two may differ in nothing but their ids."""
    with sqlite3.connect(tmp_path / "old.db") as connection:
        connection.execute(
            "INSERT INTO run (run_id, status, command, host_id, experiment_id, config) "
            "SELECT '77', status, command, host_id, experiment_id, config FROM run "
            "WHERE run_id = '6'"
        )
    connection.close()
    store = SqlStore(sqlite_url)
    first, second = store.get(6), store.get(77)
    assert first.config == second.config and first.uid != second.uid
    assert store.get(6).uid == first.uid


@pytest.mark.parametrize("run_id", [None, ""])
def test_a_run_without_an_id_is_found_by_its_row(
    sqlite_url: str, tmp_path: Path, run_id: str | None
) -> None:
    """Sacred enters the id after the row, and may be killed before."""
    with sqlite3.connect(tmp_path / "old.db") as connection:
        connection.execute("UPDATE run SET run_id = ? WHERE run_id = '3'", (run_id,))
    connection.close()
    store = SqlStore(sqlite_url)
    assert store.get("row 3").status == "INTERRUPTED"
    assert "row 3" in [run.id for run in store.list()]
    for other in ("row 2", "row x", "row 99", "3"):
        with pytest.raises(StoreError, match=f"run '{other}' not found"):
            store.get(other)


def test_many_runs_are_read_page_by_page(sqlite_url: str, tmp_path: Path) -> None:
    """All of them, once each, in both directions."""
    with sqlite3.connect(tmp_path / "old.db") as connection:
        for number in range(7, 507):
            connection.execute(
                "INSERT INTO run (run_id, status, experiment_id) VALUES (?, 'COMPLETED', 1)",
                (str(number),),
            )
    connection.close()
    store = SqlStore(sqlite_url)
    assert [run.id for run in store.list()] == [0, *range(2, 507)]
    assert [run.id for run in store.list(RunQuery(limit=450))] == [*range(57, 507)]


def test_tables_of_another_program_are_not_sacreds(tmp_path: Path) -> None:
    """A table with the name ``run`` alone has no meaning."""
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE run (id INTEGER, distance FLOAT)")
        connection.execute("CREATE TABLE experiment (id INTEGER)")
    connection.close()
    with pytest.raises(StoreError, match="has no runs of sacred-core"):
        list(SqlStore(f"sqlite:///{tmp_path / 'other.db'}").list())
