"""The observer and the store fulfil the contract, over HTTP."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.cloud import storage
from sacred_gcs import GoogleCloudStorageObserver, GoogleCloudStorageStore

from sacred_core.testing import StoreContract
from sacred_core.testing.servers import Proxy


class TestGcs(StoreContract):
    queries = 20  # each lists all runs, by several requests each
    series = 20
    change_sequences = 4
    points = 6

    @pytest.fixture(autouse=True)
    def _bucket(self, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.name, self.patch = bucket.name, monkeypatch

    def make_observer(self, tmp_path: Path) -> GoogleCloudStorageObserver:
        return GoogleCloudStorageObserver(self.name, "/experiment-name/of mine/")

    def make_store(self, tmp_path: Path) -> GoogleCloudStorageStore:
        return GoogleCloudStorageStore(self.name, "experiment-name/of mine")

    def make_precise_store(self, tmp_path: Path) -> GoogleCloudStorageStore:
        store = self.make_store(tmp_path)
        store.clock_tolerance = timedelta(0)
        return store

    def command_line_options(self, tmp_path: Path) -> list[str]:
        return ["--gcs", f"gs://{self.name}/experiment-name/of mine"]

    def make_proxied_observer(self, tmp_path: Path) -> tuple[Any, Proxy]:
        proxy = Proxy(("127.0.0.1", int(os.environ["STORAGE_EMULATOR_HOST"].rpartition(":")[2])))
        proxy.open()
        self.patch.setenv("STORAGE_EMULATOR_HOST", proxy.url)
        self.patch.setattr("sacred_gcs.bucket.PATIENCE", 1.0)  # calls that are abandoned end sooner
        return self.make_observer(tmp_path), proxy

    def stored_bytes(self, tmp_path: Path) -> Iterator[bytes]:
        for blob in storage.Client(project="proj").list_blobs(self.name):
            yield f"{blob.name} {blob.metadata}".encode() + blob.download_as_bytes()

    def damage(self, tmp_path: Path, run_id: Any) -> bool:
        key = f"experiment-name/of mine/{run_id}/run.json"
        bucket = storage.Client(project="proj").bucket(self.name)
        bucket.blob(key).upload_from_string('{"status": "COMP')
        return True

    def content_type(self, tmp_path: Path, run_id: Any, name: str) -> str | None:
        """As browsers get it; GCS has a type for every object."""
        blob = (
            storage.Client(project="proj")
            .bucket(self.name)
            .get_blob(f"experiment-name/of mine/{run_id}/{name}")
        )
        kind: str = blob.content_type
        return None if kind == "application/octet-stream" else kind
