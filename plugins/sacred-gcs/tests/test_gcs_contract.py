"""The observer and the store keep the contract, over HTTP."""

import os
from pathlib import Path
from typing import Any

import pytest
from sacred_gcs import GoogleCloudStorageObserver, GoogleCloudStorageStore

from sacred_core.testing import StoreContract


class TestGcs(StoreContract):
    @pytest.fixture(autouse=True)
    def _bucket(self, bucket: Any) -> None:
        self.name = bucket.name

    def test_a_query_finds_what_it_asks_for(self, tmp_path: Path) -> None:
        """400 drawn queries, which need ten thousand answers of the server."""
        if not os.environ.get("SACRED_TEST_EXAMPLES"):
            pytest.skip("takes minutes: set SACRED_TEST_EXAMPLES; sacred-objects asks the same")
        super().test_a_query_finds_what_it_asks_for(tmp_path)

    def make_observer(self, tmp_path: Path) -> GoogleCloudStorageObserver:
        return GoogleCloudStorageObserver(self.name, "/experiment-name/of mine/")

    def make_store(self, tmp_path: Path) -> GoogleCloudStorageStore:
        return GoogleCloudStorageStore(self.name, "experiment-name/of mine")
