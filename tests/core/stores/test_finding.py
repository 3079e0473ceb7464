"""Tests of finding runs: what a store is asked for, and how often."""

import functools
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sacred_core.exceptions import DamagedRecordError
from sacred_core.stores import Found, GuardedStore, RunQuery, StoredRun, find_runs, to_frame
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.query import Condition, Field, parse

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STATUSES = ("COMPLETED", "FAILED", "RUNNING")


class CountingStore(GuardedStore):
    """Five runs of which `read` counts what is read; run n has n points of loss, and config.a."""

    def __init__(self) -> None:
        self.read: Counter[tuple[int, str]] = Counter()
        self.queries: list[RunQuery] = []

    def metrics(self, run_id: Any) -> dict[str, dict[str, Any]]:
        self.read[run_id, "metrics"] += 1
        if run_id == 5:
            raise DamagedRecordError("the metrics are cut off")
        values = [float(n) for n in range(run_id)]
        return {"loss": {"steps": [*range(run_id)], "values": values, "timestamps": values}}

    def _find_all(self, query: RunQuery, newest_first: bool) -> Iterator[Found]:
        self.queries.append(query)
        for number in sorted(range(1, 6), reverse=newest_first):
            values = {
                "status": STATUSES[number % 3],
                "heartbeat": NOW,
                "config": {"a": -number},
                "experiment": {"name": "xy"[number % 2]},
                "info": {"b": number},
            }
            fields = {
                name: functools.partial(self._value, number, name, value)
                for name, value in values.items()
            }
            yield number, self._run(number, fields, query)

    def _value(self, number: int, name: str, value: Any) -> Any:
        self.read[number, name] += 1
        return value


def ids(runs: list[StoredRun] | Iterator[StoredRun]) -> list[Any]:
    return [run.id for run in runs]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (RunQuery(), [1, 2, 3, 4, 5]),
        (RunQuery(limit=2), [4, 5]),
        (RunQuery(limit=0), []),
        (RunQuery(status="FAILED"), [1, 4]),
        (RunQuery(status="FAILED", limit=1), [4]),
        (RunQuery(name="y", status="FAILED"), [1]),
        (RunQuery(where=parse("config.a < -2"), status="COMPLETED"), [3]),
        (RunQuery(where=parse("metrics.loss.last >= 1"), limit=2), [3, 4]),
        (RunQuery(where=parse("status = RUNNING"), now=NOW), [2, 5]),
        (RunQuery(where=parse("status = RUNNING"), now=NOW + timedelta(hours=1)), []),
        (
            RunQuery(where=parse("heartbeat > -1h"), now=NOW + timedelta(minutes=59)),
            [1, 2, 3, 4, 5],
        ),
        (RunQuery(where=parse("heartbeat > -1h"), now=NOW + timedelta(minutes=61)), []),
    ],
)
def test_a_store_lists_the_runs_that_fulfil_the_query(query: RunQuery, expected: list[int]) -> None:
    """All conditions hold at the time of the query, and the limit counts what fulfils them."""
    assert ids(CountingStore().list(query)) == expected


def test_status_and_name_are_conditions() -> None:
    """They are written as the language of queries has them."""
    assert RunQuery(status="DEAD").where == parse("status = DEAD")
    assert RunQuery(name="", where=parse("id = 1")).where == parse('id = 1 and name = ""')
    assert RunQuery().where is None


def test_metrics_of_each_run_are_read_once() -> None:
    """Metrics of each run are read once, however many conditions, orders and columns use them;
    damaged ones are missing.
    """
    store = CountingStore()
    metrics = MetricSummaries(store)
    where = "metrics.loss.count > 1 and metrics.loss.max < 9 or metrics.other.last exists"
    found = find_runs(store, where, "-metrics.loss.last,metrics.loss.min", metrics=metrics)
    assert [(run.id, metrics.of(run)("loss").summary.max) for run in found] == [  # type: ignore[union-attr]
        (4, 3.0), (3, 2.0), (2, 1.0)
    ]  # fmt: skip
    counts = {run: n for (run, name), n in store.read.items() if name == "metrics"}
    assert counts == dict.fromkeys(range(1, 6), 1)


def test_metrics_that_nobody_uses_are_not_read() -> None:
    """Where other conditions decide, they are not read either."""
    store = CountingStore()
    assert ids(find_runs(store, "status = FAILED", "config.a", limit=5)) == [4, 1]
    assert ids(find_runs(store, "status = COMPLETED and metrics.loss.last > 0")) == [3]
    assert {run for run, name in store.read if name == "metrics"} == {3}


def test_attributes_that_nobody_uses_are_not_read() -> None:
    """Those of conditions and of the order are, also where metrics decide."""
    store = CountingStore()
    fields = [Field("id")]
    found = find_runs(store, "config.a < 0 or metrics.loss.last > 5", "name", fields=fields)
    assert ids(found) == [2, 4, 1, 3, 5]
    assert {name for _, name in store.read} == {"status", "config", "experiment"}
    assert all(run.info == {} for run in found)


def test_the_status_needs_all_attributes() -> None:
    """A run is damaged where one of them cannot be read."""
    store = CountingStore()
    find_runs(store, fields=[Field("status")])
    assert {"status", "heartbeat", "config", "experiment", "info"} <= {n for _, n in store.read}


def test_the_store_applies_the_limit_where_it_can() -> None:
    """The store applies the limit where it can, not where runs are sorted, or where metrics decide,
    which it does not read for others.
    """
    store = CountingStore()
    assert ids(find_runs(store, "status = FAILED", limit=1, offset=1)) == [1]
    assert ids(find_runs(store, "metrics.loss.last < 3 and name = x", limit=1)) == [2]
    assert ids(find_runs(store, "config.a < 0", "config.a", limit=1)) == [5]
    assert [query.limit for query in store.queries] == [2, None, None]
    assert store.queries[1].where == Condition(Field("name"), "=", ("x",))


def test_a_limit_and_an_offset_count_from_the_newest() -> None:
    """An offset beyond the oldest run leaves none."""
    store = CountingStore()
    assert ids(find_runs(store, limit=2, offset=1)) == [3, 4]
    assert ids(find_runs(store, limit=2, offset=4)) == [1]
    assert ids(find_runs(store, limit=2, offset=9)) == []
    assert ids(find_runs(store, offset=3)) == [1, 2]


def test_runs_as_a_data_frame() -> None:
    """The frame has a row for each run and a column for each entry of the configuration."""
    pytest.importorskip("pandas")
    frame = to_frame(find_runs(CountingStore(), sort="config.a", limit=3))
    assert list(frame["config.a"]) == [-5, -4, -3]
    assert list(frame["status"]) == ["DEAD", "FAILED", "COMPLETED"]
