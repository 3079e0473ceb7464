"""What is in the tables, as other programs see it."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sacred_sql import SqlObserver, SqlStore
from sacred_sql.schema import metadata, runs

from sacred_core.exceptions import RunIdError, StoreError
from sacred_core.provenance.sources import md5_of
from sacred_core.stores import Annotation
from sacred_core.testing import EventDriver

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ODD = "NUL \0, half \udc80 and %00 %25 % ä \U0001f600"


def counts(url: str) -> dict[str, int]:
    """Return how many rows each table has that has any."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        numbers = {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar()
            for table in metadata.sorted_tables
        }
    return {name: number for name, number in numbers.items() if number}


def whole_run(url: str, tmp_path: Path, base: Path, number: int) -> EventDriver:
    """Record a run that has rows in every table."""
    for name in ("main.py", "later.py", "data.csv", "made.bin"):
        (base / name).write_text(f"content of {name}" + str(number) * (name == "made.bin"))
    repository = {"url": "https://host/x", "commit": "abc", "dirty": True, "patch": "+ä\n"}
    ex_info = {
        "name": "whole",
        "base_dir": str(base),
        "sources": [["main.py", md5_of(base / "main.py")]],
        "dependencies": ["numpy==2.0", "odd"],
        "repositories": [repository],
        "mainfile": "main.py",
    }
    driver = EventDriver(SqlObserver(url))
    driver.start(ex_info=ex_info)
    driver.print("text\n")
    driver.log("loss", [1.0, 2.0])
    driver.resource(str(base / "data.csv"))
    driver.artifact("made", str(base / "made.bin"), metadata={"a": 1}, content_type="x/y")
    driver.code(str(base), [["later.py", md5_of(base / "later.py")]], ["scipy==1.0"])
    driver.beat(info={"large": "x" * 4_100_000 + str(number)})
    driver.complete(result=number)
    return driver


def test_runs_share_rows_and_leave_none_behind(url: str, tmp_path: Path) -> None:
    """Two runs of the same code have one experiment; once both are deleted, no row is left."""
    drivers = [whole_run(url, tmp_path, tmp_path, number) for number in (1, 2)]
    store = SqlStore(url)
    for number in (1, 2):
        store.annotate(number, Annotation(time=NOW, user="ann", note="ä", added=("a",)))
    both = counts(url)
    assert both["runs"] == both["artifacts"] == both["large_values"] == both["annotations"] == 2
    assert both["experiments"] == both["hosts"] == both["repositories"] == 1
    assert both["sources"] == 2 and both["dependencies"] == 3
    # Two sources, a patch, a resource; an artifact and an info of each run.
    assert both["contents"] == 4 + 2 * 2
    run = store.get(1)
    run.experiment["sources"].sort()  # what was imported after the start is at the end
    assert run.experiment == drivers[0].expected.experiment
    for kind, name in (("source", "main.py"), ("source", "later.py")):
        with store.open_file(1, kind, name) as stream:
            assert stream.read() == f"content of {name}".encode()
    store.delete(1)
    assert store.get(2).info["large"].endswith("x2")
    assert counts(url)["contents"] == 4 + 2
    store.delete(2)
    assert counts(url) == {"sacred_schema": 1, "deleted_numbers": 1, "run_changes": 1}


def test_awkward_texts_come_back(url: str, tmp_path: Path) -> None:
    """NUL, halves of surrogate pairs, and what looks like our own spelling of them."""
    file = tmp_path / "f"
    file.write_text("x")
    driver = EventDriver(SqlObserver(url))
    run_id = driver.start(
        config={ODD: ODD}, command=ODD, meta_info={"comment": ODD},
        host_info={"hostname": ODD}, ex_info={"name": ODD},
    )  # fmt: skip
    driver.print(ODD * 3)
    driver.print(ODD, offset=5)
    driver.log(ODD, [1.0])
    driver.artifact(ODD, str(file), metadata={ODD: ODD}, content_type=ODD)
    driver.beat(info={ODD: ODD}, result=ODD)
    driver.fail((ODD,))
    store = SqlStore(url)
    store.annotate(run_id, Annotation(time=NOW, user=ODD, note=ODD, added=(ODD,)))
    run = store.get(run_id)
    assert run.name == run.command == run.result == ODD
    assert run.config == run.info == {ODD: ODD} and run.host == {"hostname": ODD}
    assert run.artifacts == run.tags == run.fail_trace == [ODD]
    assert run.notes == [{"text": ODD, "user": ODD, "time": NOW}]
    assert store.output(run_id) == ODD[:5] + ODD == driver.output
    assert list(store.metrics(run_id)) == [ODD]
    with store.open_file(run_id, "artifact", ODD) as stream:
        assert stream.read() == b"x"


