"""Records runs in memory, with sources, from a few words."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sacred_core.stores import StoredRun
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.testing.event_driver import START


class Recorder:
    """Records runs in one memory; calling it records one and returns it.

    Attributes:
        memory: With the runs.
        store: Of the memory.
    """

    def __init__(self, folder: Path) -> None:
        self.memory = Memory()
        self.store = MemoryStore(self.memory)
        self._folder = folder

    def __call__(
        self,
        config: Mapping[str, Any] | None = None,
        sources: Mapping[str, str | bytes] | None = None,
        ex_info: Mapping[str, Any] | None = None,
        metrics: Mapping[str, list[Any]] | None = None,
        output: str = "",
        result: Any = None,
        **start: Any,
    ) -> StoredRun:
        driver = EventDriver(MemoryObserver(self.memory))
        base = self._folder / f"code{len(self.memory.runs)}"
        pairs = [[name, self._write(base / name, text)] for name, text in (sources or {}).items()]
        info = {"name": "trial", "base_dir": str(base), "sources": pairs, "dependencies": []}
        time = START + timedelta(hours=len(self.memory.runs))
        fields = {"ex_info": info | dict(ex_info or {}), "config": dict(config or {})}
        run_id = driver.start(**{"start_time": time, **fields, **start})
        if output:
            driver.print(output)
        for name, values in (metrics or {}).items():
            driver.log(name, values)
        driver.complete(result)
        return self.store.get(run_id)

    def _write(self, path: Path, text: str | bytes) -> str:
        content = text.encode() if isinstance(text, str) else text
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return hashlib.md5(content, usedforsecurity=False).hexdigest()


@pytest.fixture
def record(tmp_path: Path) -> Recorder:
    """What records runs in one memory."""
    return Recorder(tmp_path)
