"""What tests of the command ``sacred`` share."""

import contextlib
import io
from collections.abc import Callable

import pytest

from sacred_core.cli.main import sacred
from sacred_core.testing import Memory, MemoryStore

_COMMANDS = ("change_runs", "options")
_COMMANDS_OF_TWO = ("verify_runs", "copy_runs", "sync_runs")


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """The memory that every location is."""
    memory = Memory()
    for name in _COMMANDS:
        monkeypatch.setattr(
            f"sacred_core.cli.runs.{name}.open_store", lambda location: MemoryStore(memory)
        )
    return memory


@pytest.fixture
def memories(monkeypatch: pytest.MonkeyPatch) -> dict[str, Memory]:
    """The memories of the locations ``a`` and ``b`` of commands with two locations."""
    memories = {"a": Memory(), "b": Memory()}
    for name in _COMMANDS_OF_TWO:
        monkeypatch.setattr(
            f"sacred_core.cli.runs.{name}.open_store",
            lambda location: MemoryStore(memories[location]),
        )
    monkeypatch.setattr(
        "sacred_core.cli.runs.copy_runs.open_target",
        lambda location: MemoryStore(memories[location]),
    )
    monkeypatch.setattr(
        "sacred_core.cli.runs.copy_runs.open_existing_target",
        lambda location: MemoryStore(memories[location]) if memories[location].runs else None,
    )
    return memories


class _Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def in_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Runs ``sacred`` in a terminal of a width, and returns the lines that it prints."""

    def invoke(width: int, *args: str) -> list[str]:
        monkeypatch.setenv("COLUMNS", str(width))
        terminal = _Terminal()
        with contextlib.redirect_stdout(terminal):
            sacred([*args], prog_name="sacred", standalone_mode=False)
        return terminal.getvalue().splitlines()

    return invoke
