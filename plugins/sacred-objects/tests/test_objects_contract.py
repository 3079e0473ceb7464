"""The shared observer and store fulfil the contract, on a bucket in memory."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sacred_objects import ObjectObserver, ObjectStore, bucket_layout

from sacred_core.testing import StoreContract


class TestObjects(StoreContract):
    has_other_processes = False

    @pytest.fixture(autouse=True)
    def _bucket(self, bucket: Any) -> None:
        self.bucket = bucket

    def make_observer(self, tmp_path: Path) -> ObjectObserver:
        return ObjectObserver(lambda: self.bucket, self.bucket.url, "/runs/of mine/")

    def make_store(self, tmp_path: Path) -> ObjectStore:
        return ObjectStore(bucket_layout(self.bucket, "runs/of mine"))

    def location(self, tmp_path: Path) -> None:
        """None: a bucket in memory has no location."""

    def make_precise_store(self, tmp_path: Path) -> ObjectStore:
        store = self.make_store(tmp_path)
        store.clock_tolerance = timedelta(0)
        return store

    def stored_bytes(self, tmp_path: Path) -> Iterator[bytes]:
        for key in self.bucket.list(""):
            yield key.encode() + (self.bucket.get(key) or b"")

    def damage(self, tmp_path: Path, run_id: Any) -> bool:
        (key,) = (key for key in self.bucket.objects if key.endswith(f"{run_id}/run.json"))
        self.bucket.put(key, b'{"status": "COMP')
        return True

    def content_type(self, tmp_path: Path, run_id: Any, name: str) -> str | None:
        (key,) = (key for key in self.bucket.kinds if key.endswith(f"{run_id}/{name}"))
        kind: str | None = self.bucket.kinds[key]
        return kind


class TestObjectsAtTheTop(TestObjects):
    series = 20

    def make_observer(self, tmp_path: Path) -> ObjectObserver:
        return ObjectObserver(lambda: self.bucket, self.bucket.url, "")

    def make_store(self, tmp_path: Path) -> ObjectStore:
        return ObjectStore(bucket_layout(self.bucket, ""))
