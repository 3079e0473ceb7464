"""Many processes, processes that are killed, a server that is stopped, files that are large."""

import logging
from pathlib import Path
from typing import Any

import pytest
from sacred_gcs import GoogleCloudStorageObserver, GoogleCloudStorageStore

from sacred_core.testing.event_driver import DispatchingDriver
from sacred_core.testing.large_files import check_large_file

BASE = "runs"


def test_a_server_that_is_started_again(
    own_server_bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events from before the outage, during it and after it are all stored."""
    monkeypatch.setattr("sacred_gcs.bucket.PATIENCE", 0.2)
    bucket = own_server_bucket
    observer = GoogleCloudStorageObserver(bucket.name, BASE)
    driver = DispatchingDriver(observer, logging.getLogger("started again"))
    run_id = driver.start()
    driver.print("before\n")
    driver.log("loss", [1.0])
    made = tmp_path / "made"
    made.write_text("content")
    bucket.server.stop()
    driver.print("meanwhile\n")
    driver.log("loss", [2.0])
    driver.artifact("made", str(made))
    bucket.server.start()
    driver.print("after\n")
    driver.log("loss", [3.0])
    driver.complete()
    store = GoogleCloudStorageStore(bucket.name, BASE)
    assert store.get(run_id).status == "COMPLETED"
    assert store.output(run_id) == "before\nmeanwhile\nafter\n"
    assert store.metrics(run_id)["loss"]["values"] == [1.0, 2.0, 3.0]
    with store.open_file(run_id, "artifact", "made") as file:
        assert file.read() == b"content"


def test_a_large_file_is_not_read_into_memory(bucket: Any, tmp_path: Path) -> None:
    """50 MB go and come in pieces."""
    check_large_file(
        tmp_path, GoogleCloudStorageStore(bucket.name, BASE), "--gcs", f"gs://{bucket.name}/{BASE}"
    )
