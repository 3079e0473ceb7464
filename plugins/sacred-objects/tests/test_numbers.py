"""The numbers of runs, which are found without a listing of all folders."""

import json
from typing import Any

import pytest
from sacred_objects import ObjectObserver, ObjectStore, bucket_layout

from sacred_core.exceptions import StoreError
from sacred_core.testing import EventDriver


def start(bucket: Any, asked_id: Any = None) -> Any:
    """Start a run and return its id."""
    driver = EventDriver(ObjectObserver(lambda: bucket, bucket.url, "runs"))
    return driver.start(_id=asked_id, asked_id=asked_id)


def store_foreign(bucket: Any, number: int) -> None:
    """Store a run as Sacred does."""
    bucket.put(f"runs/{number}/config.json", b"{}")
    bucket.put(f"runs/{number}/run.json", json.dumps({"status": "COMPLETED"}).encode())


def test_a_start_lists_no_folders(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of the last run is in the name of an object."""
    assert start(bucket) == 1
    monkeypatch.setattr(bucket, "folders", None)
    assert [start(bucket) for _ in range(3)] == [2, 3, 4]


def test_the_first_start_regards_runs_of_earlier_releases(bucket: Any) -> None:
    """There all folders are listed."""
    store_foreign(bucket, 7)
    assert [start(bucket), start(bucket)] == [8, 9]


def test_other_programs_add_runs_meanwhile(bucket: Any) -> None:
    """Where a run has the next number, all folders are listed."""
    assert start(bucket) == 1
    for number in (2, 3, 50):
        store_foreign(bucket, number)
    assert [start(bucket), start(bucket)] == [51, 52]


def test_an_id_that_is_requested_counts(bucket: Any) -> None:
    """Later runs have higher numbers; a lower one changes nothing."""
    assert [start(bucket), start(bucket, 40), start(bucket)] == [1, 40, 41]
    assert [start(bucket, 20), start(bucket)] == [20, 42]


def test_the_first_id_that_is_requested_hides_no_run_of_earlier_releases(bucket: Any) -> None:
    """It is noted only if there is no higher number."""
    store_foreign(bucket, 7)
    assert [start(bucket, 3), start(bucket)] == [3, 8]


def test_a_process_that_is_killed_before_it_notes_its_number(bucket: Any) -> None:
    """The next run has the next number."""
    assert start(bucket) == 1
    bucket.refused = {"started-"}
    with pytest.raises(StoreError):
        start(bucket)
    bucket.refused = set()
    assert [start(bucket), start(bucket)] == [3, 4]


def test_few_numbers_are_noted(bucket: Any) -> None:
    """A run removes those that are lower than its own, if they are many."""
    assert [start(bucket) for _ in range(100)] == [*range(1, 101)]
    noted = [key for key in bucket.objects if "started-" in key]
    assert len(noted) <= 33
    assert "runs/_ids/started-100" in noted


def test_the_number_of_a_deleted_run_of_an_earlier_release(bucket: Any) -> None:
    """It is noted, as that of any other run."""
    store_foreign(bucket, 1)
    ObjectStore(bucket_layout(bucket, "runs")).delete(1)
    assert start(bucket) == 2


def test_numbers_of_deleted_runs_are_not_used_again(bucket: Any) -> None:
    """Neither is that of a run that another program deleted."""
    driver = EventDriver(ObjectObserver(lambda: bucket, bucket.url, "runs"))
    run_id = driver.start()
    driver.complete()
    ObjectStore(bucket_layout(bucket, "runs")).delete(run_id)
    assert start(bucket) == 2
    bucket.delete([key for key in bucket.objects if key.startswith("runs/2/")])
    assert start(bucket) == 3
