"""Tests of which id a new run gets."""

from typing import Any

import pytest

from sacred_core.exceptions import RunIdError
from sacred_core.stores.claims import IdRequest, RunIds, already_started_error, claim_id
from sacred_core.stores.run_ids import LARGEST


class Table(RunIds):
    """The statuses of runs by id; of an id in ``races`` another process is faster."""

    def __init__(self, runs: dict[Any, str], deleted: int = 0, races: int = 0) -> None:
        super().__init__("the table")
        self.runs, self.deleted, self.races = runs, deleted, races
        self.inserted: list[Any] = []

    def insert(self, run_id: int | str, other_id: int | str | None) -> bool:
        if self.races:
            self.races -= 1
            self.runs[run_id] = "RUNNING"
        if run_id in self.runs:
            return False
        self.inserted.append((run_id, other_id))
        return True

    def take_over(self, run_id: int | str, is_start: bool) -> bool:
        if self.runs[run_id] == "STARTING":
            raise already_started_error(run_id)
        return is_start and self.runs[run_id] == "QUEUED"

    def overwrite(self, run_id: int | str) -> bool:
        return run_id in self.runs

    def highest_number(self) -> int:
        return max([*(n for n in self.runs if isinstance(n, int) and n <= LARGEST), self.deleted])


@pytest.mark.parametrize(
    ("runs", "request_", "expected"),
    [
        ({}, {}, (1, None)),
        ({4: "COMPLETED"}, {}, (5, None)),
        ({4: "COMPLETED"}, {"other_id": "a"}, ("a", None)),
        ({4: "COMPLETED"}, {"other_id": "4"}, (5, 4)),
        ({4: "COMPLETED"}, {"other_id": "a/b"}, (5, "a/b")),
        ({4: "COMPLETED"}, {"other_id": "9", "asked_id": 9}, (9, None)),
        ({4: "QUEUED"}, {"other_id": 4}, (5, 4)),
        ({LARGEST: "COMPLETED"}, {}, (LARGEST + 1, None)),
    ],
)
def test_a_run_gets_an_id_that_is_free(
    runs: dict[Any, str], request_: dict[str, Any], expected: Any
) -> None:
    """The one that was asked for or that it has elsewhere, else the next number."""
    table = Table(runs)
    assert claim_id(table, IdRequest(**request_)) == expected[0]
    assert table.inserted == [expected]


def test_numbers_of_deleted_runs_are_not_used_again() -> None:
    """The next number is higher than the highest of a deleted run."""
    assert claim_id(Table({2: "COMPLETED"}, deleted=7), IdRequest()) == 8


def test_a_lost_race_is_followed_by_the_next_number() -> None:
    """A lost race is followed by the next number, also where the other process has not yet made its
    number known.
    """
    table = Table({LARGEST: "COMPLETED"}, races=3)
    assert claim_id(table, IdRequest()) == LARGEST + 4


def test_a_queued_run_is_taken_over_by_a_start() -> None:
    """A queued run is taken over by a start, without a record being inserted; a second queued run
    does not take it over.
    """
    table = Table({4: "QUEUED"})
    assert claim_id(table, IdRequest(other_id=4, asked_id=4)) == 4
    assert table.inserted == []
    with pytest.raises(RunIdError, match="run id '4' already exists in the table: choose another"):
        claim_id(table, IdRequest(other_id=4, asked_id=4, is_start=False))


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("COMPLETED", "run id 'a' already exists in the table: choose another one"),
        ("STARTING", "run 'a' has already been started by another process"),
    ],
)
def test_an_id_that_was_asked_for_and_exists_is_refused(status: str, message: str) -> None:
    """The message has the id and the store."""
    with pytest.raises(RunIdError, match=message):
        claim_id(Table({"a": status}), IdRequest(other_id="a", asked_id="a"))


@pytest.mark.parametrize(
    ("other_id", "message"),
    [
        (5, "Run id 5 already exists in the table; this run is stored there as 6"),
        ("a/b", "Run id 'a/b' is not possible in the table; this run is stored there as 6"),
    ],
)
def test_another_id_than_elsewhere_is_reported(
    other_id: Any, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Another id than elsewhere is reported, with both ids and why."""
    claim_id(Table({5: "COMPLETED"}), IdRequest(other_id=other_id))
    assert caplog.messages == [message]


def test_a_run_is_overwritten_whatever_its_status() -> None:
    """Its id is used and no record inserted; a run that does not exist is an error."""
    table = Table({4: "COMPLETED"})
    assert claim_id(table, IdRequest(other_id="a", overwrite="4")) == 4
    assert table.inserted == []
    with pytest.raises(RunIdError, match="run '9' not found in the table: it cannot be overwr"):
        claim_id(table, IdRequest(overwrite=9))
