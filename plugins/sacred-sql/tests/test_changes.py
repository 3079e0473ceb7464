"""Which runs changed: commits in another order, deletions, and databases of earlier releases."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sacred_sql import SqlObserver, SqlStore
from sacred_sql.changes import COMMIT_TIME, has_taken_long, note_change
from sacred_sql.schema import OF_RUNS, run_changes, runs

from sacred_core.exceptions import ChangeTokenError
from sacred_core.stores import Annotation, RunQuery, find_runs
from sacred_core.stores.changes import change_token
from sacred_core.testing import EventDriver
from sacred_core.testing.event_driver import START

RECORDED = Path(__file__).with_name("data") / "runs_0_1_0.sql"


def record(url: str, count: int) -> list[EventDriver]:
    """Start runs, and return their drivers."""
    drivers = [EventDriver(SqlObserver(url)) for _ in range(count)]
    for driver in drivers:
        driver.start()
    return drivers


def changed(url: str, token: str, **attributes: Any) -> list[Any]:
    """Return the ids of the runs that changed since a token was taken."""
    store = SqlStore(url)
    for name, value in attributes.items():
        setattr(store, name, value)
    return [run.id for run in store.list(RunQuery(since=token))]


def test_a_change_that_is_committed_late_is_not_missed(
    new_url: Any, request: pytest.FixtureRequest
) -> None:
    """A transaction that is committed after a token was taken, while others that began later were
    committed before, is listed.
    """
    url = new_url()
    if url.startswith("sqlite"):
        return  # where one transaction writes at a time
    drivers = record(url, 3)
    store = SqlStore(url)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as late:
        note_change(late, 1)
        late.execute(runs.update().where(runs.c.run_key == 1).values(command="late"))
        drivers[1].beat()
        token = change_token(store)
        drivers[2].beat()
        assert 1 not in [
            run.id for run in store.list(RunQuery(where=None)) if run.command != "main"
        ]
        late.commit()
    assert {1, 3} <= set(changed(url, token))
    assert store.get(1).command == "late"


def test_a_change_is_listed_once_more_only_for_a_while(url: str) -> None:
    """What changed long before a token is not listed: on a server without ids of transactions,
    after the time that a transaction may take.
    """
    drivers = record(url, 3)
    longer = COMMIT_TIME + timedelta(seconds=1)
    if "mysql" in url:
        old = run_changes.c.number - longer // timedelta(microseconds=1)
        change = run_changes.update().where(run_changes.c.run_key != 2).values(number=old)
        with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
            connection.execute(change)
    token = change_token(SqlStore(url))
    drivers[1].beat()
    assert changed(url, token) == [2]
    assert [run.id for run in find_runs(SqlStore(url), "status = RUNNING", since=token)] == []


def test_numbers_are_not_reused_after_deletions(url: str) -> None:
    """Where the run that changed last was deleted, what changes then is listed."""
    drivers = record(url, 3)
    drivers[0].complete()
    drivers[2].complete()
    drivers[1].complete()
    store = SqlStore(url)
    token = change_token(store)
    for run_id in (2, 3):
        store.delete(run_id)
    store.annotate(1, Annotation(time=START, user="ann", note="late"))
    assert changed(url, token, commit_time=timedelta(0)) == [1]
    store.delete(1)
    record(url, 1)
    assert changed(url, token, commit_time=timedelta(0)) == [4]
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        assert len(connection.execute(sa.select(run_changes)).all()) == 2


def test_after_an_older_state_all_runs_are_listed(url: str) -> None:
    """A token from after the state of a database, as of a backup that replaced it, or of a clock
    that was set back, lists every run.
    """
    record(url, 2)
    with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
        numbers = connection.execute(sa.select(sa.func.max(run_changes.c.number))).scalar_one()
    store = SqlStore(url)
    position = store.change_position()
    assert position <= int(numbers) + 1
    store.change_position = lambda: position + 10**9  # type: ignore[method-assign]
    token = change_token(store)
    assert changed(url, token) == [1, 2]


def test_listing_changes_reads_no_other_runs(url: str) -> None:
    """The number of statements does not depend on how many other runs there are."""
    drivers = record(url, 2)
    counts = []
    for _ in range(2):
        token = change_token(SqlStore(url))
        drivers[1].beat()
        with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
            other = run_changes.c.run_key != 2
            connection.execute(run_changes.update().where(other).values(number=0))
        store = SqlStore(url)
        keys: list[Any] = []
        engine = store.observer_of(None).engine
        sa.event.listen(engine, "before_cursor_execute", lambda *args, to=keys: to.append(args[3]))
        assert [run.id for run in store.list(RunQuery(since=token))] == [2]
        counts.append(len(keys))
        for driver in record(url, 10):
            driver.complete()
    assert counts[0] == counts[1]


def test_a_database_of_release_0_1_0_compares_records(tmp_path: Path) -> None:
    """Its runs have no numbers until a run is changed; a token from before is refused then."""
    with closing(sqlite3.connect(tmp_path / "runs.db")) as database:
        database.executescript(RECORDED.read_text(encoding="utf-8"))
    url = f"sqlite:///{tmp_path}/runs.db"
    store = SqlStore(url)
    token = change_token(store)
    assert changed(url, token) == [3]  # it did not end
    store.annotate(1, Annotation(time=START, user="ann", note="late"))
    with pytest.raises(ChangeTokenError, match="list all runs"):
        changed(url, token)
    token = change_token(store)
    assert changed(url, token) == [2, 3]  # an earlier release may continue them
    store.annotate("baseline", Annotation(time=START, user="ann", note="late"))
    assert changed(url, token) == ["baseline", 2, 3]


def test_runs_of_an_earlier_release_count_as_changed(url: str) -> None:
    """A run that an earlier release records at the same time has no number: it is listed."""
    drivers = record(url, 2)
    drivers[0].complete()
    with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
        connection.execute(run_changes.delete().where(run_changes.c.run_key == 2))
    store = SqlStore(url)
    store.commit_time = timedelta(0)
    assert changed(url, change_token(store), commit_time=timedelta(0)) == [2]


def test_a_run_that_does_not_exist_has_no_change(url: str) -> None:
    """The note of a change of a missing run is refused, and leaves no row."""
    record(url, 1)
    with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
        assert not note_change(connection, 77)
        assert note_change(connection, 1)
        assert connection.execute(sa.select(run_changes.c.run_key)).scalars().all() == [1]
    assert run_changes not in OF_RUNS


def test_long_transactions_are_noted_again() -> None:
    """A transaction that took more than half of the time that a listing allows for is long."""
    half = COMMIT_TIME.total_seconds() / 2
    assert has_taken_long(half + 0.1) and not has_taken_long(half - 0.1)