def test_numbers_come_back_without_loss(url: str) -> None:
    """Integers of any size, the smallest floats, and numbers that are none."""
    values: list[Any] = [2**70, -(2**63), 5e-324, 0.1 + 2**-55, float("inf"), 1, 1.0]
    driver = EventDriver(SqlObserver(url))
    driver.start(config={"big": 2**70})
    driver.log("loss", values, first_step=2**40)
    driver.complete(result=2**70)
    store = SqlStore(url)
    found = store.metrics(1)["loss"]
    assert found == driver.metrics["loss"] and list(map(repr, found["values"])) == list(
        map(repr, values)
    )
    assert store.get(1).config == {"big": 2**70} and store.get(1).result == 2**70


def test_points_are_in_blocks_of_a_thousand(url: str) -> None:
    """Points are in blocks of a thousand, however many came at a time, and they are sent twice at
    most.
    """
    driver = EventDriver(SqlObserver(url))
    driver.start()
    driver.log("many", [float(n) for n in range(2_500)])
    for start in range(0, 1_100, 100):
        driver.log("few", [float(n) for n in range(100)], first_step=start)
    driver.complete()
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        query = "SELECT m.name, p.start, p.length FROM points p JOIN metrics m"
        query += " ON m.run_key = p.run_key AND m.metric = p.metric ORDER BY m.name, p.start"
        rows = [tuple(row) for row in connection.exec_driver_sql(query)]
    assert rows == [
        ("few", 0, 1000), ("few", 1000, 100),
        ("many", 0, 1000), ("many", 1000, 1000), ("many", 2000, 500),
    ]  # fmt: skip
    assert SqlStore(url).metrics(1) == driver.metrics


def test_tables_can_be_read_with_sql_alone(tmp_path: Path) -> None:
    """Configurations and points are JSON that SQLite's own functions take; times are in UTC."""
    path = tmp_path / "runs.db"
    driver = EventDriver(SqlObserver(f"sqlite:///{path}"))
    driver.start(config={"lr": 0.5, "word": "ünï"})
    driver.log("loss", [3.0, 1.0, 2.0])
    driver.complete(result=float("nan"))
    with closing(sqlite3.connect(path)) as database:
        row = database.execute(
            "SELECT run_id, status, json_extract(config, '$.lr'), config, start_time, result,"
            " (SELECT min(v.value) FROM points p, json_each(p.metric_values) v"
            "  WHERE p.run_key = r.run_key) FROM runs r"
        ).fetchone()
    assert row == (
        "1", "COMPLETED", 0.5, '{"lr": 0.5, "word": "ünï"}', "2026-01-02 03:04:05.678901",
        '{"%json": "NaN"}', 1.0,
    )  # fmt: skip
    json.loads(row[5])


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (99, r"version 99.*pip install --upgrade sacred-sql"),
        (0, r"version 0.*needs 1.*new database"),
    ],
)
def test_a_database_of_another_release_is_refused(url: str, version: int, message: str) -> None:
    """A database of another release is refused, with what to do; nothing in it is changed."""
    EventDriver(SqlObserver(url)).start()
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE sacred_schema SET version = {version}")
    for use in (EventDriver(SqlObserver(url)).start, lambda: SqlStore(url).get(1)):
        with pytest.raises(StoreError, match=message):
            use()
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT version FROM sacred_schema").all() == [(version,)]


