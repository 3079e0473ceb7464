"""Metrics of a run together with those of its writers."""

from collections.abc import Callable
from typing import Any

import pytest

from sacred_core.stores import curves
from sacred_core.stores.writer_views import metric_of_writer, split_metric
from sacred_core.stores.writers import part_meta
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

UID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def store() -> MemoryStore:
    """A store with a run of two ranks, whose id is 1."""
    observer = MemoryObserver(Memory())
    driver = EventDriver(observer)
    run_id = driver.start(meta_info={"uid": UID})
    driver.log("loss", [1.0, 2.0])
    driver.log("loss@rank2", [5.0])
    found: MemoryStore = observer.open_store()
    for name, values in (("rank2", [3.0]), ("rank1", [4.0, 5.0, 6.0])):
        part = EventDriver(found.writer_observer(run_id))
        part.start(meta_info=part_meta(UID, name))
        part.log_together({"loss": values, "acc": values})
    return found


@pytest.mark.parametrize(
    ("name", "writers", "expected"),
    [
        ("loss@rank3", ["rank1", "rank3"], ("loss", "rank3")),
        ("loss@rank3", ["rank1"], None),
        ("loss", ["rank1"], None),
        ("a@b@rank1", ["rank1"], ("a@b", "rank1")),
        ("a@b@c", ["c", "b@c"], ("a", "b@c")),
        ("@rank1", ["rank1"], ("", "rank1")),
        ("lossrank1", ["rank1"], None),
    ],
)
def test_a_name_is_split_at_a_known_writer(name: str, writers: list[str], expected: Any) -> None:
    """Only a writer of the run counts; of several that fit, the one with the longest name."""
    assert split_metric(name, writers) == expected
    if expected is not None:
        assert metric_of_writer(*expected) == name


def test_metrics_of_writers_follow_those_of_the_run(store: MemoryStore) -> None:
    """They are in the order of the ranks; a metric of the run with such a name comes first."""
    found = {name: own["values"] for name, own in store.metrics(1).items()}
    assert found == {
        "loss": [1.0, 2.0], "loss@rank2": [5.0], "loss@rank1": [4.0, 5.0, 6.0],
        "acc@rank1": [4.0, 5.0, 6.0], "acc@rank2": [3.0],
    }  # fmt: skip
    assert [*found] == ["loss", "loss@rank2", "loss@rank1", "acc@rank1", "acc@rank2"]
    assert [*store.metrics(1, raw=True)] == ["loss", "loss@rank2"]


def test_curves_and_tails_read_single_metrics_of_writers(store: MemoryStore) -> None:
    """Indexes are those of the writer."""
    assert [block.max for block in curves.curve(store, 1, "acc@rank1", width=3)] == [4.0, 5.0, 6.0]
    new = curves.tail(store, 1, {"loss@rank1": 2, "loss": 2, "acc@rank1": 3})
    assert {name: own["values"] for name, own in new.items()} == {
        "loss@rank2": [5.0], "loss@rank1": [6.0], "acc@rank2": [3.0],
    }  # fmt: skip


@pytest.mark.parametrize(
    "read",
    [
        lambda store: store.summaries(1, ["loss", "loss@rank2"]),
        lambda store: store.points(1, {"loss": (0, 1)}),
        lambda store: store.metrics(1, raw=True),
    ],
)
def test_parts_are_read_only_for_their_metrics(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch, read: Callable[[MemoryStore], Any]
) -> None:
    """A metric of the run itself is read without its parts."""

    def fail(self: MemoryStore, query: Any = None) -> Any:
        raise AssertionError("the parts are listed")

    monkeypatch.setattr(MemoryStore, "list", fail)
    assert "loss" in read(store)


def test_a_run_without_writers_is_read_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store of its parts is not opened."""

    def fail(self: MemoryStore, run_id: Any) -> Any:
        raise AssertionError("the store of the parts is opened")

    observer = MemoryObserver(Memory())
    driver = EventDriver(observer)
    run_id = driver.start()
    driver.log("loss@rank1", [1.0])
    monkeypatch.setattr(MemoryStore, "writer_store", fail)
    store = observer.open_store()
    assert store.metrics(run_id)["loss@rank1"]["values"] == [1.0]
    assert store.points(run_id, {"loss@rank2": (0, None)}) == {}
    assert store.output(run_id) == ""
