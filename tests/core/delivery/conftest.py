"""What tests of delivery share."""

import pytest

from sacred_core.testing import Memory, MemoryStore


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """A memory that every location of undelivered events leads to."""
    memory = Memory()
    for name in ("delivery.loading.open_store", "spool.flushing.open_target"):
        monkeypatch.setattr(f"sacred_core.{name}", lambda location: MemoryStore(memory))
    return memory
