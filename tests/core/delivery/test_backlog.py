"""Tests of events that wait for an observer, in memory and on disk."""

import contextlib
import errno
import logging
import resource as resource_limits
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sacred_core import events
from sacred_core.cli.main import sacred
from sacred_core.delivery.backlog import Backlog
from sacred_core.delivery.overflow import Overflow
from sacred_core.exceptions import UnavailableError
from sacred_core.observers import RetryPolicy
from sacred_core.testing import Memory, MemoryObserver, MemoryStore
from sacred_core.testing.comparing import assert_metrics
from sacred_core.testing.event_driver import DispatchingDriver

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE = events.EventSource("run")
#: Entries in memory; the tests send many more.
CAPACITY = 5


@pytest.fixture(autouse=True)
def small_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few events fit into memory, and into a file."""
    monkeypatch.setattr("sacred_core.delivery.backlog.CAPACITY", CAPACITY)
    monkeypatch.setattr("sacred_core.delivery.overflow.SEGMENT_EVENTS", 7)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk"


@pytest.fixture
def backlog(disk: Path) -> Backlog:
    return Backlog(Overflow(lambda: disk, lambda event: event))


def resource(name: Any) -> events.Event:
    return SOURCE.make(events.ResourceAdded, filename=str(name))


def beat() -> events.Heartbeat:
    return SOURCE.make(events.Heartbeat, info={}, beat_time=NOW)


def drain(backlog: Backlog) -> Iterator[Any]:
    while backlog.first() is not None:
        yield backlog.remove_first()


def names(backlog: Backlog) -> list[str]:
    return [getattr(event, "filename", event.method) for event in drain(backlog)]


@contextlib.contextmanager
def limited_file_size(size: int) -> Iterator[None]:
    """Let writes beyond a size of any file fail, as on a full disk."""
    before = resource_limits.getrlimit(resource_limits.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource_limits.setrlimit(resource_limits.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource_limits.setrlimit(resource_limits.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_what_does_not_fit_into_memory_is_on_disk_in_order(backlog: Backlog, disk: Path) -> None:
    """Also what is added while a part is read again; then the files are removed."""
    for number in range(30):
        backlog.add(resource(number))
    assert len(backlog) == 30
    assert sum(len(path.read_text().splitlines()) for path in disk.iterdir()) == 25
    found = [backlog.remove_first() for _ in range(10)]
    for number in range(30, 40):
        backlog.add(resource(number))
    found += drain(backlog)
    assert [event.filename for event in found] == [str(number) for number in range(40)]  # type: ignore[attr-defined]
    assert (backlog.removed, backlog.lost, list(disk.iterdir())) == (40, 0, [])
    backlog.add(resource("later"))
    assert names(backlog) == ["later"] and list(disk.iterdir()) == []


def test_large_events_are_on_disk_too(
    backlog: Backlog, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is limited by bytes as well; one event of any size is in memory."""
    monkeypatch.setattr("sacred_core.delivery.backlog.CAPACITY_BYTES", 10_000)
    for number in range(4):
        backlog.add(SOURCE.make(events.OutputCaptured, text="x" * 20_000, offset=number))
    points = {"steps": [0] * 100, "values": [0] * 100, "timestamps": [NOW] * 100}
    metrics = {"m": {"name": "m", **points}}
    for _ in range(2):
        event = SOURCE.make(events.MetricsLogged, metrics_by_name=metrics, info={}, starts={"m": 0})
        backlog.add(event)
    assert sum(len(path.read_text().splitlines()) for path in disk.iterdir()) == 5
    found = list(drain(backlog))
    assert [event.offset for event in found[:4]] == [0, 1, 2, 3]
    assert found[4].metrics_by_name == metrics
    backlog.add(resource("small"))
    assert list(disk.iterdir()) == []


def test_the_heartbeat_and_the_end_come_last(backlog: Backlog) -> None:
    """Of several heartbeats only the last is retained, wherever the earlier one is."""
    beats = [beat() for _ in range(4)]
    backlog.add(resource("first"))
    backlog.add(beats[0])
    for number in range(10):
        backlog.add(resource(number))
    for each in beats[1:]:
        backlog.add(each)
        assert backlog.newest(events.Heartbeat) is each and backlog.has(each)
    backlog.add(resource("last"))
    end = SOURCE.make(events.RunCompleted, stop_time=NOW)
    backlog.add(end)
    assert len(backlog) == 14
    expected = ["first", *map(str, range(10)), "last", "heartbeat_event", "completed_event"]
    assert names(backlog) == expected
    assert backlog.removed == 17


def test_a_heartbeat_that_may_be_in_progress_is_not_merged(backlog: Backlog) -> None:
    """It is the first entry."""
    backlog.add(beat())
    backlog.add(beat())
    backlog.add(beat())
    assert len(backlog) == 2


def test_events_move_behind_those_on_disk(backlog: Backlog) -> None:
    """As where an observer refuses many of them."""
    for number in range(20):
        backlog.add(resource(number))
    for _ in range(3):
        backlog.move_first_to(backlog)
    assert names(backlog) == [str(number) for number in [*range(3, 20), 0, 1, 2]]


