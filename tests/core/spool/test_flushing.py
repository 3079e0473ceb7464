"""Tests of the delivery of what is left in spools."""

import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from sacred_core.delivery.used_folders import note_folder, used_folders
from sacred_core.exceptions import StoreError
from sacred_core.file_locks import ProcessLock
from sacred_core.spool.descriptions import (
    SpooledRun,
    SpoolTarget,
    new_description,
    read_descriptions,
)
from sacred_core.spool.entries import describe_entry, read_entries
from sacred_core.spool.flushing import Flushed, flush
from sacred_core.testing.event_driver import START, EventDriver
from tests.core.spool.conftest import (
    FolderObserver,
    Server,
    ServerObserver,
    ServerStore,
    Spool,
    eventually,
)

UID = "ab" * 16


def leave(spool: Spool, *servers: Server, uid: str = UID) -> None:
    """Record a run while its servers are away."""
    servers = servers or (spool.one,)
    before = [server.is_down for server in servers]
    for server in servers:
        server.is_down = True
    driver = EventDriver(spool.observer(*servers))
    record_beat(driver, uid)
    driver.complete(3)
    for server, is_down in zip(servers, before, strict=True):
        server.is_down = is_down


def leave_killed(spool: Spool, has_run: bool = True, **changed: Any) -> SpooledRun:
    """Leave what a killed process leaves: a run without an end, and a description."""
    if has_run:
        record_beat(EventDriver(FolderObserver(str(spool.folder))), UID)
    target = SpoolTarget(observer="ServerObserver", location=spool.one.location)
    described = {
        "uid": UID, "run_id": 1, "name": "fed", "command": "main", "start_time": START,
        "host": "here", "pid": 5, "targets": (target,), **changed,
    }  # fmt: skip
    run, lock = new_description(spool.folder, **described)
    lock.release()
    return run


def record_beat(driver: EventDriver, uid: str) -> None:
    driver.start(meta_info={"uid": uid, "beat_interval": 1e8})
    driver.print("printed\n")
    driver.log("loss", [1.0, 2.0])
    driver.beat()


def results(spool: Spool, *arguments: Any, **options: Any) -> list[Flushed]:
    return list(flush([spool.folder], *arguments, **options))


def test_a_killed_run_is_delivered_as_it_is(spool: Spool) -> None:
    """Its record has no end, but all else; it is removed although it may seem to be running."""
    leave_killed(spool)
    (done,) = results(spool)
    assert (done.run_id, done.reason, done.is_active) == (1, "", False)
    (run,) = spool.one.runs.list()
    assert run.recorded_status == "RUNNING"
    assert spool.one.runs.output(1) == "printed\n"
    assert spool.one.runs.metrics(1)["loss"]["values"] == [1.0, 2.0]
    assert list(spool.runs.list()) == [] and spool.is_empty


def test_repeating_it_delivers_nothing(spool: Spool, tmp_path: Path) -> None:
    """The process may be killed between the delivery and the removal, too."""
    leave(spool)
    (description,) = read_descriptions(spool.folder)
    saved = tmp_path / "saved"
    shutil.copytree(description.path, saved)
    assert [done.run_id for done in results(spool, keep=True)] == [1]
    saved.rename(description.path)
    assert [done.run_id for done in results(spool)] == [1]
    assert len(list(spool.one.runs.list())) == 1
    assert results(spool) == []


def test_a_run_that_is_gone_from_the_spool_is_forgotten(spool: Spool) -> None:
    """A user has deleted it, or the process was killed after it had removed it."""
    leave(spool)
    spool.runs.delete(1)
    assert results(spool) == []
    assert spool.is_empty
    assert list(spool.one.runs.list()) == []


def test_another_run_of_the_same_id_is_not_delivered(spool: Spool) -> None:
    """The run is recognized by its uid."""
    leave(spool)
    spool.runs.memory.runs[1].run.meta["uid"] = "cd" * 16
    assert results(spool) == []
    assert list(spool.one.runs.list()) == []
    assert len(list(spool.runs.list())) == 1


