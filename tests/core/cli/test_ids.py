"""Tests of ranges of ids: ``sacred runs delete my_runs 20-22``."""

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result

from sacred_core.cli.main import sacred
from sacred_core.cli.runs.ids import get_run, get_runs
from sacred_core.exceptions import OptionError, RunNotFoundError, StoreError
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore


@pytest.fixture
def store(memory: Memory) -> MemoryStore:
    """Runs 1, 2, 4, 10 and one that is called ``1-2-x``."""
    for run_id in (1, 2, 4, 10, "1-2-x"):
        add(memory, run_id)
    return MemoryStore(memory)


def add(memory: Memory, run_id: int | str) -> None:
    driver = EventDriver(MemoryObserver(memory))
    driver.start(_id=run_id)
    driver.complete()


def invoke(*words: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(sacred, ["runs", *words], input=answer)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["1-4"], [1, 2, 4]),
        (["2-2"], [2]),
        (["3-5"], [4]),
        (["0-99999999999999999999999"], [1, 2, 4, 10]),
        (["01-02"], [1, 2]),
        (["4", "1-4", "10"], [4, 1, 2, 10]),
        (["1-2-x"], ["1-2-x"]),
    ],
)
def test_ranges(store: MemoryStore, words: list[str], expected: list[int | str]) -> None:
    """A range is the runs in it that exist, in their order; each run comes once."""
    assert [run.id for run in get_runs(store, words)] == expected


def test_a_run_with_the_id_comes_first(memory: Memory, store: MemoryStore) -> None:
    """If a run has the id ``1-4``, it is this run and no range."""
    add(memory, "1-4")
    assert [run.id for run in get_runs(store, ["1-4"])] == ["1-4"]


@pytest.mark.parametrize(
    ("word", "error", "text"),
    [
        ("4-1", OptionError, "the range 4-1 is empty: write 1-4"),
        ("5-9", StoreError, "no run from 5 to 9 found in the memory"),
        ("3", RunNotFoundError, "run '3' not found in the memory: the newest run is '1-2-x'"),
        ("a-b", RunNotFoundError, "run 'a-b' not found"),
        ("1-", RunNotFoundError, "run '1-' not found"),
        ("1--4", RunNotFoundError, "run '1--4' not found"),
    ],
)
def test_wrong_ranges(store: MemoryStore, word: str, error: type[Exception], text: str) -> None:
    """A reversed or empty range and a missing run are errors, and nothing is deleted."""
    result = invoke("delete", "memory://", "1", word, "--yes")
    assert isinstance(result.exception, error) and text in str(result.exception)
    assert len(list(store.list())) == 5


def test_a_missing_run_of_an_empty_store(memory: Memory) -> None:
    """The message has the store, and that it has no runs."""
    with pytest.raises(
        RunNotFoundError, match=r"^run '1' not found in the memory: it has no runs$"
    ):
        get_run(MemoryStore(memory), "1")


def test_a_range_is_deleted_after_a_confirmation(store: MemoryStore) -> None:
    """The runs are listed; without a confirmation none is deleted."""
    refused = invoke("delete", "memory://", "1-9", answer="n\n")
    assert refused.exit_code == 1 and "Delete 3 runs?" in refused.output
    assert len(list(store.list())) == 5
    done = invoke("delete", "memory://", "1-9", answer="y\n")
    assert done.output.endswith("Deleted run 1.\nDeleted run 2.\nDeleted run 4.\n")
    assert {run.id for run in store.list()} == {10, "1-2-x"}


def test_ranges_get_tags_and_notes(store: MemoryStore) -> None:
    """`tag` and `note` change all runs of a range."""
    assert invoke("tag", "memory://", "1-2", "good").exit_code == 0
    assert invoke("note", "memory://", "2-4", "again").exit_code == 0
    assert [run.id for run in store.list() if run.tags == ["good"]] == [1, 2]
    assert [run.id for run in store.list() if run.notes] == [2, 4]


def test_runs_beside_a_running_one_are_deleted(memory: Memory, store: MemoryStore) -> None:
    """A running run in a range is named, and the others are deleted."""
    driver = EventDriver(MemoryObserver(memory))
    driver.start(_id=3, start_time=datetime.now(UTC))
    result = invoke("delete", "memory://", "1-4", "--yes")
    assert str(result.exception) == "run '3' is still running"
    assert result.output == "Deleted run 1.\nDeleted run 2.\nDeleted run 4.\n"
    assert {run.id for run in store.list()} == {3, 10, "1-2-x"}