def test_a_full_disk_is_reported_and_counted(
    disk: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fits later is in order, and so is the end."""
    is_full = True

    def safe(event: events.Event) -> events.Event:
        if is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return event

    backlog = Backlog(Overflow(lambda: disk, safe))
    for number in range(8):
        backlog.add(resource(number))
    backlog.add(beat())
    is_full = False
    backlog.add(resource("later"))
    backlog.add(SOURCE.make(events.RunCompleted, stop_time=NOW))
    assert (backlog.lost, len(backlog)) == (3, 8)
    (message,) = caplog.messages
    assert "Events of the run are lost" in message and "No space left" in message
    assert names(backlog) == [*"01234", "later", "heartbeat_event", "completed_event"]


def test_a_line_that_is_written_in_part_is_removed(disk: Path) -> None:
    """The next one is read."""
    overflow = Overflow(lambda: disk, lambda event: event)
    overflow.append(resource("a"))
    (path,) = disk.iterdir()
    with limited_file_size(path.stat().st_size + 20), pytest.raises(OSError, match="File too"):
        overflow.append(resource("b" * 1000))
    overflow.append(resource("c"))
    assert [event.filename for event in overflow.take()] == ["a", "c"]  # type: ignore[attr-defined]


def test_files_that_are_lost_are_reported(
    backlog: Backlog, disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The events of the other files are delivered."""
    for number in range(20):
        backlog.add(resource(number))
    first, second, _ = sorted(disk.iterdir())
    first.unlink()
    second.write_text("no event\n")
    assert names(backlog) == [*"01234", "19"]
    assert backlog.lost == 14 and backlog.removed == 20
    assert len(caplog.messages) == 1


class Away(MemoryObserver):
    """Stores runs in a memory, except while it is `down`."""

    store_location = "memory://here"
    retry_policy = RetryPolicy(retry_interval=0.01, end_timeout=0.05)
    down = False

    def own_record(self) -> Any:
        if self.down:
            raise UnavailableError("the memory is away")
        return super().own_record()


class LongOutage:
    """A run whose server is away for many events, each of which has a file that is removed."""

    def __init__(self, folder: Path, memory: Memory) -> None:
        self.observer = Away(memory)
        self.observer.failure_dir = folder / "failed"
        self.driver = DispatchingDriver(self.observer, logging.getLogger("backlog"))
        self.run_id = self.driver.start()
        self.driver.print("before\n")
        self.observer.down = True
        for number in range(40):
            made = folder / "made"
            made.write_text(f"content {number}")
            self.driver.artifact(f"{number}", str(made))
            made.unlink()
            self.driver.print(f"line {number}\n")
            self.driver.log("loss", [float(number)])
            self.driver.beat(info={"beat": number})

    def check_whole(self, store: MemoryStore) -> None:
        (run,) = store.list()
        assert (run.status, run.result, run.info) == ("COMPLETED", 1, {"beat": 39})
        assert store.output(self.run_id) == self.driver.output
        assert_metrics(store, self.run_id, self.driver)
        assert sorted(run.artifacts) == sorted(str(number) for number in range(40))
        for name in run.artifacts:
            with store.open_file(self.run_id, "artifact", name) as file:
                assert file.read() == f"content {name}".encode()


def test_all_is_stored_when_the_server_is_back(tmp_path: Path, memory: Memory) -> None:
    """In order, with the files as they were; nothing is left on disk."""
    outage = LongOutage(tmp_path, memory)
    assert list((tmp_path / "failed").glob("*/Away-*/overflow/*/*.jsonl"))
    outage.observer.down = False
    outage.driver.complete(result=1)
    outage.check_whole(MemoryStore(memory))
    assert list((tmp_path / "failed").iterdir()) == []


def test_all_is_loaded_if_the_server_is_not_back(
    tmp_path: Path, memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    """From the folder, with the command that is printed."""
    outage = LongOutage(tmp_path, memory)
    outage.driver.complete(result=1)
    (folder,) = (tmp_path / "failed").glob("*/*")
    assert sorted(path.name for path in folder.iterdir()) == [
        "events.jsonl", "files", "lock", "undelivered.json",
    ]  # fmt: skip
    (command,) = [text for text in caplog.messages if "To store them: " in text]
    done = CliRunner().invoke(sacred, command.partition(": sacred ")[2].split())
    assert done.exit_code == 0, done.output
    outage.check_whole(MemoryStore(memory))
    assert list((tmp_path / "failed").iterdir()) == []


def test_a_disk_that_is_full_at_the_end_is_reported(
    tmp_path: Path, memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    """What could be written is loaded; what could not is counted."""
    outage = LongOutage(tmp_path, memory)
    with limited_file_size(5_000):
        outage.driver.complete(result=1)
    (lost,) = [text for text in caplog.messages if "could not be written" in text]
    assert lost.endswith("undelivered events could not be written")
    (folder,) = (tmp_path / "failed").glob("*/*")
    written = len((folder / "events.jsonl").read_text().splitlines())
    assert written > 0 and int(lost.split()[0]) + written == 122
    done = CliRunner().invoke(sacred, ["runs", "load", str(folder)])
    assert done.exit_code == 0, done.output
