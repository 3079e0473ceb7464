"""Tests of the observer that records in a spool and copies on."""

import json
import logging
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sacred_core import Experiment, RunObserver
from sacred_core.exceptions import SpoolError
from sacred_core.observers import QueueObserver
from sacred_core.spool.flushing import flush
from sacred_core.spool.observer import SpoolObserver
from sacred_core.testing.event_driver import DispatchingDriver
from tests.core.spool.conftest import ServerObserver, Spool, eventually


def run_to_end(driver: DispatchingDriver, tmp_path: Path) -> None:
    made = tmp_path / "made.txt"
    made.write_text("content")
    driver.start(config={"a": 1}, meta_info={"uid": "ab" * 16})
    driver.print("first\n")
    driver.log("loss", [1.0, 2.0])
    driver.artifact("made", str(made))
    driver.beat(info={"b": 2})
    driver.print("second\n")
    driver.log("loss", [3.0], 2)
    driver.complete(result=3)


def check_whole(spool: Spool, server: Any = None) -> None:
    store = (server or spool.one).runs
    (run,) = store.list()
    assert (run.uid, run.status, run.result, run.info) == ("ab" * 16, "COMPLETED", 3, {"b": 2})
    assert (run.config, store.output(run.id)) == ({"a": 1}, "first\nsecond\n")
    assert store.metrics(run.id)["loss"]["values"] == [1.0, 2.0, 3.0]
    assert store.open_file(run.id, "artifact", "made").read() == b"content"


def test_a_run_is_delivered_and_removed(spool: Spool, tmp_path: Path) -> None:
    """At its end the store has all of it, and the spool nothing."""
    run_to_end(spool.drive(), tmp_path)
    check_whole(spool)
    assert list(spool.runs.list()) == []
    assert spool.is_empty


def test_what_is_new_is_copied_while_the_run_lasts(spool: Spool) -> None:
    """Each heartbeat, before the end, and each point once."""
    driver = spool.drive()
    driver.start()
    for count in (1, 2, 3):
        driver.log("loss", [1.0], count)
        driver.print("x")
        driver.beat()
        eventually(
            lambda count=count: [
                run for run in spool.one.runs.list()
                if len(spool.one.runs.metrics(run.id).get("loss", {"steps": []})["steps"]) == count
                and spool.one.runs.output(run.id) == "x" * count
            ]
        )  # fmt: skip
    driver.complete()


def test_kept_runs_stay(spool: Spool, tmp_path: Path) -> None:
    """With ``keep`` the folder has the run, but nothing that is to be delivered."""
    run_to_end(spool.drive(spool.observer(keep=True)), tmp_path)
    check_whole(spool)
    assert [run.status for run in spool.runs.list()] == ["COMPLETED"]
    assert spool.descriptions == []


