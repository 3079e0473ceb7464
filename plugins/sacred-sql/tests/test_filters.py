"""What the database sorts out of runs that are looked for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sacred_sql import SqlObserver, SqlStore
from sacred_sql.filters import clauses

from sacred_core.stores import RunQuery, find_runs
from sacred_core.stores.query import Condition, Field, parse
from sacred_core.testing import EventDriver


@pytest.mark.parametrize(
    ("query", "is_asked"),
    [
        ("status = FAILED", True),
        ("name in [a, b] and config.lr < 1", True),
        ("name = a or config.lr < 1", False),
        ("id = 7", True),
        ("start_time > 2026-01-01", True),
        ("heartbeat missing", False),  # a damaged time is missing
        ("comment = x", True),
        ("config.lr < 1", False),
        ("status != FAILED", False),
        ("id = 7.5", True),  # a string
        ("tags has a", False),
    ],
)
def test_what_is_simple_is_asked(query: str, is_asked: bool) -> None:
    """The rest is left to the core."""
    assert bool(clauses(RunQuery(where=parse(query)))) is is_asked


def test_runs_that_are_not_meant_are_not_sent(url: str) -> None:
    """The database leaves them out."""
    for name in ("a", "b"):
        EventDriver(SqlObserver(url)).start(ex_info={"name": name})
    store = SqlStore(url)
    assert [run.id for run in store.list(RunQuery(where=parse("name = b")))] == [2]


@pytest.mark.parametrize("name", [None, "", " ", "a ", "A", "ä", "\0", "%", "%00"])
def test_names_are_compared_sign_by_sign(url: str, name: Any) -> None:
    """No run is omitted because a database compares its name in another way."""
    for each in ("a", name):
        EventDriver(SqlObserver(url)).start(ex_info={} if each is None else {"name": each})
    found = list(SqlStore(url).list(RunQuery(name=name or "")))
    assert [run.id for run in found] == [2]


def test_times_are_compared_to_the_microsecond(url: str) -> None:
    """Times are compared to the microsecond, at both ends, and far away from now."""
    time = datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)
    for microseconds in range(3):
        EventDriver(SqlObserver(url)).start(start_time=time + timedelta(microseconds=microseconds))
    store = SqlStore(url)
    for query, ids in (
        ('start_time = "2026-01-02 03:04:05.678902"', [2]),
        ('start_time < "2026-01-02 03:04:05.678902"', [1]),
        ('start_time between "2026-01-02 03:04:05.678902" and "2026-01-03"', [2, 3]),
        ("start_time > 0001-01-01 and start_time < 9999-12-31", [1, 2, 3]),
    ):
        assert [run.id for run in find_runs(store, query)] == ids, query


def test_a_question_with_many_values_is_answered(url: str) -> None:
    """More than some databases take in one statement."""
    EventDriver(SqlObserver(url)).start()
    query = Condition(Field("id"), "in", tuple(range(70_000)))
    assert [run.id for run in find_runs(SqlStore(url), query)] == [1]
