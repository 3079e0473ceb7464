"""Every rule of the contract holds inside a queue too."""

from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from sacred_core.observers import QueueObserver
from sacred_core.testing import Memory, MemoryObserver, MemoryStore, StoreContract

from .schemes import memory_scheme


class WaitedFor(QueueObserver):
    """A queue for which the run waits: what the contract reads is then recorded."""

    def __init__(self, covered_observer: MemoryObserver) -> None:
        super().__init__(covered_observer, join_timeout=2.0)
        self.retry_policy = attrs.evolve(self.retry_policy, wait=60.0, interval=0.0)


class TestQueued(StoreContract):
    has_other_processes = False

    @pytest.fixture(autouse=True)
    def _memory(self) -> Iterator[None]:
        """Begin with an empty memory."""
        self.memory = Memory()
        with memory_scheme(self.memory):
            yield

    def make_observer(self, tmp_path: Path) -> QueueObserver:
        observer = MemoryObserver(self.memory)
        observer.store_location = f"memory://{tmp_path}"
        return WaitedFor(observer)

    def make_store(self, tmp_path: Path) -> MemoryStore:
        return MemoryStore(self.memory)
