"""The observer and the store keep the contract."""

from pathlib import Path

from sacred_file import FileStorageObserver, FileStore

from sacred_core.testing import StoreContract


class TestFile(StoreContract):
    def make_observer(self, tmp_path: Path) -> FileStorageObserver:
        return FileStorageObserver(tmp_path / "runs")

    def make_store(self, tmp_path: Path) -> FileStore:
        return FileStore(tmp_path / "runs")
