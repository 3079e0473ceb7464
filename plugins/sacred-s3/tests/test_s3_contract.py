"""The observer and the store keep the contract, over HTTP."""

import os
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sacred_s3 import S3Observer, S3Store

from sacred_core.testing import StoreContract


class TestS3(StoreContract):
    secret: ClassVar[str | None] = "hunter2hunter2hunter2"

    @pytest.fixture(autouse=True)
    def _bucket(self, bucket: Any) -> None:
        self.arguments = bucket.arguments

    def test_a_query_finds_what_it_asks_for(self, tmp_path: Path) -> None:
        """400 drawn queries, which need ten thousand answers of the server."""
        if not os.environ.get("SACRED_TEST_EXAMPLES"):
            pytest.skip("takes minutes: set SACRED_TEST_EXAMPLES; sacred-objects asks the same")
        super().test_a_query_finds_what_it_asks_for(tmp_path)

    def make_observer(self, tmp_path: Path) -> S3Observer:
        return S3Observer(basedir="/my-project/of mine/", **self.arguments)

    def make_store(self, tmp_path: Path) -> S3Store:
        return S3Store(basedir="my-project/of mine", **self.arguments)
