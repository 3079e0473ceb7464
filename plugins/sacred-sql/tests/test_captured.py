"""How captured functions of runs are stored, which most runs of an experiment have in common."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sacred_sql import SqlObserver

from sacred_core.stores import RunQuery
from sacred_core.stores.query import Field
from sacred_core.testing import EventDriver

CALLS = [["train.py", "main", ["rate"]], [None, "Model.fit", []]]


@pytest.fixture
def observer(url: str) -> Iterator[SqlObserver]:
    """An observer of a database that has recorded two runs with the same functions."""
    observer = SqlObserver(url)
    for _ in range(2):
        record(observer, CALLS)
    yield observer
    observer.join()


def record(observer: SqlObserver, *captured: list[list[Any]] | None) -> None:
    """Record a run with a heartbeat for each argument."""
    driver = EventDriver(observer)
    driver.start()
    for calls in captured:
        driver.beat(captured=calls)
    driver.complete()


def count(observer: SqlObserver, table: str) -> int:
    """Return the number of rows of a table."""
    with observer.engine.connect() as connection:
        return int(connection.execute(sa.text(f"select count(*) from {table}")).scalar_one())


def test_runs_of_the_same_code_share_captured_functions(observer: SqlObserver) -> None:
    """Their content is stored once, and removed with the last run; they share the experiment."""
    tables = ("large_values", "contents", "experiments")
    assert [count(observer, table) for table in tables] == [2, 1, 1]
    store = observer.open_store()
    store.delete(1)
    assert store.get(2).experiment["captured"] == CALLS
    store.delete(2)
    assert [count(observer, table) for table in tables] == [0, 0, 0]


def test_changed_captured_functions_replace_earlier_ones(observer: SqlObserver) -> None:
    """Each change replaces the content; heartbeats without a change leave it."""
    record(observer, CALLS[:1], CALLS[:1], CALLS, None)
    assert observer.open_store().get(3).experiment["captured"] == CALLS
    assert count(observer, "contents") == 1


def test_a_listing_reads_captured_functions_in_two_statements(observer: SqlObserver) -> None:
    """They are read for all runs together, each content once."""
    record(observer, None)
    record(observer, CALLS[1:])
    statements: list[str] = []
    sa.event.listen(
        observer.engine,
        "before_cursor_execute",
        lambda connection, cursor, statement, *others: statements.append(statement),
    )
    store = observer.open_store()
    statements.clear()
    runs = list(store.list(RunQuery(fields=[Field("experiment")])))
    found = [run.experiment.get("captured") for run in runs]
    assert found == [CALLS, CALLS, None, CALLS[1:]]
    assert sum("large_values" in each or "content_parts" in each for each in statements) == 2
