"""What is this observer's own."""

import contextlib
import copy
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sacred_sql import SqlObserver, SqlStore, schema
from sacred_sql.address import parse_url
from sacred_sql.database import Database
from sqlalchemy.orm import sessionmaker

from sacred_core import Experiment
from sacred_core.exceptions import ObserverStartError, RunRemovedError, StoreError, UnavailableError
from sacred_core.testing import EventDriver


def test_its_arguments_are_those_of_the_manual() -> None:
    """The priority is 40, and `create` still works."""
    assert SqlObserver("sqlite://").priority == 40
    with pytest.warns(DeprecationWarning, match=r"use SqlObserver\(\.\.\.\)"):
        observer = SqlObserver.create("sqlite://", echo=False, priority=7)
    assert observer.priority == 7


@pytest.mark.parametrize("options", [{}, {"--id": "1"}])
def test_ids_are_integers(options: dict[str, str]) -> None:
    """The run itself has the id that the store lists, also one that was asked for."""
    ex = Experiment("ids", save_git_info=False)
    ex.observers.append(SqlObserver("sqlite://"))
    ex.main(lambda _run: type(_run._id))
    run = ex.run(options=options)
    assert (run._id, run.result) == (1, int)


def test_an_engine_of_the_user_is_used(url: str) -> None:
    """The session is stored and not used; its transaction sees the runs when it begins anew."""
    engine = sa.create_engine(url)
    with sessionmaker(bind=engine)() as session:
        observer = SqlObserver.create_from(engine, session, priority=3)
        assert (observer.engine, observer.session, observer.priority) == (engine, session, 3)
        driver = EventDriver(observer)
        driver.start(config={"a": 1})
        driver.log("loss", [1.0])
        driver.complete()
        query = sa.text("SELECT status FROM runs")
        assert session.execute(query).scalar_one() == "COMPLETED"
        assert SqlStore(engine=engine).get(1).config == {"a": 1}
        session.rollback()
    assert url.rpartition("/")[2] in repr(observer)
    engine.dispose()


def test_the_transactions_of_the_users_connections_stay_as_they_were(tmp_path: Path) -> None:
    """What the observer needs of a connection of SQLite it takes back."""
    engine = sa.create_engine(f"sqlite:///{tmp_path}/runs.db", poolclass=sa.StaticPool)
    driver = EventDriver(SqlObserver.create_from(engine))
    driver.start()
    driver.complete()
    with engine.connect() as connection:
        connection.exec_driver_sql("INSERT INTO sacred_schema VALUES (0)")
        connection.rollback()
        rows = connection.exec_driver_sql("SELECT version FROM sacred_schema").all()
    assert rows == [(1,)]
    engine.dispose()


def test_a_database_in_memory_serves_all_threads() -> None:
    """Those that beat see what the main thread wrote."""
    observer = SqlObserver("sqlite://")
    driver = EventDriver(observer)
    driver.start()
    thread = threading.Thread(target=lambda: driver.log("loss", [1.0]))
    thread.start()
    thread.join()
    driver.complete()
    store = SqlStore(engine=observer.engine)
    assert store.metrics(1)["loss"]["values"] == [1.0]
    observer.engine.dispose()


def test_an_engine_with_a_database_for_each_thread_is_refused() -> None:
    """An engine with a database for each thread is refused, with the arguments that make one for
    all.
    """
    engine = sa.create_engine("sqlite://")
    with pytest.raises(ValueError, match="poolclass=StaticPool"):
        SqlObserver.create_from(engine)


def test_a_copy_serves_another_run(url: str) -> None:
    """The second starts while the run of the first is running."""
    first = SqlObserver(url)
    drivers = [EventDriver(first)]
    drivers[0].start()
    drivers.append(EventDriver(copy.copy(first)))
    drivers[1].start()
    for number, driver in enumerate(drivers):
        driver.print(f"of {number}")
        driver.log("loss", [float(number)])
    for number, driver in enumerate(drivers):
        driver.complete(result=number)
    store = SqlStore(url)
    assert [run.result for run in store.list()] == [0, 1]
    assert [store.output(run_id) for run_id in (1, 2)] == ["of 0", "of 1"]


