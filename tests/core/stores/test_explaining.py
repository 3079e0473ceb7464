"""Tests of what explains why no runs were found."""

import pytest

from sacred_core.stores.explaining import (
    fields_to_explain,
    find_mistakes,
    require_existing,
    unknown_entries,
    unknown_values,
)
from sacred_core.stores.query import Field, parse, parse_columns
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    """Three runs; the third one failed and has an entry of its own."""
    memory = Memory()
    for number in (1, 2, 3):
        driver = EventDriver(MemoryObserver(memory))
        config = {"lr": 0.1, "optimizer": {"kind": "adam", "beta": 1}, "layers": [64, 10]}
        driver.start(
            config=config | ({"own": 1} if number == 3 else {}),
            ex_info={"name": "train", "base_dir": ".", "sources": []},
            host_info={"hostname": "node7"},
        )
        driver.log("val.accuracy", [0.5])
        driver.log("loss", [0.5])
        driver.fail() if number == 3 else driver.complete()
    return MemoryStore(memory)


@pytest.mark.parametrize(
    ("field", "end"),
    [
        ("config.rl", ": did you mean config.lr?"),
        ("config.kind", ": did you mean config.optimizer.kind?"),
        ("config.optimiser.kind", ": did you mean config.optimizer.kind?"),
        ("config.optimizer.kid", ": did you mean config.optimizer.kind?"),
        ("host.hostnme", ": did you mean host.hostname?"),
        ("config.hostname", ": did you mean host.hostname?"),
        ("metrics.los.min", ": did you mean metrics.loss.min?"),
        ("metrics.val.acuracy.max", ': did you mean metrics."val.accuracy".max?'),
        ("config.loss", ": did you mean metrics.loss.last?"),
        ("metrics.lr.max", ": did you mean config.lr?"),
        ("info.x", ""),
        (
            "config.zzz",
            " (there are config.lr, config.optimizer.kind, config.optimizer.beta, "
            "config.layers, config.own)",
        ),
    ],
)
def test_entries_that_no_run_has(store: MemoryStore, field: str, end: str) -> None:
    """The sentence has a similar entry, of any kind, or those that exist."""
    (column,) = parse_columns(field)
    assert unknown_entries(store, [column.field]) == [f"no run has {column.field}{end}"]


@pytest.mark.parametrize(
    "field",
    [
        "config.lr",
        "config.own",
        "config.optimizer",
        "config.layers[1]",
        "metrics.loss.max",
        "result",
    ],
)
def test_entries_that_a_run_has(store: MemoryStore, field: str) -> None:
    """Entries of some runs, dictionaries, items of lists, and other fields are known."""
    assert unknown_entries(store, [column.field for column in parse_columns(field)]) == []


def test_each_entry_comes_once(store: MemoryStore) -> None:
    """A field that is named twice has one sentence; the order stays."""
    fields = [Field("config", ("b",)), Field("config", ("a",)), Field("config", ("b",))]
    first, second = unknown_entries(store, fields)
    assert first.startswith("no run has config.b") and second.startswith("no run has config.a")


def test_nothing_is_unknown_without_runs() -> None:
    """A store without runs has no entries with which to compare."""
    store = MemoryStore(Memory())
    assert unknown_entries(store, [Field("config", ("a",))]) == []
    assert unknown_values(store, parse("status = DONE and name = x")) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (
            "status = DONE",
            ["no run has the status 'DONE': did you mean COMPLETED? (there are COMPLETED, FAILED)"],
        ),
        (
            "status = failed",
            ["no run has the status 'failed': did you mean FAILED? (there are COMPLETED, FAILED)"],
        ),
        (
            "status = Error",
            ["no run has the status 'Error': did you mean FAILED? (there are COMPLETED, FAILED)"],
        ),
        (
            "status = RUNING",
            ["no run has the status 'RUNING': did you mean RUNNING? (there are COMPLETED, FAILED)"],
        ),
        ("status = RUNNING", ["no run has the status 'RUNNING' (there are COMPLETED, FAILED)"]),
        ("status = zzz", ["no run has the status 'zzz' (there are COMPLETED, FAILED)"]),
        ("name = trian", ["no run has the name 'trian': did you mean train? (there are train)"]),
        ("not (name = zzz or id = 1)", ["no run has the name 'zzz' (there are train)"]),
        ("status = FAILED and name = train", []),
        ("status != DONE", []),
        ("command = zzz", []),
    ],
)
def test_values_that_no_run_has(store: MemoryStore, query: str, found: list[str]) -> None:
    """A status or a name that no run has is named with those that exist."""
    assert unknown_values(store, parse(query)) == found


def test_a_condition_on_what_is_missing_needs_no_explanation() -> None:
    """`missing` is true for a run without the entry."""
    query = parse("config.a missing and (config.b exists or not config.c = 1)")
    assert fields_to_explain(query) == [Field("config", ("b",)), Field("config", ("c",))]


def test_a_store_may_not_know_whether_it_exists(store: MemoryStore) -> None:
    """A store without the method, and one with the default, exist."""
    require_existing(store)
    require_existing(object())  # type: ignore[arg-type]


def test_mistakes_are_looked_for_in_what_was_found(store: MemoryStore) -> None:
    """An entry that a found run has is no mistake, nor one that only another run has."""
    runs = list(store.list())
    query = parse("config.lr > 0 or config.lrr = 1")
    fields = [Field("config", ("own",)), Field("config", ("kind",)), Field("status")]
    assert find_mistakes(store, runs[:1], fields, query) == [
        "no run has config.lrr: did you mean config.lr?",
        "no run has config.kind: did you mean config.optimizer.kind?",
    ]
    assert find_mistakes(store, [], [], parse("status = DONE"))[0].startswith("no run has the stat")
    assert find_mistakes(store, runs, [], parse("not status = DONE")) == []
