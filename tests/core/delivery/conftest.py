"""What tests of delivery share."""

import pytest

from sacred_core.testing import Memory, MemoryStore


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """A memory that every location of undelivered events leads to."""
    memory = Memory()
    monkeypatch.setattr(
        "sacred_core.delivery.loading.open_store", lambda location: MemoryStore(memory)
    )
    return memory