def test_the_command_line_adds_it(tmp_path: Path) -> None:
    """With `-s`; a wrong URL is one line."""
    path = tmp_path / "script.py"
    body = """
        import os
        from sacred_core import Experiment
        ex = Experiment("ex", save_git_info=False)
        @ex.automain
        def main():
            os.mkdir("elsewhere")
            os.chdir("elsewhere")
            return 3
    """
    path.write_text(textwrap.dedent(body))

    def run(url: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, str(path), "-s", url]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    done = run("sqlite:///runs.db")
    assert done.returncode == 0, done.stderr
    store = SqlStore(f"sqlite:///{tmp_path}/runs.db")
    assert store.get(1).result == 3
    with store.open_file(1, "source", "script.py") as stream:
        assert stream.read() == path.read_bytes()
    wrong = run("runs")
    assert wrong.returncode != 0 and "Traceback" not in wrong.stderr
    assert "'runs' is not the URL of a database, like sqlite:///" in wrong.stderr


def test_a_file_that_cannot_be_made_is_an_error_at_the_start(tmp_path: Path) -> None:
    """A file that cannot be created is an error at the start, with what to check."""
    ex = Experiment("ex", save_git_info=False)
    ex.observers.append(SqlObserver(f"sqlite:///{tmp_path}/missing/runs.db"))
    ex.main(lambda: None)
    with pytest.raises(ObserverStartError, match="does its folder exist"):
        ex.run()


def test_a_store_makes_no_file(tmp_path: Path) -> None:
    """A database that is not there, or holds something else, is an error."""
    store = SqlStore(f"sqlite:///{tmp_path}/runs.db")
    for use in (lambda: list(store.list()), lambda: store.get(1), lambda: store.delete(1)):
        with pytest.raises(StoreError, match=r"no database .*runs\.db"):
            use()
    assert not list(tmp_path.iterdir())
    other = tmp_path / "other.db"
    other.write_text("no database, but a text that is long enough to be looked at" * 99)
    with pytest.raises(StoreError, match="not a database"):
        SqlStore(f"sqlite:///{other}").get(1)


def test_a_file_that_may_only_be_read_can_be_read(tmp_path: Path) -> None:
    """A run that would be recorded there fails at its start."""
    path = tmp_path / "runs.db"
    driver = EventDriver(SqlObserver(f"sqlite:///{path}"))
    driver.start(config={"a": 1})
    driver.complete()
    # Root may write to every file: SQLite is made to refuse.
    url = f"sqlite:///file:{path}?mode=ro&uri=true"
    store = SqlStore(url)
    assert store.get(1).config == {"a": 1}
    for write in (EventDriver(SqlObserver(url)).start, lambda: store.delete(1)):
        with pytest.raises(StoreError, match="readonly database"):
            write()
    assert store.get(1).status == "COMPLETED"


def test_a_locked_file_is_waited_for(tmp_path: Path) -> None:
    """What another process holds for a moment costs a run nothing."""
    path = tmp_path / "runs.db"
    driver = EventDriver(SqlObserver(f"sqlite:///{path}"))
    driver.start()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        timer = threading.Timer(0.3, other.rollback)
        timer.start()
        driver.print("text")
        timer.join()
    driver.complete()
    assert SqlStore(f"sqlite:///{path}").output(1) == "text"


def test_a_file_that_stays_locked_is_an_error(tmp_path: Path, monkeypatch: Any) -> None:
    """The error is temporary, and the event succeeds when it is retried."""
    monkeypatch.setattr("sacred_sql.database.PATIENCE", 0.2)
    path = tmp_path / "runs.db"
    driver = EventDriver(SqlObserver(f"sqlite:///{path}?timeout=0.1"))
    driver.start()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UnavailableError, match="database is locked"):
            driver.print("text")
        other.rollback()
    driver.print("text", offset=0)
    assert SqlStore(f"sqlite:///{path}").output(1) == "text"


