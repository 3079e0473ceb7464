"""Tests of parts of runs in a spool: recorded by other processes, and delivered to their run."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from sacred_core.file_locks import ProcessLock
from sacred_core.spool.descriptions import SpoolTarget, read_descriptions
from sacred_core.spool.entries import describe_entry, read_entries
from sacred_core.spool.flushing import Flushed, flush
from sacred_core.spool.parts import NAMES, PartSpoolObserver, remove_private_folder
from sacred_core.stores.writers import part_meta, part_uid, stored_parts
from sacred_core.testing.event_driver import EventDriver
from tests.core.spool.conftest import Server, ServerObserver, ServerStore, Spool

UID = "ab" * 16


def start_run(server: Server, uid: str = UID) -> EventDriver:
    """Start a run in the store of a server."""
    driver = EventDriver(ServerObserver(server))
    driver.start(meta_info={"uid": uid, "beat_interval": 1e8})
    return driver


def start_part(spool: Spool, writer: str = "rank1", uid: str = UID) -> EventDriver:
    """Start a part of the run in the spool."""
    target = SpoolTarget(observer="ServerObserver", location=spool.one.location)
    driver = EventDriver(PartSpoolObserver([target], spool.folder))
    driver.start(meta_info={**part_meta(uid, writer), "beat_interval": 1e8})
    return driver


def finish(driver: EventDriver) -> None:
    driver.complete()
    driver.join()


def results(spool: Spool, *arguments: Any, **options: Any) -> list[Flushed]:
    return list(flush([spool.folder], *arguments, **options))


def test_parts_are_delivered_to_their_run(spool: Spool) -> None:
    """They are in no listing of runs, and nothing is left in the spool."""
    start_run(spool.one)
    for number in (1, 2):
        driver = start_part(spool, f"rank{number}")
        driver.log("loss", [1.0, float(number)])
        finish(driver)
    done = results(spool)
    assert [each.reason for each in done] == ["", ""]
    store = ServerStore(spool.one)
    assert [run.id for run in store.list()] == [1]
    parts = stored_parts(store, 1)
    assert {name: part.status for name, part in parts.items()} == dict.fromkeys(
        ("rank1", "rank2"), "COMPLETED"
    )
    points = store.writer_store(1)
    assert points is not None
    assert points.metrics(parts["rank2"].id)["loss"]["values"] == [1.0, 2.0]
    assert results(spool) == []
    assert [*spool.runs.list()] == []


def test_a_part_waits_for_its_run(spool: Spool) -> None:
    """The main process may be late; then the same command delivers the part."""
    finish(start_part(spool))
    (left,) = results(spool)
    assert "to which it belongs, is not there" in left.reason
    assert len([*spool.runs.list()]) == 1
    start_run(spool.one)
    assert [each.reason for each in results(spool)] == [""]
    assert [*stored_parts(ServerStore(spool.one), 1)] == ["rank1"]


def test_a_killed_part_is_delivered_as_it_is_and_an_active_one_is_skipped(spool: Spool) -> None:
    """The lock of its description shows whether its process is running."""
    start_run(spool.one)
    driver = start_part(spool)
    driver.log("loss", [3.0])
    driver.beat()
    (active,) = results(spool)
    assert (active.is_active, active.entry.is_locked) == (True, True)
    observer = driver.observer
    driver.observer = None
    for lock in list(_locks(observer)):
        lock.release()
    (done,) = results(spool)
    assert (done.is_active, done.reason) == (False, "")
    (part,) = stored_parts(ServerStore(spool.one), 1).values()
    assert part.recorded_status == "RUNNING"


def _locks(observer: PartSpoolObserver) -> list[ProcessLock]:
    return [value for value in vars(observer).values() if isinstance(value, ProcessLock)]


def test_a_part_is_described_by_its_writer(spool: Spool) -> None:
    """It comes after the runs, of which one may be the run that it belongs to."""
    start_part(spool, "rank7")
    spool.one.is_down = True
    driver = EventDriver(spool.observer())
    driver.start(meta_info={"uid": UID, "beat_interval": 1e8})
    driver.complete()
    driver.join()
    infos = [describe_entry(each) for each in read_entries([spool.folder])]
    assert [(each.kind, each.writer) for each in infos] == [("run", ""), ("part", "rank7")]
    assert infos[1].targets == ("ServerObserver (memory://u@one/db)",)
    (run, part) = sorted(read_descriptions(spool.folder), key=lambda each: each.writer)
    assert (run.run, part.run, part.uid) == ("", UID, part_uid(UID, "rank7"))


def test_a_start_that_fails_leaves_no_description(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part can be started again under the same name."""

    def fail(self: Any, run: Any) -> bool:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tests.core.spool.conftest.FolderObserver.insert_run", fail)
        with pytest.raises(OSError, match="No space left"):
            start_part(spool)
    assert spool.descriptions == []
    finish(start_part(spool))


def test_what_is_recorded_is_waited_for(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failure the reason is returned, until all events are recorded."""
    driver = start_part(spool)
    observer = driver.observer
    assert observer.wait_recorded(None, 0.0) == ""
    driver.beat()
    first = driver.expected.heartbeat
    assert observer.wait_recorded(first, 0.0) == ""

    def fail(self: Any, metrics: Any, starts: Any) -> bool:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tests.core.spool.conftest.FolderObserver.append_points", fail)
        with pytest.raises(OSError, match="No space left"):
            driver.log("loss", [1.0])
    assert "No space left" in observer.wait_recorded(first, 10.0)
    driver.beat()  # it only tests whether the disk is there again
    assert observer.wait_recorded(driver.expected.heartbeat, 0.0) == "the disk does not answer"
    driver.repeat()
    driver.join()
    (left,) = read_descriptions(spool.folder)
    assert left.keep


def test_a_private_folder_is_removed_unless_a_process_uses_it(tmp_path: Path) -> None:
    """A folder without names is the spool of a user."""
    folder = tmp_path / "private"
    (folder / NAMES).mkdir(parents=True)
    lock = ProcessLock.hold(folder / NAMES / "child1")
    assert lock is not None
    remove_private_folder(folder)
    assert folder.exists()
    lock.release()
    remove_private_folder(folder)
    assert not folder.exists()
    folder.mkdir()
    remove_private_folder(folder)
    assert folder.exists()
    shutil.rmtree(folder)
