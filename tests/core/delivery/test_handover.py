"""Tests of what an observer did not record: it goes to a folder, from which it is loaded."""

import json
import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from click.testing import CliRunner

from sacred_core import events
from sacred_core.cli.runs import runs
from sacred_core.delivery.dispatcher import Dispatcher
from sacred_core.delivery.event_files import decode_event, encode_event
from sacred_core.delivery.loading import event_folders, load_folders
from sacred_core.exceptions import SacredError, StoreError, UnavailableError
from sacred_core.observers import QueueObserver, RetryPolicy
from sacred_core.testing import Memory, MemoryObserver, MemoryStore
from sacred_core.testing.event_driver import DispatchingDriver

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)
START: dict[str, Any] = {
    "ex_info": {"name": "ex"}, "command": "main", "host_info": {}, "config": {"a": float("nan")},
    "meta_info": {},
}  # fmt: skip
SOURCE = events.EventSource("run")
POINTS = {"steps": [0, 2**70], "values": [float("inf"), "x"], "timestamps": [NOW, NOW]}


class Broken(MemoryObserver):
    """Stores runs in a memory; fails while it is `down`, and refuses some methods."""

    store_location = "memory://here"
    retry_policy = RetryPolicy(retry_interval=0.01, end_timeout=0.05)
    down = False
    refused = ""

    def own_record(self) -> Any:
        if self.down:
            raise UnavailableError("the memory is away")
        return super().own_record()


class RefusingHeartbeats(Broken):
    """Refuses each heartbeat."""

    def heartbeat_event(self, info: Any, beat_time: Any = None, result: Any = None) -> None:
        raise StoreError("refused")


@pytest.fixture
def failed(memory: Memory, tmp_path: Path) -> Path:
    """The folder of a run whose observer was away from the middle on."""
    observer = Broken(memory)
    observer.failure_dir = tmp_path / "failed"
    driver = DispatchingDriver(observer, logging.getLogger("handover"))
    driver.start(config={"a": 1})
    driver.print("before\n")
    observer.down = True
    made = tmp_path / "made.txt"
    made.write_text("content")
    driver.artifact("made", str(made))
    made.unlink()
    driver.print("after\n")
    driver.log("loss", [1.0, 2.0])
    driver.beat(info={"b": 2})
    driver.complete(result=3)
    (folder,) = (tmp_path / "failed").glob("*/Broken-*")
    return folder


def check_whole(memory: Memory) -> None:
    store = MemoryStore(memory)
    (run,) = store.list()
    assert (run.status, run.result, run.info) == ("COMPLETED", 3, {"b": 2})
    assert store.output(run.id) == "before\nafter\n"
    assert store.metrics(run.id)["loss"]["values"] == [1.0, 2.0]
    assert store.open_file(run.id, "artifact", "made").read() == b"content"


@pytest.mark.parametrize(
    "event",
    [
        SOURCE.make(events.RunStarted, start_time=NOW, **START),
        SOURCE.make(events.RunQueued, queue_time=NOW, _id=3, asked_id="x", **START),
        SOURCE.make(
            events.Heartbeat,
            info={"a": [1, {"b": None}]},
            beat_time=NOW,
            result=2,
            captured=[["a.py", "main", ["b"]], [None, "f", []]],
        ),
        SOURCE.make(events.OutputCaptured, text="ä\udc80\n", offset=3),
        SOURCE.make(
            events.MetricsLogged,
            metrics_by_name={"m": {"name": "m", **POINTS}},
            info={},
            starts={"m": 4},
        ),
        SOURCE.make(events.ResourceAdded, filename="/r"),
        SOURCE.make(
            events.ArtifactAdded, name="a", filename="/a", metadata={"k": 1}, content_type="t/x"
        ),
        SOURCE.make(
            events.CodeLoaded, sources=[["a.py", "md5"]], dependencies=["n==1"], base_dir="/b"
        ),
        SOURCE.make(events.RunAnnotated, time=NOW, user="ann", note="ä\n", added=["a"], removed=[]),
        SOURCE.make(events.RunCompleted, stop_time=NOW, result={"x": 1}),
        SOURCE.make(events.RunInterrupted, interrupt_time=NOW, status="MINE", fail_trace=["a"]),
        SOURCE.make(events.RunFailed, fail_time=NOW, fail_trace=["b"]),
    ],
    ids=lambda event: type(event).__name__,
)
def test_events_come_back_from_their_lines(event: Any) -> None:
    """Each kind, with all values that events have."""
    line = encode_event(event)
    assert "\n" not in line
    assert repr(decode_event(line)) == repr(event)


