"""Tests of the check of stores."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sacred_core.doctor import reachable_stores
from sacred_core.doctor.reachable_stores import check_stores
from sacred_core.exceptions import StoreError
from sacred_core.stores.model import StoredRun
from sacred_core.testing import Memory, MemoryStore
from sacred_core.testing.memory import MemoryRun

from .conftest import problems


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """The memory that every location is."""
    memory = Memory()
    monkeypatch.setattr(reachable_stores, "open_store", lambda location: MemoryStore(memory))
    return memory


def _add(memory: Memory, number: int, **attributes: Any) -> None:
    run = StoredRun(id=number, status="COMPLETED", **attributes)
    memory.runs[number] = MemoryRun(run)


def test_the_runs_of_a_store_are_counted(memory: Memory) -> None:
    """The store is named as the user named it."""
    for number in range(3):
        _add(memory, number, start_time=datetime.now(UTC))
    assert [each.message for each in check_stores(["here"])] == ["here: 3 runs"]


def test_damaged_runs_are_found(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their ids are listed, and the command that prints the reason."""
    runs = [
        StoredRun(id=1, status="COMPLETED"),
        StoredRun(id=2, status="COMPLETED", damage="config.json is damaged"),
    ]
    monkeypatch.setattr(reachable_stores, "find_runs", lambda store, limit: runs)
    [(level, message, fix)] = problems(check_stores(["here"]))
    assert level == "warning" and message.endswith("of the newest 2 cannot be read in full: 2")
    assert fix == "to see the reason: sacred runs show here 2"


@pytest.mark.parametrize(("seconds", "is_wrong"), [(30, False), (600, True)])
def test_runs_of_the_future_are_found(memory: Memory, seconds: int, is_wrong: bool) -> None:
    """The clock of this machine, or of the one that recorded, is wrong by more than a minute."""
    later = datetime.now(UTC) + timedelta(seconds=seconds)
    _add(memory, 1, start_time=later - timedelta(hours=1), heartbeat=later)
    found = problems(check_stores(["here"]))
    assert [("which is in the future" in message) for _, message, _ in found] == [True] * is_wrong


def test_a_store_that_cannot_be_opened_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another exception than that of a store is reported in the same way, without secrets."""

    def fail(location: str) -> None:
        raise StoreError("it is closed") if location == "a" else KeyError("x")

    monkeypatch.setattr(reachable_stores, "open_store", fail)
    assert problems(check_stores(["a", "acme://ada:hunter2@host"])) == [
        (
            "error",
            "a: it is closed",
            "correct the location, or record a run there: python SCRIPT -F a",
        ),
        (
            "error",
            "acme://ada:***@host: KeyError: 'x'",
            "correct the location, or start its server",
        ),
    ]


def test_a_missing_plugin_has_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The command is the fix, and not a part of the message."""

    def fail(location: str) -> None:
        raise StoreError("no plugin reads it: install it with: pip install sacred-sql")

    monkeypatch.setattr(reachable_stores, "open_store", fail)
    assert problems(check_stores(["x"])) == [
        ("error", "x: no plugin reads it", "pip install sacred-sql")
    ]


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A store whose library waits until the test ends."""
    end = threading.Event()
    monkeypatch.setattr(reachable_stores, "open_store", lambda location: end.wait(60))
    before = threading.active_count()
    yield
    end.set()
    while threading.active_count() > before:
        pass


def test_a_store_that_does_not_answer_is_found(waiting: None) -> None:
    """The check ends after the given time."""
    [(level, message, fix)] = problems(check_stores(["slow"], timeout=0.01))
    assert (level, message) == ("error", "slow: no answer within 0.01 seconds")
    assert "--timeout" in fix


def test_without_locations_the_stores_here_are_checked(
    memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the working directory are found; where there are many, the rest is counted."""
    monkeypatch.chdir(tmp_path)
    [found] = check_stores()
    assert found.message.startswith("no store in the working directory")
    locations = {str(number): f"runs{number}" for number in range(12)}
    monkeypatch.setattr(reachable_stores, "find_locations", lambda folder, depth: locations)
    messages = [each.message for each in check_stores()]
    assert messages[0] == "runs0: 0 runs" and len(messages) == 11
    assert messages[-1] == "2 more stores in the working directory"