def test_a_table_that_is_missing_is_not_temporary(tmp_path: Path) -> None:
    """It does not come back, so that the other events are not held up for it."""
    path = tmp_path / "runs.db"
    driver = EventDriver(SqlObserver(f"sqlite:///{path}"))
    driver.start()
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE output")
    with pytest.raises(StoreError, match="no such table: output") as found:
        driver.print("text")
    assert not isinstance(found.value, UnavailableError)


def test_answers_that_are_lost_double_nothing(url: str, tmp_path: Path, monkeypatch: Any) -> None:
    """An event that was stored, though it seemed to fail, is delivered twice."""
    file = tmp_path / "f"
    file.write_text("x")
    driver = EventDriver(SqlObserver(url))
    driver.start()
    driver.log("loss", [float(n) for n in range(990)])
    write = Database.write
    writes: list[Any] = []

    def stored_but_not_confirmed(self: Database, work: Any) -> Any:
        done = write(self, work)
        writes.append(work)
        if len(writes) in (1, 3):
            raise StoreError("the answer was lost")
        return done

    monkeypatch.setattr(Database, "write", stored_but_not_confirmed)
    big = "x" * 4_100_000
    for send in (
        lambda: driver.print("a\n", offset=0),
        lambda: driver.print("", offset=1),
        lambda: driver.print("b\n", offset=1),
        lambda: driver.beat(info={"a": big}),
        lambda: driver.beat(info={"a": 1}),
        lambda: driver.artifact("made", str(file)),
        lambda: driver.resource(str(file)),
        lambda: driver.code(str(tmp_path), [["f", "0" * 32]], ["a==1"]),
    ):
        writes.clear()
        with pytest.raises(StoreError, match="was lost"):
            send()
        _send_until_confirmed(send)  # a file takes two writes, and each answer is lost once
    for name in ("loss", "new", "loss", "new"):
        for _ in range(10):
            writes.clear()
            with pytest.raises(StoreError, match="was lost"):
                driver.log(name, [1.5, 2.5])
            driver.repeat()
    writes.clear()
    with pytest.raises(StoreError, match="was lost"):
        driver.observer.completed_event(driver.expected.start_time, 3)
    driver.complete(result=3)
    store = SqlStore(url)
    run = store.get(1)
    assert (run.status, run.result, run.info["a"]) == ("COMPLETED", 3, 1)
    assert (run.artifacts, run.resources) == (["made"], [str(file)])
    assert run.experiment["sources"] == [["f", "0" * 32]]
    assert store.output(1) == driver.output == "ab\n"
    found = store.metrics(1)
    assert found["new"]["values"] == [1.5, 2.5] * 20
    assert found["loss"]["values"] == [float(n) for n in range(990)] + [1.5, 2.5] * 20


def _send_until_confirmed(send: Callable[[], None]) -> None:
    while True:
        with contextlib.suppress(StoreError):
            send()
            return


def test_an_idle_heartbeat_sends_next_to_nothing(url: str) -> None:
    """An idle heartbeat sends next to nothing, whatever was logged before: a statement with the
    time, and one that notes the change.
    """
    observer = SqlObserver(url)
    driver = EventDriver(observer)
    driver.start()
    info = {"large": list(range(50_000))}
    driver.log("loss", [float(n) for n in range(5_000)])
    driver.beat(info=info)
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, values: Any, *others: Any) -> None:
        sent.append(f"{statement} {values}")

    sa.event.listen(observer.engine, "before_cursor_execute", note)
    driver.beat(info=info)
    changes = [each for each in sent if not each.startswith("BEGIN")]
    assert len(changes) == 2 and "heartbeat" in changes[0] and len("".join(changes)) < 800


def test_a_run_that_was_deleted_is_reported(url: str) -> None:
    """Writing to it further is an error, and nothing remains."""
    driver = EventDriver(SqlObserver(url))
    driver.start()
    SqlStore(url).delete(1)  # its start is long ago
    for send in (
        driver.beat,
        lambda: driver.print("x"),
        lambda: driver.log("a", [1.0]),
        driver.complete,
    ):
        with pytest.raises(RunRemovedError, match="run '1' was deleted from"):
            send()
    assert list(SqlStore(url).list()) == []


