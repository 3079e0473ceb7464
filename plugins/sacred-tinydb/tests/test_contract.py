"""The observer and the store keep the contract."""

from pathlib import Path

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