def test_a_run_whose_id_is_unknown_is_found(spool: Spool) -> None:
    """The process was killed after the run was there, before its id was in the description."""
    leave_killed(spool, run_id=None)
    assert [done.run_id for done in results(spool)] == [1]
    assert spool.is_empty


def test_a_description_without_a_run_is_removed(spool: Spool) -> None:
    """The process was killed before the run was there."""
    leave_killed(spool, has_run=False, run_id=None)
    assert results(spool) == []
    assert spool.is_empty


def test_running_runs_are_left(spool: Spool) -> None:
    """The process that records them delivers them."""
    spool.one.is_down = True
    driver = EventDriver(spool.observer())
    driver.start()
    (done,) = results(spool)
    assert done.is_active and not done.reason
    assert len(spool.descriptions) == 1
    driver.complete()


def test_a_store_that_is_away_is_tried_once(spool: Spool) -> None:
    """All its runs are left, and those of another store are delivered."""
    for number in range(3):
        leave(spool, uid=f"{number:032x}")
    leave(spool, spool.two, uid="ef" * 16)
    spool.one.is_down, spool.one.calls = True, 0
    done = results(spool)
    assert [each.reason for each in done] == ["memory://u@one/db is away"] * 3 + [""]
    assert spool.one.calls == 1
    assert len(spool.descriptions) == 3
    spool.one.is_down = False
    assert [each.reason for each in results(spool)] == [""] * 3
    assert sorted(run.uid for run in spool.one.runs.list()) == [f"{n:032x}" for n in range(3)]


def test_a_store_that_goes_away_in_the_middle(spool: Spool) -> None:
    """What was delivered is removed, the rest stays and is delivered later, once."""
    for number in range(4):
        leave(spool, uid=f"{number:032x}")
    delivered = []
    for done in flush([spool.folder]):
        delivered.append(done.reason)
        spool.one.is_down = len(delivered) >= 2
    assert delivered == ["", ""] + ["memory://u@one/db is away"] * 2
    spool.one.is_down = False
    assert [each.reason for each in results(spool)] == ["", ""]
    assert len(list(spool.one.runs.list())) == 4