@pytest.mark.parametrize("table", ["output", "metrics", "points", "artifacts", "resources", "runs"])
def test_a_table_that_is_dropped_during_a_run_is_reported(
    url: str, tmp_path: Path, table: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The warnings name it; everything that needs another table is stored, the end included."""
    ex = Experiment("dropped", save_git_info=False)
    ex.observers.append(SqlObserver(url))
    engine = sa.create_engine(parse_url(url))

    @ex.main
    def main(_run: Any) -> int:
        drop(engine, table)
        (tmp_path / "file").write_text("content")
        print("printed")
        _run.log_scalar("loss", 0.5)
        _run.add_artifact(tmp_path / "file")
        _run.open_resource(tmp_path / "file").close()
        return 3

    assert ex.run().result == 3
    warnings = [each for each in caplog.messages if "SqlObserver did not record" in each]
    assert len(warnings) == 1 and table in warnings[0], caplog.messages
    if table != "runs":
        with engine.connect() as connection:
            status = connection.execute(sa.select(schema.runs.c.status)).scalar_one()
        assert status == "COMPLETED"
    engine.dispose()


def drop(engine: sa.Engine, table: str) -> None:
    """Drop a table as an administrator does, whatever refers to it."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"DROP TABLE {table} CASCADE")
            return
        if engine.dialect.name != "sqlite":
            connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
        connection.exec_driver_sql(f"DROP TABLE {table}")


def test_numbers_of_deleted_runs_are_not_reused_in_older_databases(url: str) -> None:
    """The table with the highest one is added by the first deletion."""
    for _ in range(3):
        EventDriver(SqlObserver(url)).start()
    engine = sa.create_engine(parse_url(url))
    drop(engine, "deleted_numbers")
    store = SqlStore(url)
    assert EventDriver(SqlObserver(url)).start() == 4
    for number in (4, 2):
        store.delete(number)
    assert EventDriver(SqlObserver(url)).start() == 5
    engine.dispose()


def test_a_source_that_is_gone_is_recorded_without_its_content(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its name and digest are known; the run starts."""
    driver = EventDriver(SqlObserver(url))
    sources = [["gone.py", "0" * 32]]
    driver.start(ex_info={"name": "ex", "base_dir": str(tmp_path), "sources": sources})
    store = SqlStore(url)
    assert store.get(1).experiment["sources"] == sources
    assert "gone.py is recorded without its content" in caplog.text
    with pytest.raises(StoreError, match=r"has no source 'gone\.py'"):
        store.open_file(1, "source", "gone.py")


def test_a_file_that_is_gone_raises_and_disturbs_nothing(url: str, tmp_path: Path) -> None:
    """What follows is recorded."""
    driver = EventDriver(SqlObserver(url))
    driver.start()
    with pytest.raises(FileNotFoundError):
        driver.artifact("gone", str(tmp_path / "gone"))
    driver.complete(result=1)
    assert (SqlStore(url).get(1).result, SqlStore(url).get(1).artifacts) == (1, [])


def test_large_files_are_read_in_parts(url: str, tmp_path: Path) -> None:
    """Large files are read in parts, and any place in them can be sought."""
    data = bytes(range(256)) * 10_000
    file = tmp_path / "large.bin"
    file.write_bytes(data)
    driver = EventDriver(SqlObserver(url))
    driver.start()
    driver.artifact("large", str(file))
    with SqlStore(url).open_file(1, "artifact", "large") as stream:
        assert stream.seek(-10, 2) == len(data) - 10 and stream.read() == data[-10:]
        assert stream.seek(2**20 - 5) and stream.read(10) == data[2**20 - 5 : 2**20 + 5]
        stream.seek(0)
        assert stream.read() == data


def test_a_list_is_read_page_by_page(url: str, monkeypatch: Any) -> None:
    """Runs can be deleted while they are listed."""
    monkeypatch.setattr("sacred_sql.store.PAGE_SIZE", 2)
    for number in range(5):
        driver = EventDriver(SqlObserver(url))
        driver.start(config={"n": number})
        driver.complete()
    store = SqlStore(url)
    seen = []
    for run in store.list():
        seen.append(run.config["n"])
        store.delete(run.id)
    assert seen == list(range(5)) and list(store.list()) == []
