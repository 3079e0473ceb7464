"""Tests of folders with many runs: what is done once for each of them."""

import os
from pathlib import Path
from typing import Any

import pytest
from sacred_file import FileStore
from sacred_file import store as store_module
from sacred_file.run_folder import RunFolder

from sacred_core.stores import RunQuery


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """300 runs, the last without a record yet, and two folders with other names."""
    for name in [*range(1, 301), "named", "notes"]:
        run = tmp_path / str(name)
        run.mkdir()
        if name not in (300, "notes"):
            (run / "run.json").write_text('{"status": "COMPLETED"}')
    (tmp_path / "_sources").mkdir()
    return tmp_path


def test_only_the_newest_records_are_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To list the newest runs, no more folders are looked into than have one of them."""
    seen = []
    exists = RunFolder.exists

    def note(run: RunFolder) -> bool:
        seen.append(run.name)
        return exists(run)

    monkeypatch.setattr(RunFolder, "exists", note)
    found = [run.id for run in FileStore(folder).list(RunQuery(limit=4))]
    assert found == [297, 298, 299, "named"]
    assert seen == ["notes", "named", "300", "299", "298", "297"]


@pytest.mark.parametrize(("many", "count"), [(10_000, 300), (299, 301)])
def test_numbers_are_counted_without_looking_into_folders_where_they_are_many(
    folder: Path, monkeypatch: pytest.MonkeyPatch, many: int, count: int
) -> None:
    """In a large folder each number counts as a run; of other names, those with a record."""
    monkeypatch.setattr(store_module, "_MANY", many)
    assert FileStore(folder).count() == count


def test_names_are_listed_once_unless_the_folder_changed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The names are listed again after a change, and while a change may have the same time."""
    calls: list[Any] = []
    listdir = os.listdir

    def note(path: Any) -> list[str]:
        calls.append(path)
        return listdir(path)

    monkeypatch.setattr(os, "listdir", note)
    store = FileStore(folder)
    for _ in range(2):
        assert len(store.ids()) == 300  # the folder was made a moment ago
    assert len(calls) == 2
    os.utime(folder, (1e9, 1e9))
    for _ in range(2):
        assert len(store.ids()) == 300
    assert len(calls) == 3
    (folder / "300" / "run.json").write_text("{}")
    assert len(store.ids()) == 301  # only names are remembered
    (folder / "400").mkdir()
    (folder / "400" / "run.json").write_text("{}")
    assert len(store.ids()) == 302