def test_a_run_that_a_store_refuses_does_not_stop_the_others(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store is not away: it is used for the next run."""
    for number in range(2):
        leave(spool, uid=f"{number:032x}")
    insert_run = ServerObserver.insert_run

    def refuse(self: Any, run: Any) -> bool:
        if run.uid == "0" * 32:
            raise StoreError("too large")
        return insert_run(self, run)

    monkeypatch.setattr(ServerObserver, "insert_run", refuse)
    assert [done.reason for done in results(spool)] == ["too large", ""]
    assert len(spool.descriptions) == 1


def test_several_processes_deliver_each_run_once(spool: Spool) -> None:
    """Each run is taken by one of them."""
    for number in range(8):
        leave(spool, uid=f"{number:032x}")
    done: list[Flushed] = []
    threads = [threading.Thread(target=lambda: done.extend(results(spool))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(each.run_id is not None for each in done) == 8
    assert [each.reason for each in done if each.reason] == []
    assert sorted(run.uid for run in spool.one.runs.list()) == [f"{n:032x}" for n in range(8)]
    assert spool.is_empty


def test_a_password_on_the_command_line(spool: Spool) -> None:
    """It is used for the store with the same server and path; no file has it."""
    leave(spool, spool.one, spool.two)
    done = results(spool, "memory://u:pw@one/db")
    assert [each.reason for each in done] == ["", ""]
    assert spool.opened == ["memory://u:pw@one/db", "memory://two/db"]


def test_a_store_that_is_open(spool: Spool) -> None:
    """It replaces that of the description, as its location does."""
    leave(spool)
    assert [done.run_id for done in results(spool, ServerStore(spool.two))] == [1]
    assert len(list(spool.two.runs.list())) == 1 and spool.opened == []


def test_a_store_of_another_place_is_an_error(spool: Spool) -> None:
    """It is not clear which of several stores it replaces; one is replaced."""
    leave(spool, spool.one, spool.two)
    with pytest.raises(StoreError, match="not one of the stores"):
        results(spool, "memory://three/db")
    spool.two.is_down = True
    results(spool)
    spool.two.is_down = False
    assert [each.reason for each in results(spool, "memory://u@one/db")] == [""]
    assert len(list(spool.one.runs.list())) == 1


def test_undelivered_events_are_delivered_too(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events of an observer without a spool, from the folder that its run printed."""
    observer = ServerObserver(spool.one)
    observer.failure_dir = spool.folder
    driver = spool.drive(observer)  # type: ignore[arg-type]
    driver.start(ex_info={"name": "direct"})
    spool.one.is_down = True
    driver.print("late")
    driver.complete(7)
    assert spool.folder in used_folders()
    (entry,) = read_entries([spool.folder])
    info = describe_entry(entry)
    assert (info.kind, info.name, info.run_id, info.is_active) == ("events", "direct", 1, False)
    assert info.targets == ("ServerObserver (memory://u@one/db)",)
    (left,) = results(spool)
    assert left.reason == "memory://u@one/db is away"
    spool.one.is_down = False
    (done,) = results(spool)
    assert (done.run_id, done.count, done.reason) == (1, 2, "")
    assert spool.one.runs.output(1) == "late"
    assert read_entries([spool.folder]) == [] and spool.folder not in used_folders()


def test_events_of_an_observer_without_a_location(spool: Spool) -> None:
    """They need a TARGET."""
    observer = ServerObserver(spool.one)
    observer.failure_dir, observer.store_location = spool.folder, None
    driver = spool.drive(observer)  # type: ignore[arg-type]
    driver.start()
    spool.one.is_down = True
    driver.print("late")
    driver.complete(7)
    spool.one.is_down = False
    (left,) = results(spool)
    assert left.reason == "the store has no known location: pass its TARGET"
    assert describe_entry(left.entry).targets == ("ServerObserver",)
    (done,) = results(spool, "memory://u@one/db")
    assert done.reason == ""


def test_events_that_a_process_may_deliver_are_left(spool: Spool) -> None:
    """The lock of their folder is held."""
    observer = ServerObserver(spool.one)
    observer.failure_dir = spool.folder
    driver = spool.drive(observer)  # type: ignore[arg-type]
    driver.start()
    spool.one.is_down = True
    driver.complete(7)
    spool.one.is_down = False
    (entry,) = read_entries([spool.folder])
    lock = ProcessLock.hold(entry.path / "lock")
    assert lock is not None
    (done,) = results(spool)
    assert done.is_active and describe_entry(entry).is_active
    lock.release()
    assert [each.reason for each in results(spool)] == [""]


def test_folders_without_entries_are_forgotten(spool: Spool, tmp_path: Path) -> None:
    """The folders that a user has used are those with something to deliver."""
    leave(spool)
    assert used_folders() == [spool.folder]
    spool.one.is_down = True
    results(spool)
    assert used_folders() == [spool.folder]
    spool.one.is_down = False
    results(spool)
    assert used_folders() == []
    note_folder(tmp_path / "missing")
    assert used_folders() == []


def test_no_secret_is_in_a_description(spool: Spool) -> None:
    """A location of an observer may have one by mistake."""
    spool.one.location = "memory://u:hunter2@one/db"
    leave(spool)
    (path,) = spool.descriptions
    assert "hunter2" not in path.read_text() and "memory://u:***@one/db" in path.read_text()


def test_a_killed_thread_of_delivery_is_not_needed(spool: Spool) -> None:
    """What it had copied is continued, not repeated."""
    driver = EventDriver(observer := spool.observer())
    driver.start(meta_info={"uid": "ab" * 16})
    driver.log("loss", [1.0])
    driver.beat()
    eventually(lambda: spool.one.runs.metrics(1) if list(spool.one.runs.list()) else None)
    spool.one.is_down = True
    driver.log("loss", [2.0])
    driver.beat()
    driver.complete(3)
    del observer
    spool.one.is_down = False
    assert [done.run_id for done in results(spool)] == [1]
    assert spool.one.runs.metrics(1)["loss"]["values"] == [1.0, 2.0]
