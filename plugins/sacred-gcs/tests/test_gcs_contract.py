"""The observer and the store keep the contract, over HTTP."""

from pathlib import Path
from typing import Any

import pytest
from sacred_gcs import GoogleCloudStorageObserver, GoogleCloudStorageStore

from sacred_core.testing import StoreContract


class TestGcs(StoreContract):
    queries = 20  # each lists all runs, by several requests each

    @pytest.fixture(autouse=True)
    def _bucket(self, bucket: Any) -> None:
        self.name = bucket.name

    def make_observer(self, tmp_path: Path) -> GoogleCloudStorageObserver:
        return GoogleCloudStorageObserver(self.name, "/experiment-name/of mine/")

    def make_store(self, tmp_path: Path) -> GoogleCloudStorageStore:
        return GoogleCloudStorageStore(self.name, "experiment-name/of mine")
