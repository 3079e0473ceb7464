"""What a list of runs cannot show is named, in one line for each kind."""

import logging
from typing import Any

import pytest

from sacred_core.exceptions import DamagedRecordError, NotARunError
from sacred_core.stores import SkippedRuns, check_record


@pytest.mark.parametrize("record", [None, [1, 2], "text", 3, {}, {"hello": 1}, {"status": 5}])
def test_what_has_no_status_is_no_run(record: Any) -> None:
    """It is data of another program."""
    with pytest.raises(NotARunError, match="here is not the record of a run: it has no status"):
        check_record(record, "here")


@pytest.mark.parametrize(
    ("part", "value", "text"),
    [
        ("experiment", "name", "'experiment' is not a dict"),
        ("host", [], "'host' is not a dict"),
        ("meta", [1], "'meta' is not a dict"),
        ("config", 5, "'config' is not a dict"),
        ("info", "x", "'info' is not a dict"),
        ("artifacts", 5, "'artifacts' is not a list"),
        ("resources", {}, "'resources' is not a list"),
        ("resources", [1], "1 is not a resource"),
    ],
)
def test_a_part_of_another_type_is_damage(part: str, value: Any, text: str) -> None:
    """The message names it."""
    with pytest.raises(DamagedRecordError, match=f"here is damaged: {text}"):
        check_record({"status": "COMPLETED", part: value}, "here")


def test_a_record_is_returned() -> None:
    """Parts may be missing or None, as in old records."""
    record = {"status": "RUNNING", "experiment": None, "resources": [["a", "b"], ("c", "d", "e")]}
    assert check_record(record, "here") is record


def test_each_kind_has_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """With the number, some names and the first reason."""
    with SkippedRuns() as skipped:
        for number in range(7):
            skipped.add(number, DamagedRecordError(f"{number} is broken"))
        skipped.add("x", NotARunError("x is no run"))
        assert caplog.messages == []
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert caplog.messages == [
        "Skipping 7 runs that cannot be read (0, 1, 2, 3, 4, …): 0 is broken",
        "Skipping 1 records of other programs (x): x is no run",
    ]


def test_nothing_is_logged_of_sound_runs(caplog: pytest.LogCaptureFixture) -> None:
    """Lists of sound runs are silent."""
    with SkippedRuns():
        pass
    assert caplog.messages == []
