"""Tests of what functions that read runs accept: a location, a store or runs."""

import copy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sacred_core
from sacred_core.exceptions import QueryError, StoreError
from sacred_core.stores import RunList, RunSource, StoredRun, find_runs, metrics_frame, to_frame
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

Make = Callable[[MemoryStore], RunSource]
SOURCES: dict[str, Make] = {
    "location": lambda store: "memory://",
    "path": lambda store: Path("my_runs"),
    "store": lambda store: store,
    "result": find_runs,
    "slice": lambda store: find_runs(store)[:],
}
sources = pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """Three runs at every location; run n has the learning rate n/10 and ends with the loss 1/n."""
    memory = Memory()
    for number in (1, 2, 3):
        driver = EventDriver(MemoryObserver(memory))
        driver.start(config={"lr": number / 10})
        driver.log("loss", [9.0, 1 / number])
        driver.complete(result=number)
    store = MemoryStore(memory)
    monkeypatch.setattr("sacred_core.stores.opening.open_store", lambda location: store)
    return store


def ids(runs: list[StoredRun]) -> list[Any]:
    return [run.id for run in runs]


@sources
def test_runs_are_found_in_each_kind_of_source(make: Make, store: MemoryStore) -> None:
    """Conditions, also those on metrics, order and limit are the same for each of them."""
    runs = make(store)
    assert ids(find_runs(runs)) == [1, 2, 3]
    assert ids(find_runs(runs, where="config.lr > 0.1")) == [2, 3]
    assert ids(find_runs(runs, "metrics.loss.last < 0.9", limit=1)) == [3]
    assert ids(find_runs(runs, limit=2)) == [2, 3]
    assert ids(find_runs(runs, sort="-config.lr", limit=2)) == [3, 2]
    assert ids(find_runs(runs, sort="metrics.loss.last", limit=1)) == [3]


@sources
def test_a_frame_of_each_kind_of_source(make: Make, store: MemoryStore) -> None:
    """Rows are selected and sorted, and the statistics of metrics are columns if asked for."""
    pytest.importorskip("pandas")
    frame = to_frame(make(store), "config.lr > 0.1", metrics=True, sort="-config.lr")
    assert list(frame["id"]) == [3, 2]
    assert list(frame["metrics.loss.min"]) == [1 / 3, 1 / 2]
    assert list(frame["metrics.loss.count"]) == [2, 2]
    plain = to_frame(make(store), where="config.lr > 0.1", limit=1)
    assert list(plain["id"]) == [3]
    assert not [name for name in plain.columns if name.startswith("metrics.")]


@sources
def test_the_columns_of_a_frame_can_be_chosen(make: Make, store: MemoryStore) -> None:
    """They are fields of the query language, also of metrics; what no run has is missing."""
    pd = pytest.importorskip("pandas")
    with pytest.warns(UserWarning, match=r"no run has config\.none"):
        frame = to_frame(make(store), columns="id, config.none")
    assert frame["config.none"].isna().all()
    text = "id, config.lr, metrics.loss.last"
    frame = to_frame(make(store), columns=text)
    assert list(frame.columns) == text.split(", ")
    assert list(frame["metrics.loss.last"]) == [1.0, 1 / 2, 1 / 3]
    pd.testing.assert_frame_equal(frame, to_frame(make(store), columns=text.split(", ")))
    assert list(to_frame([], columns=["id", "result"]).columns) == ["id", "result"]
    with pytest.raises(QueryError, match="speed"):
        to_frame(make(store), columns="id, speed")


@sources
def test_points_of_each_kind_of_source(make: Make, store: MemoryStore) -> None:
    """Without ids the points of all runs that a query selects are rows."""
    pytest.importorskip("pandas")
    assert list(metrics_frame(make(store))["id"]) == [1, 1, 2, 2, 3, 3]
    chosen = metrics_frame(make(store), names=["loss"], where="config.lr > 0.2")
    assert list(chosen["value"]) == [9.0, 1 / 3]
    assert list(metrics_frame(make(store), [2])["id"]) == [2, 2]


def test_the_result_is_a_list_that_has_its_store(store: MemoryStore) -> None:
    """A slice has it too; an element is a run."""
    found = find_runs("my_runs")
    assert isinstance(found, RunList) and found == [*store.list()]
    assert found.store is store and found[1:].store is store
    assert find_runs(found, "id > 1").store is store
    assert ids(found[1:]) == [2, 3] and found[0].id == 1


def test_runs_of_an_unknown_store_have_no_points(store: MemoryStore) -> None:
    """They are selected by what they have; their points cannot be read."""
    runs = [*map(copy.copy, find_runs(store))]
    for run in runs:
        run.metrics = None
    assert ids(find_runs(iter(runs), "config.lr > 0.1", "-id")) == [3, 2]
    assert find_runs(runs).store is None
    with pytest.raises(StoreError, match=r"metrics of run '1' .* pass a location, a store"):
        find_runs(runs, "metrics.loss.last > 0")


@pytest.mark.parametrize(
    ("source", "kind"),
    [(5, "int"), ([5], "int"), (None, "NoneType"), (StoredRun(id=1, status=""), "StoredRun")],
)
def test_something_else_is_an_error(source: Any, kind: str) -> None:
    """The error has the type of what was passed, and what is expected."""
    with pytest.raises(StoreError, match=f"type '{kind}': expected a location, a store or runs"):
        find_runs(source)


@pytest.mark.parametrize("function", [to_frame, metrics_frame])
def test_without_pandas_the_error_has_the_command_that_installs_it(
    function: Callable[[Any], Any], store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an ImportError."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        ImportError, match=rf"{function.__name__} needs pandas .*pip install pandas"
    ):
        function(store)


def test_the_functions_are_names_of_the_package() -> None:
    """Scripts import them from there."""
    assert sacred_core.find_runs is find_runs and sacred_core.to_frame is to_frame


def test_listed_runs_are_read_from_their_store(store: MemoryStore) -> None:
    """A plain list of runs of one store has metrics; runs of two stores have none."""
    runs = [*store.list()]
    for run in runs:
        run.metrics = None
    assert ids(find_runs(runs, "metrics.loss.last < 0.9")) == [2, 3]
    assert find_runs(runs).store is store
    other = MemoryStore(store.memory).get(3)
    other.metrics = None
    with pytest.raises(StoreError, match="have to be read from its store"):
        find_runs([*runs[:2], other], "metrics.loss.last < 0.9")
