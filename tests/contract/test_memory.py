"""The reference implementation fulfils the contract."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sacred_core.testing import Memory, MemoryObserver, MemoryStore, StoreContract

from .schemes import memory_scheme


class TestMemory(StoreContract):
    has_other_processes = False

    @pytest.fixture(autouse=True)
    def _memory(self) -> Iterator[None]:
        """Begin with an empty memory."""
        self.memory = Memory()
        with memory_scheme(self.memory):
            yield

    def make_observer(self, tmp_path: Path) -> MemoryObserver:
        observer = MemoryObserver(self.memory)
        observer.store_location = f"memory://{tmp_path}"
        return observer

    def make_store(self, tmp_path: Path) -> MemoryStore:
        return MemoryStore(self.memory)

    def damage(self, tmp_path: Path, run_id: Any) -> bool:
        self.memory.runs[run_id].run.config = [1]  # type: ignore[assignment]
        return True