def test_an_undelivered_run_is_left_with_one_warning(
    spool: Spool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The warning has the store, the reason and the command that delivers it."""
    spool.one.is_down = True
    run_to_end(spool.drive(), tmp_path)
    (message,) = caplog.messages
    assert message == (
        f"Run 1 is stored in {spool.folder}, but not yet in ServerObserver (memory://u@one/db): "
        "memory://u@one/db is away. To deliver it: "
        f"sacred spool flush --spool {spool.folder}"
    )
    assert len(spool.descriptions) == 1
    spool.one.is_down = False
    (done,) = flush([spool.folder])
    assert (done.run_id, done.reason) == (1, "")
    check_whole(spool)
    assert spool.is_empty


def test_a_store_that_returns_is_tried_again(spool: Spool, tmp_path: Path) -> None:
    """After the interval of the inner observer, without a warning."""
    spool.one.is_down = True
    driver = spool.drive()
    driver.start()
    eventually(lambda: spool.one.calls >= 3)
    spool.one.is_down = False
    eventually(lambda: list(spool.one.runs.list()))
    driver.complete()
    assert [run.status for run in spool.one.runs.list()] == ["COMPLETED"]


def test_a_store_that_failed_once_gets_one_attempt_at_the_end(spool: Spool) -> None:
    """It has answered before: the run is delivered, although the last attempt failed."""
    observer = spool.observer()
    observer.inner[0].retry_policy = SimpleNamespace(retry_interval=1000.0)
    driver = spool.drive(observer)
    driver.start()
    eventually(lambda: list(spool.one.runs.list()))
    spool.one.is_down, calls = True, spool.one.calls
    driver.beat()
    eventually(lambda: spool.one.calls > calls)
    spool.one.is_down = False
    driver.complete()
    assert [run.status for run in spool.one.runs.list()] == ["COMPLETED"]


def test_a_store_that_hangs_is_not_waited_for(
    spool: Spool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The run ends while the call has not returned; the run stays locked until it has."""
    spool.one.answers.clear()
    run_to_end(spool.drive(), tmp_path)
    assert "it did not answer" in caplog.text
    (active,) = flush([spool.folder])
    assert active.is_active
    spool.one.answers.set()
    eventually(lambda: not spool.descriptions)
    check_whole(spool)


def test_a_slow_store_that_answers_is_waited_for(spool: Spool, tmp_path: Path) -> None:
    """The end waits up to ``end_timeout``, and at most so long."""
    observer = spool.observer(end_timeout=0.05)
    driver = spool.drive(observer)
    driver.start(meta_info={"uid": "ab" * 16})
    eventually(lambda: list(spool.one.runs.list()))
    driver.beat()
    spool.one.answers.clear()
    driver.complete(3)
    assert len(spool.descriptions) == 1
    spool.one.answers.set()
    eventually(lambda: not spool.descriptions)


def test_each_store_is_delivered_to_by_itself(spool: Spool, tmp_path: Path) -> None:
    """One that is away does not delay the other, and only it is left in the description."""
    spool.two.is_down = True
    run_to_end(spool.drive(spool.observer(spool.one, spool.two)), tmp_path)
    check_whole(spool)
    (path,) = spool.descriptions
    targets = json.loads(path.read_text())["targets"]
    assert targets == [{"observer": "ServerObserver", "location": "memory://two/db"}]
    spool.two.is_down = False
    spool.opened.clear()
    assert [done.reason for done in flush([spool.folder])] == [""]
    assert spool.opened == ["memory://two/db"]
    check_whole(spool, spool.two)


def test_what_the_spool_did_not_record_is_not_removed(spool: Spool, tmp_path: Path) -> None:
    """Where an event failed, the run stays until what was written to a folder is delivered."""
    observer = spool.observer()
    driver = spool.drive(observer)
    driver.start()
    driver.artifact("gone", str(tmp_path / "gone"))
    driver.complete()
    assert len(spool.descriptions) == 1
    assert [run.status for run in spool.one.runs.list()] == ["COMPLETED"]


def test_a_start_that_fails_leaves_nothing(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a description nor a lock."""

    def refuse(self: Any, run: Any) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tests.core.spool.conftest.FolderObserver.insert_run", refuse)
    with pytest.raises(Exception, match=r"FolderObserver in the spool.*No space left"):
        spool.drive().start()
    assert spool.is_empty


def test_queued_runs_are_not_spooled(spool: Spool) -> None:
    """They are in the stores, where other processes find them."""
    observer = spool.observer(spool.one, spool.two)
    driver = spool.drive(observer)
    assert driver.queue() == 1
    assert observer.run_locations(1) == [("memory://u@one/db", 1), ("memory://two/db", 1)]
    for server in (spool.one, spool.two):
        assert [run.status for run in server.runs.list()] == ["QUEUED"]
    assert list(spool.runs.list()) == [] and spool.descriptions == []


def test_the_stores_of_a_queued_run_are_joined(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each inner observer has recorded the run when its id is returned."""
    joined: list[str | None] = []
    monkeypatch.setattr(ServerObserver, "join", lambda self: joined.append(self.store_location))
    spool.drive(spool.observer(spool.one, spool.two)).queue()
    assert joined == ["memory://u@one/db", "memory://two/db"]


def test_runs_at_the_same_time(spool: Spool) -> None:
    """A nested run has a copy of the observer, with its own description."""
    ex = Experiment("nested", save_git_info=False)
    ex.observers.append(spool.observer())

    @ex.command
    def inner() -> str:
        assert len(spool.descriptions) == 2
        return "inner"

    @ex.main
    def outer() -> str:
        ex.run("inner")
        return "outer"

    ex.run()
    assert sorted(run.result for run in spool.one.runs.list()) == ["inner", "outer"]
    assert spool.descriptions == []


def test_a_run_is_shown_where_it_is(spool: Spool, caplog: pytest.LogCaptureFixture) -> None:
    """In the store that has it, or else in the spool."""
    caplog.set_level(logging.INFO)
    ex = Experiment("shown", save_git_info=False)
    ex.observers.append(spool.observer())
    ex.main(lambda: None)
    ex.run()
    assert caplog.messages[-1] == "To see it: sacred runs show memory://u@one/db 1"
    spool.one.is_down = True
    ex.run()
    assert caplog.messages[-1] == f"To see it: sacred runs show {spool.folder} 2"


def test_events_are_recorded_together(spool: Spool) -> None:
    """The observer of the folder stores several in one step, as without a spool."""
    observer = spool.observer()
    assert observer.record_together == observer.covered_observer.record_together


def test_observers_without_a_store_are_refused(spool: Spool) -> None:
    """Their events cannot be delivered later."""
    with pytest.raises(SpoolError, match=r"RunObserver has no store.*beside the SpoolObserver"):
        SpoolObserver(RunObserver(), spool.folder)


def test_an_observer_of_the_same_folder_is_refused(spool: Spool) -> None:
    """A run would be copied to where it is."""
    inner = ServerObserver(spool.one)
    inner.store_location = str(spool.folder)
    with pytest.raises(SpoolError, match="use another folder"):
        SpoolObserver([inner], spool.folder)


def test_the_plugin_must_be_installed(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the package."""
    manager = SimpleNamespace(observers=[], plugins=[])
    monkeypatch.setattr("sacred_core.spool.folder_format.plugin_manager", lambda: manager)
    monkeypatch.setattr("sacred_core.hooks.lookup.plugin_manager", lambda: manager)
    with pytest.raises(SpoolError, match="pip install sacred-file"):
        spool.observer()


def test_equal_observers(spool: Spool) -> None:
    """Those of the same stores and folder: an option hook may append one at each run."""
    assert spool.observer() == spool.observer()
    assert spool.observer() != spool.observer(spool.two)
    assert spool.observer() != SpoolObserver(ServerObserver(spool.one), spool.folder / "other")
    assert str(spool.folder) in repr(spool.observer())


def test_the_priority_is_that_of_the_stores(spool: Spool) -> None:
    """Messages that have the id of the run are sent after it, as without a spool."""
    assert spool.observer().priority == 30


def test_an_observer_in_the_queue_can_be_spooled(spool: Spool, tmp_path: Path) -> None:
    """Its store is that of the observer in the queue."""
    queue = QueueObserver(ServerObserver(spool.one))
    run_to_end(spool.drive(SpoolObserver(queue, spool.folder)), tmp_path)
    check_whole(spool)


def test_no_thread_is_left(spool: Spool, tmp_path: Path) -> None:
    """Also where the store is away."""
    spool.one.is_down = True
    run_to_end(spool.drive(), tmp_path)
    eventually(lambda: not [each for each in threading.enumerate() if each.name == "sacred-spool"])
