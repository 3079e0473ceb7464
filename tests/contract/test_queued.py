"""Every rule of the contract holds inside a queue too."""

from pathlib import Path

import attrs

from sacred_core.observers import QueueObserver
from sacred_core.testing import Memory, MemoryObserver, MemoryStore, StoreContract


class WaitedFor(QueueObserver):
    """A queue for which the run waits: what the contract reads is then recorded."""

    def __init__(self, covered_observer: MemoryObserver) -> None:
        super().__init__(covered_observer, join_timeout=2.0)
        self.retry_policy = attrs.evolve(self.retry_policy, wait=60.0, interval=0.0)


class TestQueued(StoreContract):
    def setup_method(self) -> None:
        """Begin with an empty memory."""
        self.memory = Memory()

    def make_observer(self, tmp_path: Path) -> QueueObserver:
        return WaitedFor(MemoryObserver(self.memory))

    def make_store(self, tmp_path: Path) -> MemoryStore:
        return MemoryStore(self.memory)
