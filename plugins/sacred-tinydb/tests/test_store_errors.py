"""Tests of stores that do not exist, or that cannot be changed."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from sacred_tinydb import TinyDbObserver, TinyDbStore

from sacred_core import open_store
from sacred_core.cli.main import sacred
from sacred_core.exceptions import StoreError
from sacred_core.stores.annotations import new_note
from sacred_core.testing import EventDriver


@pytest.fixture
def run_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run in the folder ``my db?`` of the working directory."""
    monkeypatch.chdir(tmp_path)
    driver = EventDriver(TinyDbObserver("my db?"))
    run_id = driver.start()
    driver.complete()
    return str(run_id)


def test_locations(run_id: str) -> None:
    """The flag, the location that a run shows, and the recognized one open the same store."""
    observer = TinyDbObserver("my db?")
    assert observer.display_location == "tinydb://my%20db%3F"
    assert TinyDbStore.location_of(Path("my db?")) == observer.display_location
    for location in ("-t my db?", observer.display_location, observer.store_location):
        assert [run.id for run in open_store(location).list()] == [run_id]


def test_a_folder_without_a_database_is_an_error(tmp_path: Path) -> None:
    """The message names the file that is missing, and nothing is created."""
    result = CliRunner().invoke(sacred, ["runs", "list", "-t", str(tmp_path)])
    assert isinstance(result.exception, StoreError)
    assert str(result.exception) == f"there is no TinyDB in '{tmp_path}': no file 'metadata.json'"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="changes the user")
def test_what_may_not_be_written_is_one_sentence(run_id: str, tmp_path: Path) -> None:
    """Tags, notes and deletions of another user are refused with a `StoreError`."""
    root = tmp_path / "my db?"
    store = TinyDbStore(root)
    before, note = store.get(run_id), new_note("no")  # what is imported here, others may not read
    for path in [root, *root.parents][:-2]:
        path.chmod(0o755)
    for path in root.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    os.seteuid(65534)
    try:
        for change in (
            lambda: store.annotate(run_id, note),
            lambda: store.delete(run_id),
        ):
            with pytest.raises(StoreError, match=r"^cannot read or write the store: Permission"):
                change()
    finally:
        os.seteuid(0)
    assert store.get(run_id) == before