def test_tables_of_another_program_are_left_alone(url: str) -> None:
    """The error names it, and none of our tables is created."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE runs (a INTEGER)")
    with pytest.raises(StoreError, match="'runs' of another program"):
        EventDriver(SqlObserver(url)).start()
    with pytest.raises(StoreError, match="has no runs of sacred-core"):
        list(SqlStore(url).list())
    assert sa.inspect(engine).get_table_names() == ["runs"]


def test_names_disturb_no_numbers(url: str) -> None:
    """A run with a name is followed by the number after the highest."""
    for asked in (None, "baseline", None, 40, "0041", None):
        EventDriver(SqlObserver(url)).start(_id=asked, asked_id=asked)
    assert [run.id for run in SqlStore(url).list()] == [1, "baseline", 2, 40, "0041", 41]
    assert SqlStore(url).get("40").id == 40


def test_ids_that_differ_in_any_character_are_different(url: str) -> None:
    """Ids differ by every character, by case, accents and spaces at the end, or the second of
    them is refused.
    """
    EventDriver(SqlObserver(url)).start(_id="a", asked_id="a")
    for other in ("A", "ä"):
        assert EventDriver(SqlObserver(url)).start(_id=other, asked_id=other) == other
    with pytest.raises(StoreError, match="run 'a ' not found"):
        SqlStore(url).get("a ")


def test_ids_that_others_entered_stop_no_start(url: str) -> None:
    """Ids that others entered stop no start, neither one that is a number to some databases, nor
    the largest integer.
    """
    EventDriver(SqlObserver(url)).start(_id="a", asked_id="a")
    entered = [("1 ", None), ("2\t", None), (str(2**63 - 1), 2**63 - 1), ("b ", None)]
    with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
        row = dict(connection.execute(sa.select(runs)).one()._mapping)
        del row["run_key"]
        for run_id, number in entered:
            values = {**row, "run_id": run_id, "run_number": number}
            connection.execute(runs.insert().values(values))
    numbers = [EventDriver(SqlObserver(url)).start() for _ in range(3)]
    assert len(set(numbers)) == 3 and set(numbers) < set(range(1, 6))
    store = SqlStore(url)
    assert [store.get(run_id).id for run_id, _ in entered[:2]] == ["1 ", "2\t"]
    assert {run.id for run in store.list()} == {"a", "1 ", "2\t", 2**63 - 1, "b ", *numbers}


def test_an_id_that_the_database_takes_for_another_is_refused(url: str) -> None:
    """An id that the database takes for another is refused, at once: MariaDB compares without
    spaces at the end, and an earlier release took them.
    """
    EventDriver(SqlObserver(url)).start(_id="a", asked_id="a")
    with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
        connection.execute(runs.update().values(run_id="a "))
    if "mysql" in url:
        with pytest.raises(RunIdError, match="run id 'a' already exists"):
            EventDriver(SqlObserver(url)).start(_id="a", asked_id="a")
    else:
        assert EventDriver(SqlObserver(url)).start(_id="a", asked_id="a") == "a"


def test_runs_that_come_and_go_at_once_leave_none_behind(url: str, tmp_path: Path) -> None:
    """Rows that they share are there as long as one of them needs them."""
    file = tmp_path / "shared"
    file.write_text("content")

    def work(number: int) -> None:
        store = SqlStore(url)
        for _ in range(6):
            driver = EventDriver(SqlObserver(url))
            source = [["shared", md5_of(file)]]
            run_id = driver.start(
                ex_info={"name": "a", "base_dir": str(tmp_path), "sources": source}
            )
            driver.artifact("made", str(file))
            driver.resource(str(file))
            driver.complete()
            with store.open_file(run_id, "artifact", "made") as stream:
                assert stream.read() == b"content"
            store.delete(run_id)

    EventDriver(SqlObserver(url)).start()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))  # raises what they do
    SqlStore(url).delete(1)
    assert counts(url) == {"sacred_schema": 1, "deleted_numbers": 1, "run_changes": 1}
