"""Tests of what a notebook shows of several runs and of a store."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sacred_core.exceptions import StoreError
from sacred_core.stores import Found, GuardedStore, RunList, RunQuery, StoredRun, find_runs
from sacred_core.stores.recursive import RecursiveStore
from sacred_core.stores.table_display import store_html
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    """Three runs with different learning rates, of which the last one failed."""
    memory = Memory()
    for number in (1, 2, 3):
        driver = EventDriver(MemoryObserver(memory))
        driver.start(config={"lr": number / 10, "same": 1}, ex_info={"name": "<b>fit</b>"})
        driver.log("loss", [9.0, 1 / number])
        if number < 3:
            driver.complete(result=number)
        else:
            driver.fail()
    return MemoryStore(memory)


def cells(text: str) -> list[list[str]]:
    """Return the cells of the rows of the table in some HTML."""
    rows = re.findall(r"<tr>(.*?)</tr>", text)
    return [[html.unescape(c) for c in re.findall(r"<t[dh]>(.*?)</t[dh]>", row)] for row in rows]


def columns(rows: list[list[str]], *names: str) -> list[list[str]]:
    indexes = [rows[0].index(name) for name in names]
    return [[row[index] for index in indexes] for row in rows[1:]]


def test_runs_are_a_table(store: MemoryStore) -> None:
    """It has status, name, entries that differ, results and last values of metrics."""
    text = find_runs(store)._repr_html_()
    rows = cells(text)
    assert columns(rows, "id", "status", "name", "config.lr", "result") == [
        ["1", "COMPLETED", "<b>fit</b>", "0.1", "1"],
        ["2", "COMPLETED", "<b>fit</b>", "0.2", "2"],
        ["3", "FAILED", "<b>fit</b>", "0.3", ""],
    ]
    assert "config.same" not in rows[0] and "<b>" not in text
    assert text.count("3 runs of MemoryStore(&#x27;the memory&#x27;)") == 1


def test_runs_are_text(store: MemoryStore) -> None:
    """The columns are aligned, below how many there are and where."""
    first, head, *rows = repr(find_runs(store)).splitlines()
    assert first == "3 runs of MemoryStore('the memory')"
    assert [line[head.index("status") :].split()[0] for line in rows] == [
        "COMPLETED", "COMPLETED", "FAILED"
    ]  # fmt: skip
    assert repr(find_runs(store, "id = 1")).startswith("1 run of MemoryStore")
    assert repr(find_runs(store, "id = 9")) == "0 runs of MemoryStore('the memory')"
    assert repr(RunList()) == "0 runs" and cells(RunList()._repr_html_()) == []


def test_metrics_with_summaries_have_columns(store: MemoryStore) -> None:
    """Of others no points are read."""
    runs = find_runs(store)
    for run in runs[1:]:
        run.metrics = None
    known = columns(cells(runs._repr_html_()), "metrics.loss.last") if runs[0].metrics else []
    assert known in ([], [["1"], [""], [""]])


def test_many_runs_are_cut() -> None:
    """The newest have rows."""
    runs = RunList(StoredRun(id=number, status="QUEUED") for number in range(30))
    rows = cells(runs._repr_html_())
    assert rows[1][0] == "10" and rows[-2][0] == "29" and rows[-1] == ["and 10 earlier"]
    assert repr(runs).startswith("30 runs\nid") and repr(runs).endswith("\nand 10 earlier")


def test_many_entries_are_cut() -> None:
    """The first that differ have columns."""
    runs = RunList(
        StoredRun(id=n, status="QUEUED", config={f"e{i}": n for i in range(20)}) for n in (1, 2)
    )
    assert cells(runs._repr_html_())[0] == ["id", "status", *(f"config.e{i}" for i in range(8))]


def test_secrets_are_masked() -> None:
    """Also in a run that was recorded with them, and in columns."""
    runs = RunList(
        StoredRun(
            id=n, status="QUEUED", config={"password": f"hunter{n}"}, result={"token": "x9y8"}
        )
        for n in (1, 2)
    )
    text = runs._repr_html_() + repr(runs)
    assert "hunter" not in text and "x9y8" not in text


class Broken(GuardedStore):
    """A store that cannot be read."""

    def __init__(self, error: Exception) -> None:
        self.display_name = "mongodb://user:hunter2@host"
        self._error = error

    def _find_all(self, query: RunQuery, newest_first: bool) -> Iterator[Found]:
        raise self._error


@pytest.mark.parametrize("error", [StoreError("<i>down</i>"), OSError("<i>down</i>")])
def test_a_store_that_cannot_be_read_shows_why(error: Exception) -> None:
    """No exception leaves what shows it, and no secret."""
    store = Broken(error)
    text = store._repr_html_()
    assert "&lt;i&gt;down&lt;/i&gt;" in text and "hunter2" not in text + repr(store)
    assert repr(store) == "Broken('mongodb://user:***@host')"


def test_a_store_is_its_newest_runs(store: MemoryStore) -> None:
    """With how many there are, as far as that is known."""
    assert "MemoryStore(&#x27;the memory&#x27;): 3 runs<" in store_html(store)
    assert len(cells(store._repr_html_())) == 4


class Long(GuardedStore):
    """A store of 30 runs that does not count them."""

    def _find_all(self, query: RunQuery, newest_first: bool) -> Iterator[Found]:
        assert newest_first
        yield from ((n, StoredRun(id=n, status="QUEUED")) for n in reversed(range(30)))


def test_a_long_store_shows_the_newest() -> None:
    """Older runs are not read."""
    text = Long()._repr_html_()
    assert "Long(): the newest 20<" in text and cells(text)[-1][0] == "29"
    Long.ids = lambda self: [*range(30)]  # type: ignore[attr-defined]
    Long.count = lambda self: 30  # type: ignore[attr-defined]
    assert "Long(): 30 runs, the newest 20<" in Long()._repr_html_()


def test_stores_of_a_folder_have_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the folder, as it was given."""
    monkeypatch.setattr("sacred_core.stores.recursive.find_locations", lambda root: {"a": "x"})
    monkeypatch.setattr("sacred_core.stores.recursive.open_store", lambda location: Long())
    store: Any = RecursiveStore("results")
    assert repr(store) == "RecursiveStore('results')"
    assert "RecursiveStore(&#x27;results&#x27;)" in store._repr_html_()
