"""Tests of the runs that changed since a listing, by the times of files."""

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sacred_file import FileStorageObserver, FileStore
from sacred_file.changes import last_change
from sacred_file.run_folder import RunFolder

from sacred_core.stores import RunQuery, find_runs
from sacred_core.stores.changes import CLOCK_TOLERANCE, change_token, missing_ids
from sacred_core.stores.folder_format import ANNOTATIONS, CONFIG, INFO, METRICS, OUTPUT, RUN
from sacred_core.testing.event_driver import record_completed_run


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    """Three runs that ended before anything that follows."""
    for _ in range(3):
        record_completed_run(FileStorageObserver(tmp_path / "runs"))
    store = FileStore(tmp_path / "runs")
    store.clock_tolerance = timedelta(0)
    let_the_clock_advance(tmp_path, store)
    return store


def let_the_clock_advance(folder: Path, store: FileStore) -> None:
    """Return when the file system has another time than that of any run, and run 4 has it."""
    last = max(last_change(str(path)) for path in store.root.iterdir())
    mark = folder / "mark"
    mark.touch()
    while mark.stat().st_ctime_ns <= last:
        mark.touch()
    record_completed_run(FileStorageObserver(store.root))


def changed(store: FileStore, token: str) -> set[object]:
    return {run.id for run in store.list(RunQuery(since=token))}


@pytest.mark.parametrize("name", [RUN, CONFIG, INFO, METRICS, OUTPUT, ANNOTATIONS])
def test_each_file_of_a_record_is_regarded(store: FileStore, name: str) -> None:
    """Writing to a file of a run in place, as Sacred does, is a change of this run."""
    token = change_token(store)
    assert changed(store, token) == {4}, "the time of the last change is that of the token"
    with (store.root / "2" / name).open("ab") as file:
        file.write(b"\n")
    assert changed(store, token) == {2, 4}


def test_copied_and_renamed_runs_are_new(store: FileStore, tmp_path: Path) -> None:
    """They are listed even if their files have the times of the original."""
    old = tmp_path / "old"
    shutil.copytree(store.root / "1", old / "7")
    for path in (*old.rglob("*"), old):
        os.utime(path, (1, 1))
    shutil.copytree(old / "7", old / "8")
    token = change_token(store)
    shutil.copytree(old / "7", store.root / "7")  # retains times of modification
    (old / "8").rename(store.root / "8")
    assert {7, 8} <= changed(store, token)


def test_other_runs_are_not_opened(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the records of runs that changed are read."""
    token = change_token(store)
    opened: list[str] = []
    read_json = RunFolder.read_json

    def count(self: RunFolder, name: str, decode: Callable[..., object]) -> object:
        opened.append(self.name)
        return read_json(self, name, decode)

    monkeypatch.setattr(RunFolder, "read_json", count)
    assert [run.id for run in find_runs(store, since=token)] == [4]
    assert set(opened) == {"4"}


def test_clocks_may_differ(store: FileStore) -> None:
    """By default runs are listed again that changed within a minute before the last change."""
    assert timedelta(minutes=1) == CLOCK_TOLERANCE
    other = FileStore(store.root)
    assert changed(other, change_token(other)) == {1, 2, 3, 4}
    store.clock_tolerance = timedelta(seconds=2)
    position = store.change_position()
    store.clock_tolerance = timedelta(0)
    assert store.change_position() - position == 2_000_000_000


def test_a_removed_folder_has_no_time(tmp_path: Path) -> None:
    """A folder that was just removed is older than everything."""
    assert last_change(str(tmp_path / "none")) == 0


def test_ids_are_found_without_reading(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """No record is read to count runs and to find deleted ones; a damaged one is there."""
    (store.root / "2" / RUN).write_text("{")
    (store.root / "5").mkdir()
    monkeypatch.setattr(RunFolder, "read_json", None)
    assert store.ids() == [1, 2, 3, 4]
    assert store.count() == 4
    assert missing_ids(store, [1, 2, 5, 7]) == [5, 7]
