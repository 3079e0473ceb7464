"""The observer and the store fulfil the contract."""

import json
from pathlib import Path
from typing import Any

from sacred_tinydb import TinyDbObserver, TinyDbStore

from sacred_core.testing import PluginContract, StoreContract


class TestPlugin(PluginContract):
    distribution = "sacred-tinydb"


class TestTinyDb(StoreContract):
    def make_observer(self, tmp_path: Path) -> TinyDbObserver:
        return TinyDbObserver(tmp_path / "runs_db")

    def make_store(self, tmp_path: Path) -> TinyDbStore:
        (tmp_path / "runs_db").mkdir(exist_ok=True)
        return TinyDbStore(tmp_path / "runs_db")

    def command_line_options(self, tmp_path: Path) -> list[str]:
        return ["-t", str(tmp_path / "runs_db")]

    def damage(self, tmp_path: Path, run_id: Any) -> bool:
        path = tmp_path / "runs_db" / "metadata.json"
        content = json.loads(path.read_text())
        (run,) = (each for each in content["runs"].values() if each["_id"] == run_id)
        run.update(config=[1], start_time="{TinyDate}:2026-13-45", artifacts={"made": 1})
        path.write_text(json.dumps(content))
        return True

    def content_type(self, tmp_path: Path, run_id: Any, name: str) -> str | None:
        documents = json.loads((tmp_path / "runs_db" / "metadata.json").read_text())["runs"]
        (run,) = (each for each in documents.values() if each["_id"] == run_id)
        (entry,) = (each for each in run["artifacts"] if each[0] == name)
        kind: str | None = entry[4].get("content_type") if len(entry) > 4 else None
        return kind
