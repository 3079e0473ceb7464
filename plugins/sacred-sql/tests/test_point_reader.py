"""Summaries and ranges of points: which rows are read, and databases of earlier releases."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sacred_sql import SqlObserver, SqlStore
from sacred_sql.schema import ADDED, OF_RUNS, metadata, point_summaries, points, runs

from sacred_core.exceptions import DamagedRecordError
from sacred_core.stores.curves import curve, summaries, summaries_of, tail
from sacred_core.stores.curves import points as read_points
from sacred_core.stores.summaries import encode_summary
from sacred_core.testing import EventDriver
from sacred_core.testing.event_driver import START

RECORDED = Path(__file__).with_name("data") / "runs_0_1_0.sql"


def execute(url: str, *statements: Any) -> None:
    """Execute statements in one transaction."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def record(url: str, count: int = 5_500) -> EventDriver:
    """Record a run with many points in parts of several sizes; its driver has not ended it."""
    driver = EventDriver(SqlObserver(url))
    driver.start()
    for start in range(0, count, 700):
        driver.log("loss", [float((7 * n) % 101) for n in range(start, min(start + 700, count))])
        driver.beat()
    return driver


def spelled(blocks: Any) -> dict[str, list[str]]:
    """Return what the summaries of two readers have to agree in."""
    return {name: [repr(encode_summary(each)) for each in own] for name, own in blocks.items()}


def expected_summaries(driver: EventDriver) -> dict[str, list[str]]:
    """Return the summaries of all points that were logged."""
    return spelled(summaries_of(driver.metrics))


@pytest.mark.parametrize("is_ended", [False, True])
def test_a_curve_reads_no_points(url: str, is_ended: bool) -> None:
    """Where no row of points can be parsed, summaries and curves are the same."""
    driver = record(url)
    if is_ended:
        driver.complete()
    execute(url, points.update().values(steps="x", metric_values="x", timestamps="x"))
    store = SqlStore(url)
    assert spelled(summaries(store, 1)) == expected_summaries(driver)
    assert [each.points for each in curve(store, 1, "loss", width=3)] == [2000, 2000, 1500]
    with pytest.raises(DamagedRecordError):
        store.metrics(1)


def test_a_range_reads_its_rows_only(url: str) -> None:
    """Where no other row can be parsed, a range and the newest points are read."""
    driver = record(url)
    outside = sa.or_(points.c.start < 2000, sa.and_(points.c.start >= 3000, points.c.start < 4900))
    execute(url, points.update().where(outside).values(metric_values="x"))
    store = SqlStore(url)
    found = read_points(store, 1, {"loss": (2100, 2900), "unknown": (0, None)})
    assert list(found) == ["loss"]
    for column, values in driver.metrics["loss"].items():
        assert list(found["loss"][column]) == values[2100:2900]
    new = tail(store, 1, {"loss": 5490})
    assert new["loss"]["values"] == driver.metrics["loss"]["values"][5490:]
    assert tail(store, 1, {"loss": 5500}) == {}


def test_points_without_summaries_are_summarized(url: str) -> None:
    """What an earlier release wrote has no summaries, or those of other points after it replaced
    some: these are computed from the points.
    """
    driver = record(url)
    stale = sa.select(point_summaries).where(point_summaries.c.start == 5000)
    with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
        row = connection.execute(stale).one()
        change = point_summaries.update().where(point_summaries.c.start == 4000)
        connection.execute(change.values(blocks=row.blocks))
    execute(url, point_summaries.delete().where(point_summaries.c.start.in_([1000, 5000])))
    assert spelled(summaries(SqlStore(url), 1)) == expected_summaries(driver)


def test_points_after_lost_ones_are_summarized_as_they_are_read(url: str) -> None:
    """Summaries and ranges follow the indexes of the points that are stored."""
    driver = record(url, 300)
    lost = [float(n) for n in range(900, 2500)]
    driver.metrics["loss"]["values"] += [0.0] * 100
    driver.log("loss", lost)
    store = SqlStore(url)
    stored = store.metrics(1)
    assert stored["loss"]["values"][300:] == lost
    assert spelled(summaries(store, 1)) == spelled(summaries_of(stored))
    found = read_points(store, 1, {"loss": (290, 1500)})
    assert found["loss"]["values"] == stored["loss"]["values"][290:1500]


def test_a_database_of_release_0_1_0_gets_what_it_lacks(tmp_path: Path) -> None:
    """Its curves are read from its points; the first change adds the tables that it lacks."""
    with closing(sqlite3.connect(tmp_path / "runs.db")) as database:
        database.executescript(RECORDED.read_text(encoding="utf-8"))
    url = f"sqlite:///{tmp_path}/runs.db"
    store = SqlStore(url)
    stored = store.metrics(1)
    assert spelled(summaries(store, 1)) == spelled(summaries_of(stored))
    assert [each.points for each in curve(store, 1, "train/acc", width=2)] == [1000, 200]
    names = {table.name for table in ADDED}
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    assert not names & set(sa.inspect(engine).get_table_names())
    observer = store.observer_of(3)
    metric = {"steps": [1], "values": [2.5], "timestamps": [START]}
    observer.log_metrics({"later": metric})
    assert names <= set(sa.inspect(engine).get_table_names())
    assert summaries(SqlStore(url), 3)["later"][0].last == 2.5


def test_an_earlier_release_can_delete_a_run(url: str) -> None:
    """It does not know the tables that were added: a server deletes their rows itself, but for the
    number of the change. SQLite does not, and does not use the key of the run again.
    """
    record(url).complete()
    added = {table.name for table in ADDED} - {"run_changes"}
    known = [table for table in OF_RUNS if table.name not in added]
    execute(url, *(table.delete() for table in known), runs.delete())
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            if table.name in added and not url.startswith("sqlite"):
                assert connection.execute(sa.select(table)).all() == []
    assert SqlStore(url).count() == 0


def test_runs_are_counted_by_the_database(url: str) -> None:
    """The number of runs includes those that cannot be read."""
    for _ in range(3):
        EventDriver(SqlObserver(url)).start()
    execute(url, runs.update().where(runs.c.run_key == 2).values(config="{"))
    assert SqlStore(url).count() == 3
