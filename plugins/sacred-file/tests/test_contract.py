"""The observer and the store fulfil the contract."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from sacred_file import FileStorageObserver, FileStore

from sacred_core.testing import StoreContract


class TestFile(StoreContract):
    def make_observer(self, tmp_path: Path) -> FileStorageObserver:
        return FileStorageObserver(tmp_path / "runs")

    def make_store(self, tmp_path: Path) -> FileStore:
        (tmp_path / "runs").mkdir(exist_ok=True)
        return FileStore(tmp_path / "runs")

    def make_precise_store(self, tmp_path: Path) -> FileStore:
        store = self.make_store(tmp_path)
        store.clock_tolerance = timedelta(0)
        return store

    def command_line_options(self, tmp_path: Path) -> list[str]:
        return ["-F", str(tmp_path / "runs")]

    def damage(self, tmp_path: Path, run_id: Any) -> bool:
        (tmp_path / "runs" / str(run_id) / "run.json").write_text('{"status": "COMP')
        return True

    def content_type(self, tmp_path: Path, run_id: Any, name: str) -> str | None:
        entry = json.loads((tmp_path / "runs" / str(run_id) / "run.json").read_text())
        kind: str | None = entry["artifact_details"].get(name, {}).get("content_type")
        return kind
