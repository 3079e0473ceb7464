"""Tests of folders with many runs: what is done once for each of them."""

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from sacred_file import FileStorageObserver, FileStore
from sacred_file import store as store_module
from sacred_file.ids import write_hint
from sacred_file.run_folder import RunFolder

from sacred_core import Experiment
from sacred_core.run.run import Run
from sacred_core.stores import RunQuery, StoredRun
from sacred_core.stores.facts import encode_facts
from sacred_core.stores.folder_format import record
from sacred_core.testing import EventDriver
from sacred_core.testing.replay_contract import assert_processes_replay_once

WAIT = 1000.0


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
    """A listing of the newest runs looks into no more folders than have one of them."""
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


def test_the_record_is_encoded_for_few_of_many_artifacts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of all files is made when the record is written, not for each of 300 files."""
    encoded: list[int] = []

    def note(run: StoredRun) -> dict[str, Any]:
        encoded.append(len(run.files))
        return encode_facts(run)

    monkeypatch.setattr("sacred_core.stores.folder_format.record.encode_facts", note)
    ex = Experiment("artifacts", save_git_info=False)
    ex.observers.append(FileStorageObserver(tmp_path / "runs"))

    @ex.main
    def main(_run: Run) -> None:
        for number in range(300):
            path = tmp_path / f"{number}.txt"
            path.write_text(str(number))
            _run.add_artifact(path)

    ex.run()
    assert len(encoded) < 60
    entry = json.loads((tmp_path / "runs" / "1" / "run.json").read_text())
    assert len(entry["artifacts"]) == 300
    assert len(FileStore(tmp_path / "runs").get(1).files["artifact"]) == 300


def test_a_run_of_a_loop_replaces_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the record replaces a file that exists, after which file systems write to the disk."""
    replaced: list[str] = []
    replace = os.replace

    def note(source: Any, target: Any) -> None:
        if Path(target).exists():
            replaced.append(Path(target).name)
        replace(source, target)

    ex = Experiment("loop", save_git_info=False)
    ex.observers.append(FileStorageObserver(tmp_path / "runs"))
    ex.main(lambda: None)
    ex.run()
    monkeypatch.setattr(os, "replace", note)
    ex.run()
    assert replaced == ["run.json"]  # the last heartbeat and the end together
    assert (tmp_path / "runs" / "_ids" / "next").read_text() == "3"


def test_a_run_of_a_loop_encodes_nothing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text of what is the same in the next run is remembered; its identifier is new."""
    encoded: list[Any] = []
    encode = record.remember_text

    def note(value: Any, indent: str) -> str:
        encoded.append(value)
        return encode(value, indent)

    monkeypatch.setattr(record, "remember_text", note)
    ex = Experiment("loop", save_git_info=False)
    ex.observers.append(FileStorageObserver(tmp_path / "runs"))
    ex.main(lambda: None)
    ex.run(options={"comment": "same"})
    encoded.clear()
    ex.run(options={"comment": "same"})
    assert encoded == []
    first, second = ((tmp_path / "runs" / number / "run.json").read_text() for number in ("1", "2"))
    assert json.loads(first)["meta"]["uid"] != json.loads(second)["meta"]["uid"]
    assert second == json.dumps(json.loads(second), indent=2, ensure_ascii=False) + "\n"


def test_a_run_of_a_loop_creates_one_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only its own folder is created; those above it exist."""
    created: list[str] = []
    mkdir = os.mkdir

    def note(path: Any, *arguments: Any, **options: Any) -> None:
        created.append(Path(path).name)
        mkdir(path, *arguments, **options)

    ex = Experiment("loop", save_git_info=False)
    ex.observers.append(FileStorageObserver(tmp_path / "runs"))
    ex.main(lambda: None)
    ex.run(options={"capture": "sys"})
    monkeypatch.setattr(os, "mkdir", note)
    ex.run(options={"capture": "sys"})
    assert created == ["2"]


def test_a_run_of_a_loop_starts_no_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the observer served the run before; the others start when they are due."""
    for name in ("late_threads", "reused_threads"):
        monkeypatch.setattr(f"sacred_core.{name}._LINGER", WAIT)
    monkeypatch.setattr("sacred_core.run.output.streams.INTERVAL", WAIT)
    started: list[str] = []
    start = threading.Thread.start

    def note(thread: threading.Thread) -> None:
        started.append(thread.name)
        start(thread)

    ex = Experiment("loop", save_git_info=False)
    ex.observers.append(FileStorageObserver(tmp_path / "runs"))
    ex.main(lambda: print("a line"))
    ex.run(options={"capture": "sys"})
    monkeypatch.setattr(threading.Thread, "start", note)
    for _ in range(3):
        ex.run(options={"capture": "sys"})
    assert started == []
    assert FileStore(tmp_path / "runs").output(4) == "a line\n"


@pytest.mark.parametrize(("before", "after"), [("9", 10), ("99", 8), ("", 1), ("17", 18)])
def test_a_hint_of_another_length_is_replaced(tmp_path: Path, before: str, after: int) -> None:
    """No digit of the hint before is left."""
    hint = tmp_path / "_ids" / "next"
    hint.parent.mkdir()
    hint.write_text(before)
    write_hint(tmp_path, after)
    assert hint.read_text() == str(after)


def test_processes_replay_a_run_once(tmp_path: Path) -> None:
    """Of several processes that replay a run at the same time, one stores it."""
    (tmp_path / "runs").mkdir()
    store = FileStore(tmp_path / "runs")
    assert_processes_replay_once(store, str(tmp_path / "runs"), tmp_path)
    assert not list((tmp_path / "runs" / "_ids").glob("*.claim*")), "claims are left"


def test_new_ids_are_those_that_the_caller_does_not_know(tmp_path: Path) -> None:
    """An id is returned until it is known; another caller gets all."""
    ids = [EventDriver(FileStorageObserver(tmp_path)).start() for _ in range(3)]
    (tmp_path / "empty").mkdir()
    store = FileStore(tmp_path)
    known: set[int | str] = {ids[0]}
    assert store.new_ids(known) == store.new_ids(known) == ids[1:]
    known.update(ids)
    assert store.new_ids(known) == []
    new = EventDriver(FileStorageObserver(tmp_path)).start(_id="named")
    assert store.new_ids(known) == [new]
    assert store.new_ids(set()) == [*ids, new]
