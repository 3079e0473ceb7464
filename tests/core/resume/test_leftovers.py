"""Tests of what is stored of the last process of a run before the run is resumed."""

import json
import logging
import os
import platform
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sacred_core import SETTINGS
from sacred_core.exceptions import StoreError
from sacred_core.observers import RetryPolicy
from sacred_core.run.spools import StoreAddress, live_spool, spool_entries
from sacred_core.testing import MemoryObserver


@pytest.fixture
def spools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the descriptions of runs."""
    monkeypatch.setattr(SETTINGS, "SPOOL_DIR", str(tmp_path / "spools"))
    return tmp_path / "spools"


def leave_output(uid: str, start_time: datetime, filter_name: str | None = None) -> None:
    """Leave the output "first, last" of a process that has ended; "first" was recorded."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    live = live_spool(
        None, run=uid, name="training", command="train", start_time=start_time,
        host=platform.node(), pid=os.getpid(),
        stores=(StoreAddress(observer="MemoryObserver", location="memory", run_id=1),),
    )  # fmt: skip
    (live.entry.folder / ".output").write_bytes(b"first, last")
    positions = {
        "characters": 5, "whole": [5, 5], "parts": [], "turns": 0, "filter": filter_name,
    }  # fmt: skip
    (live.entry.folder / ".output.positions").write_text(json.dumps(positions))
    os._exit(0)


def test_the_last_output_is_before_the_mark(training: Any, spools: Path) -> None:
    """It is stored in the segment that printed it, and the description is removed."""
    failed = training.fail(3)
    training.memory.runs[1].output = "first"
    leave_output(failed.uid, failed.start_time)
    assert len(list(spool_entries())) == 1
    training.ex.run(resume=1, options={"--capture": "no"})
    assert training.store.output(1).startswith("first, last\n[segment 2 of this run: ")
    assert not list(spools.glob("*"))


def test_output_of_the_second_segment_follows_the_first(training: Any, spools: Path) -> None:
    """Positions in the output of a segment are counted from its mark."""
    training.fail(1, options={"--capture": "no"})
    training.fail(3, resume=1, options={"--capture": "no"})
    stored = training.store.get(1)
    training.memory.runs[1].output += "first"
    leave_output(stored.uid, stored.segments[1].start_time)
    training.ex.run(resume=1, options={"--capture": "no"})
    own = training.store.output(1)[stored.segments[1].output :]
    assert own.startswith("first, last\n[segment 3 of this run: ")


def test_output_of_an_unknown_filter_is_reported(
    training: Any, spools: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The run is resumed; the output stays for ``sacred runs recover``."""
    failed = training.fail(3)
    training.memory.runs[1].output = "first"
    leave_output(failed.uid, failed.start_time, "other:shout")
    with caplog.at_level(logging.WARNING):
        training.ex.run(resume=1, options={"--capture": "no"})
    assert "The last output of run '1' could not be stored" in caplog.text
    assert "'other:shout'" in caplog.text
    assert training.store.output(1).startswith("first\n[segment 2")
    assert len(list(spool_entries())) == 1


def test_a_run_whose_process_is_gone_is_not_waited_for(training: Any, spools: Path) -> None:
    """A run that is recorded as running is resumed at once."""
    training.fail(3)
    stored = training.memory.runs[1].run
    stored.recorded_status, stored.stop_time = "RUNNING", None
    leave_output(stored.uid, stored.start_time)
    run = training.ex.run(resume=1)
    assert run.resumed.status == "DEAD"
    assert training.store.get(1).segments[0].status == "DEAD"


@pytest.mark.parametrize("is_refused", [False, True])
def test_undelivered_events_are_stored_before_the_run_is_resumed(
    training: Any,
    spools: Path,
    is_refused: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Over the connection of the observer; a store that refuses them again is reported."""

    def refuse(self: Any, *arguments: Any) -> bool:
        raise StoreError("the memory is read-only")

    monkeypatch.setattr(MemoryObserver, "store_location", "memory:1")
    observer = training.ex.observers[0]
    observer.retry_policy = RetryPolicy(wait=0.0, end_timeout=0.0, retry_interval=0.0)
    observer.failure_dir = str(spools / "undelivered")
    with monkeypatch.context() as patch:
        patch.setattr(MemoryObserver, "append_points", refuse)
        training.fail(3)
    assert training.store.metrics(1) == {} and list((spools / "undelivered").iterdir())
    caplog.clear()
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        if is_refused:
            patch.setattr(MemoryObserver, "append_points", refuse)
        training.ex.run(resume=1)
    warnings = [each for each in caplog.messages if "could not be delivered" in each]
    assert bool(warnings) == is_refused
    assert all("the memory is read-only" in each for each in warnings)
    if not is_refused:
        assert training.store.metrics(1, raw=True)["loss"]["steps"][:4] == [0, 1, 2, 3]
        assert training.store.get(1).segments[1].points["loss"] == 4
        assert not list((spools / "undelivered").iterdir())
