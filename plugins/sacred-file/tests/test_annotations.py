"""Tests of annotations where an observer leaves them to the store at its location."""

from pathlib import Path
from typing import Any

import pytest
from sacred_file import FileStorageObserver, FileStore

from sacred_core.exceptions import RunRemovedError, StoreError
from sacred_core.observers import RunObserver
from sacred_core.observers.documents import DocumentObserver
from sacred_core.testing.event_driver import EventDriver


class OlderObserver(FileStorageObserver):
    """Like one of a plugin that has no method for annotations."""

    append_annotation = DocumentObserver.append_annotation


def test_an_observer_without_a_method_for_annotations_stores_them(tmp_path: Path) -> None:
    """The store of its location does."""
    driver = EventDriver(OlderObserver(tmp_path / "runs"))
    run_id = driver.start()
    driver.annotate("a note", ["good"])
    driver.complete()
    run = FileStore(tmp_path / "runs").get(run_id)
    assert (run.tags, [note["text"] for note in run.notes]) == (["good"], ["a note"])


def test_annotations_of_a_deleted_run_are_refused(tmp_path: Path) -> None:
    """Also if another run has its id."""
    late = EventDriver(OlderObserver(tmp_path / "runs"))
    run_id = late.start(config={"run": 1})
    store = FileStore(tmp_path / "runs")
    store.delete(run_id)
    with pytest.raises(StoreError, match="not found"):
        late.annotate("a note")
    EventDriver(OlderObserver(tmp_path / "runs")).start(
        _id=run_id, asked_id=run_id, config={"run": 2}
    )
    with pytest.raises(RunRemovedError):
        late.annotate("a note")
    assert store.get(run_id).notes == []


def test_an_observer_without_a_store_has_to_implement_it(tmp_path: Path) -> None:
    """The error names what an observer with a store has."""

    class Nowhere(OlderObserver):
        store_location: Any = None
        open_store = RunObserver.open_store

    driver = EventDriver(Nowhere(tmp_path / "runs"))
    driver.start()
    with pytest.raises(StoreError, match="no store_location and no open_store"):
        driver.annotate("a note")
