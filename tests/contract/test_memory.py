"""The reference implementation fulfils the contract."""

from pathlib import Path
from typing import Any

from sacred_core.testing import Memory, MemoryObserver, MemoryStore, StoreContract


class TestMemory(StoreContract):
    def setup_method(self) -> None:
        """Begin with an empty memory."""
        self.memory = Memory()

    def make_observer(self, tmp_path: Path) -> MemoryObserver:
        return MemoryObserver(self.memory)

    def make_store(self, tmp_path: Path) -> MemoryStore:
        return MemoryStore(self.memory)

    def damage(self, tmp_path: Path, run_id: Any) -> bool:
        self.memory.runs[run_id].run.config = [1]  # type: ignore[assignment]
        return True
