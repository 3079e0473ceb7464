"""Records of other programs are named, in one line."""

import logging
from typing import Any

import pytest

from sacred_core.exceptions import DamagedRecordError, NotARunError
from sacred_core.stores import StoredRun, require_record
from sacred_core.stores.skipping import skip_foreign


@pytest.mark.parametrize("record", [{}, {"hello": 1}, {"status": None}, {"command": "x"}])
def test_an_object_without_status_is_no_run(record: Any) -> None:
    """It is data of another program."""
    with pytest.raises(NotARunError, match="here is not the record of a run: it has no status"):
        require_record(record, "here")


@pytest.mark.parametrize("record", [None, [1, 2], "text", 3])
def test_what_is_not_an_object_is_damaged(record: Any) -> None:
    """A record of any other type is damaged."""
    with pytest.raises(DamagedRecordError, match="here is damaged: it is not an object"):
        require_record(record, "here")


@pytest.mark.parametrize(
    "record", [{"status": "RUNNING"}, {"status": 5}, {"command": "main", "host": {}}]
)
def test_a_record_is_returned(record: Any) -> None:
    """Its parts are checked when they are read; it is a run also where the status is lost."""
    assert require_record(record, "here") is record


def test_foreign_records_have_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """Foreign records have one line, with the number, some names and the first reason, after the
    runs.
    """
    run = StoredRun(id=1, status="COMPLETED")
    found = [*((number, NotARunError(f"{number} is foreign")) for number in range(7)), (8, run)]
    runs = skip_foreign([*found, (9, None)])
    assert next(runs) is run and caplog.messages == []
    assert list(runs) == []
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert caplog.messages == [
        "Skipping 7 records of other programs (0, 1, 2, 3, 4, …): 0 is foreign"
    ]


def test_nothing_is_logged_of_runs(caplog: pytest.LogCaptureFixture) -> None:
    """Lists of runs are silent."""
    assert list(skip_foreign([(1, None)])) == [] and caplog.messages == []
