"""What tests of the command ``sacred`` share."""

import pytest

from sacred_core.testing import Memory, MemoryStore

_COMMANDS = ("change_runs", "options")


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """The memory that every location is."""
    memory = Memory()
    for name in _COMMANDS:
        monkeypatch.setattr(
            f"sacred_core.cli.runs.{name}.open_store", lambda location: MemoryStore(memory)
        )
    return memory
