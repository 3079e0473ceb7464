"""The observer and the store keep the contract, over HTTP."""

from pathlib import Path
from typing import Any, ClassVar

import pytest
from sacred_s3 import S3Observer, S3Store

from sacred_core.testing import StoreContract


class TestS3(StoreContract):
    queries = 20  # each lists all runs, by several requests each
    secret: ClassVar[str | None] = "hunter2hunter2hunter2"

    @pytest.fixture(autouse=True)
    def _bucket(self, bucket: Any) -> None:
        self.arguments = bucket.arguments

    def make_observer(self, tmp_path: Path) -> S3Observer:
        return S3Observer(basedir="/my-project/of mine/", **self.arguments)

    def make_store(self, tmp_path: Path) -> S3Store:
        return S3Store(basedir="my-project/of mine", **self.arguments)
