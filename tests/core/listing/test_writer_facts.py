"""Writers of runs as lines and rows, and what the commands print of them."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from sacred_core.cli.main import sacred
from sacred_core.exceptions import OptionError
from sacred_core.listing.cells import Form
from sacred_core.listing.writer_facts import (
    own_metrics,
    rows_by_writer,
    writer_lines,
    writer_table,
)
from sacred_core.stores.writers import part_meta
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

UID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def location() -> str:
    """The location of the store, for commands."""
    return "here"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """A store with a run of two ranks, and a run without writers."""
    memory = Memory()
    monkeypatch.setattr(
        "sacred_core.cli.runs.options.open_store", lambda location: MemoryStore(memory)
    )
    observer = MemoryObserver(memory)
    driver = EventDriver(observer)
    driver.start(meta_info={"uid": UID})
    driver.log("loss", [1.0])
    found: MemoryStore = observer.open_store()
    for name in ("rank2", "rank1"):
        part = EventDriver(found.writer_observer(1))
        part.start(meta_info=part_meta(UID, name))
        part.log("loss", [float(name[-1]), 0.5])
        part.beat()
        (part.fail if name == "rank2" else part.beat)()
    driver.complete()
    EventDriver(observer).start()
    return found


def run_sacred(*words: str) -> str:
    """Return what a command of ``sacred runs`` prints."""
    result = CliRunner().invoke(sacred, ["runs", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_line_has_status_start_and_duration_or_last_heartbeat(store: MemoryStore) -> None:
    """The duration of an ended writer, the last heartbeat of another one."""
    first, second = writer_lines(store.writers(1))
    assert first.startswith("rank1: DEAD, started 2026-01-02 03:04:05 UTC (")
    assert first.endswith(" ago") and ", last heartbeat " in first
    assert second.startswith("rank2: FAILED, started ") and second.endswith(", took 1.0s")


def test_metrics_of_writers_are_told_apart() -> None:
    """A metric with the sign in its name that no writer has is one of the run."""
    metrics = {"loss": 1, "loss@rank1": 2, "loss@x": 3}
    assert own_metrics(metrics, ["rank1", "rank2"]) == {"loss": 1, "loss@x": 3}


def test_a_table_has_a_row_for_each_writer(store: MemoryStore) -> None:
    """The process of the run is the first; a missing metric is empty."""
    columns = writer_table(store, store.get(1), Form.SHORT)
    assert {column.heading: column.cells for column in columns} == {
        "WRITER": ["main", "rank1", "rank2"],
        "STATUS": ["COMPLETED", "DEAD", "FAILED"],
        "DURATION": ["0.0s", "", "1.0s"],
        "loss": ["1", "0.5", "0.5"],
    }


def test_rows_of_writers_follow_their_run(store: MemoryStore) -> None:
    """Their ids have the name of the writer, their metrics are those of the writer."""
    rows = rows_by_writer(store, list(store.list()))
    assert [row.id for row in rows] == [1, "1@rank1", "1@rank2", 2]
    assert [(row.metrics or {})["loss"].max for row in rows[:3]] == [1.0, 1.0, 2.0]


def test_the_page_of_a_run_lists_writers(store: MemoryStore, location: str) -> None:
    """Metrics on the page are those of the run; --by rank shows all writers."""
    printed = run_sacred("show", location, "1")
    assert "Writers:\n  rank1: DEAD" in printed and "loss@" not in printed
    assert "Writers:" not in run_sacred("show", location, "2")
    lines = run_sacred("show", location, "1", "--by", "rank").splitlines()
    assert [line.split()[0] for line in lines] == ["WRITER", "main", "rank1", "rank2"]


def test_data_of_a_run_has_its_parts(store: MemoryStore, location: str) -> None:
    """Points are those of all writers; the record of each is by its name."""
    data: dict[str, Any] = json.loads(run_sacred("show", location, "1", "--json"))
    assert [*data["parts"]] == ["rank1", "rank2"] and data["writers"] == ["rank2", "rank1"]
    assert data["parts"]["rank2"]["status"] == "FAILED"
    assert data["metrics"]["loss@rank2"]["values"] == [2.0, 0.5]
    assert json.loads(run_sacred("show", location, "2", "--json"))["parts"] == {}


def test_a_list_has_rows_and_columns_of_writers(store: MemoryStore, location: str) -> None:
    """--by rank lists writers; a column may be a metric of a writer."""
    printed = run_sacred("list", location, "--by", "rank", "--csv", "-c", "id,metrics.loss.last")
    assert printed.splitlines()[1:] == ["1,1.0", "1@rank1,0.5", "1@rank2,0.5", "2,"]
    by_default = run_sacred("list", location, "--by", "rank").splitlines()
    assert [line.split()[0] for line in by_default[1:]] == ["1", "1@rank1", "1@rank2", "2"]
    column = run_sacred("list", location, "-c", "id,metrics.loss@rank2.max", "--csv")
    assert column.splitlines()[1:] == ["1,2.0", "2,"]
    words = ["runs", "list", location, "--by", "rank", "--tree"]
    with pytest.raises(OptionError, match="--by rank shows writers of runs"):
        CliRunner().invoke(sacred, words, catch_exceptions=False)