@pytest.mark.parametrize("line", ["", "{}", '{"event": "Other"}', '{"event": "RunFailed"}', "[]"])
def test_other_lines_are_errors(line: str) -> None:
    """One exception for whatever the line has."""
    with pytest.raises(ValueError):  # noqa: PT011 - the text is that of the parser, too
        decode_event(line)


def test_what_was_missed_is_loaded(failed: Path, memory: Memory) -> None:
    """Everything that came while the observer was away, with its files; the folder is removed."""
    (done,) = load_folders(failed)
    assert (done.count, done.left) == (5, ())
    check_whole(memory)
    assert not failed.exists()


def test_folders_that_are_removed_meanwhile(failed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process delivers them: they are skipped."""
    above = failed.parent.parent
    (above / "gone").mkdir()
    scandir = os.scandir

    def remove_first(folder: Any) -> Any:
        if Path(folder).name == "gone":
            Path(folder).rmdir()
        return scandir(folder)

    with monkeypatch.context() as patched:
        patched.setattr("os.scandir", remove_first)
        assert event_folders(above) == [failed]


def test_the_printed_command_loads_it(
    memory: Memory, tmp_path: Path, caplog: pytest.LogCaptureFixture, failed: Path
) -> None:
    """One warning has the command; it accepts the folder of all runs too."""
    logged = [record.getMessage() for record in caplog.get_records("setup")]
    (message,) = [each for each in logged if "To store them:" in each]
    assert message.endswith(f"To store them: sacred spool flush --spool {failed.parent}")
    done = CliRunner().invoke(runs, ["load", str(failed.parent.parent)])
    assert (done.exit_code, done.output) == (0, f"{failed}: stored 5 events of run 1\n")
    check_whole(memory)
    assert not failed.parent.exists()


def test_a_run_that_was_deleted_is_started_again(failed: Path, memory: Memory) -> None:
    """With its start, which the folder has."""
    memory.runs.clear()
    list(load_folders(failed))
    (run,) = MemoryStore(memory).list()
    assert (run.id, run.status, run.config) == (1, "COMPLETED", {"a": 1})


def test_another_run_of_the_id_is_not_changed(failed: Path, memory: Memory) -> None:
    """It started at another time."""
    memory.runs[1].run.start_time += timedelta(hours=1)
    with pytest.raises(StoreError, match="run '1' in the store is another run"):
        list(load_folders(failed))
    assert memory.runs[1].output == "before\n" and failed.exists()


def test_what_is_refused_again_stays(
    failed: Path, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are stored, and are not stored again by the next attempt."""

    def refuse(self: Any, metrics: Any, starts: Any) -> bool:
        raise StoreError("refused")

    with monkeypatch.context() as patch:
        patch.setattr(MemoryObserver, "append_points", refuse)
        done = CliRunner().invoke(runs, ["load", str(failed)])
    assert done.exit_code == 1
    assert "stored 4 events of run 1" in done.output
    assert "not stored: log_metrics (refused)" in done.output
    assert not list(failed.glob("files/*/made.txt"))
    memory.runs[1].run.result = "changed since"
    (again,) = load_folders(failed)
    assert again.left == () and not failed.exists()
    assert memory.runs[1].run.result == "changed since"
    assert MemoryStore(memory).metrics(1)["loss"]["values"] == [1.0, 2.0]


def test_an_outage_ends_the_command_and_changes_nothing(
    failed: Path, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be repeated."""

    def refuse(self: Any) -> Any:
        raise UnavailableError("still away")

    with monkeypatch.context() as patch:
        patch.setattr(MemoryObserver, "own_record", refuse)
        with pytest.raises(UnavailableError):
            list(load_folders(failed))
    list(load_folders(failed))
    check_whole(memory)


def test_folders_without_events_are_errors(tmp_path: Path) -> None:
    """So are damaged ones, and stores that cannot continue runs."""
    with pytest.raises(SacredError, match="contains no undelivered events of a run"):
        list(load_folders(tmp_path))
    (tmp_path / "undelivered.json").write_text("{}")
    with pytest.raises(SacredError, match="does not contain undelivered events"):
        list(load_folders(tmp_path))


def test_a_damaged_line_is_an_error(failed: Path) -> None:
    """Of a folder with a damaged line nothing is stored."""
    with (failed / "events.jsonl").open("a") as file:
        file.write('{"event": 3}\n')
    with pytest.raises(SacredError, match="cannot be read: not an event"):
        list(load_folders(failed))


def test_an_observer_without_a_store_needs_a_location(failed: Path, memory: Memory) -> None:
    """Given with the command."""
    record = json.loads((failed / "undelivered.json").read_text())
    (failed / "undelivered.json").write_text(json.dumps({**record, "location": None}))
    with pytest.raises(StoreError, match="has no known location: pass its LOCATION"):
        list(load_folders(failed))
    list(load_folders(failed, "memory://there"))
    check_whole(memory)


def test_a_late_heartbeat_does_not_replace_the_result(memory: Memory, tmp_path: Path) -> None:
    """It was refused during the run, whose end was recorded."""
    observer = RefusingHeartbeats(memory)
    observer.failure_dir = tmp_path
    driver = DispatchingDriver(observer, logging.getLogger("handover"))
    driver.start()
    driver.beat(info={"large": 1})
    driver.complete(result=3)
    list(load_folders(tmp_path))
    (run,) = MemoryStore(memory).list()
    assert (run.status, run.result, run.info) == ("COMPLETED", 3, {"large": 1})


def test_a_queue_hands_over_too(memory: Memory, tmp_path: Path) -> None:
    """A queue hands over to the folder of the covered observer, under its name."""
    observer = Broken(memory)
    observer.failure_dir = tmp_path
    queue = QueueObserver(observer, 0.01, 0.01, 0.05)
    driver = DispatchingDriver(queue, logging.getLogger("handover"))
    driver.start()
    observer.down = True
    driver.print("text")
    driver.complete()
    (folder,) = tmp_path.glob("*/*")
    assert json.loads((folder / "undelivered.json").read_text())["observer"] == "Broken"
    list(load_folders(folder))
    assert MemoryStore(memory).output(1) == "text"


class Two:
    """A run of two observers, whose stores are away from the middle on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *failure_dirs: Path) -> None:
        self.memories = {"one://u@host/path": Memory(), "two://host/path": Memory()}
        self.opened: list[str] = []
        self.refused: set[str] = set()
        monkeypatch.setattr("sacred_core.delivery.loading.open_store", self.open)
        observers = []
        for (location, memory), folder in zip(self.memories.items(), failure_dirs, strict=True):
            observer = Broken(memory)
            observer.store_location, observer.failure_dir = location, folder
            observers.append(observer)
        source = events.EventSource("run")
        dispatcher = Dispatcher(observers, lambda name: "", logging.getLogger("handover"))
        dispatcher.send_start(source.make(events.RunStarted, start_time=NOW, **START), None)
        for observer in observers:
            observer.down = True
        dispatcher.send(source.make(events.OutputCaptured, text="text", offset=0))
        dispatcher.finish(source.make(events.RunCompleted, stop_time=NOW))

    def open(self, location: str) -> MemoryStore:
        self.opened.append(location)
        plain = location.replace(":pw@", "@")
        if plain in self.refused:
            raise StoreError(f"no password for {plain}")
        return MemoryStore(self.memories[plain])

    def output(self, location: str) -> str:
        return MemoryStore(self.memories[location]).output(1)


def command_of(caplog: pytest.LogCaptureFixture) -> str:
    """Return the one command that the warnings have."""
    (message,) = [text for text in caplog.messages if "sacred spool flush" in text]
    return message.partition("To store them: ")[2]


def test_a_run_has_one_command_for_all_observers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It loads the folder of the run, which is then removed."""
    two = Two(monkeypatch, tmp_path, tmp_path)
    (folder,) = tmp_path.iterdir()
    assert command_of(caplog) == f"sacred spool flush --spool {folder}"
    done = CliRunner().invoke(runs, ["load", str(folder)])
    assert done.exit_code == 0 and done.output.count("stored 2 events of run 1\n") == 2
    assert [two.output(location) for location in two.memories] == ["text", "text"]
    assert list(tmp_path.iterdir()) == []


def test_one_line_loads_folders_in_several_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each observer has its own ``failure_dir``."""
    Two(monkeypatch, tmp_path / "a b", tmp_path / "c")
    (first,), (second,) = (tmp_path / "a b").iterdir(), (tmp_path / "c").iterdir()
    assert command_of(caplog) == f"sacred spool flush --spool '{first}' --spool {second}"


def test_a_given_store_is_that_of_the_same_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The events of other stores are not written to it; these stores are opened without it."""
    two = Two(monkeypatch, tmp_path, tmp_path)
    list(load_folders(tmp_path, "one://u:pw@host/path"))
    assert sorted(two.opened) == ["one://u:pw@host/path", "two://host/path"]
    assert [two.output(location) for location in two.memories] == ["text", "text"]


def test_a_store_of_another_place_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several stores it is not clear which one it replaces; for the folder of one it is."""
    two = Two(monkeypatch, tmp_path, tmp_path)
    two.memories["three://u@host"] = two.memories["one://u@host/path"]
    with pytest.raises(
        StoreError, match=r"three://u:\S+@host.* is not one of the stores .*one://u@"
    ):
        list(load_folders(tmp_path, "three://u:pw@host"))
    first, _ = sorted(
        tmp_path.glob("*/*"),
        key=lambda path: "one" in (path / "undelivered.json").read_text(),
        reverse=True,
    )
    list(load_folders(first, "three://u:pw@host"))
    assert two.opened == ["three://u:pw@host"]


def test_a_store_that_cannot_be_opened_does_not_hold_up_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error comes last, and its folder stays."""
    two = Two(monkeypatch, tmp_path, tmp_path)
    two.refused.add("one://u@host/path")
    done = CliRunner().invoke(runs, ["load", str(tmp_path)])
    assert done.exit_code == 1 and str(done.exception) == "no password for one://u@host/path"
    assert two.output("two://host/path") == "text"
    assert len(list(tmp_path.glob("*/*"))) == 1
    two.refused.add("two://host/path")
    with pytest.raises(StoreError, match="no password for one"):
        list(load_folders(tmp_path))


def test_a_folder_that_was_moved_is_loaded(failed: Path, memory: Memory, tmp_path: Path) -> None:
    """With its files, as to a machine that reaches the store."""
    moved = failed.rename(tmp_path / "moved")
    list(load_folders(moved))
    check_whole(memory)


@pytest.mark.parametrize(("location", "hands_over"), [(None, True), ("memory://here", False)])
def test_some_write_no_folder(
    memory: Memory, tmp_path: Path, location: str | None, hands_over: bool
) -> None:
    """Only heartbeats of an observer without a store, and one whose policy is against it."""

    class Refusing(RefusingHeartbeats):
        store_location = location
        retry_policy = attrs.evolve(Broken.retry_policy, hands_over=hands_over)

    observer = Refusing(memory)
    observer.failure_dir = tmp_path
    driver = DispatchingDriver(observer, logging.getLogger("handover"))
    driver.start()
    driver.beat()
    driver.complete()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_in_that_of_the_user(
    memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is in that of the user, and no other user can read it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    observer = Broken(memory)
    driver = DispatchingDriver(observer, logging.getLogger("handover"))
    driver.start()
    observer.down = True
    driver.complete()
    (folder,) = (tmp_path / "sacred" / "undelivered").iterdir()
    assert folder.stat().st_mode & 0o077 == 0
