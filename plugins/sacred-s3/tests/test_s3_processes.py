"""Many processes, processes that are killed, a network that goes away, files that are large."""

import json
import logging
from pathlib import Path
from typing import Any

from sacred_s3 import S3Observer, S3Store

from sacred_core.delivery.loading import load_folders
from sacred_core.observers import RetryPolicy
from sacred_core.testing import EventDriver
from sacred_core.testing.event_driver import DispatchingDriver
from sacred_core.testing.large_files import check_large_file

BASE = "runs"


def observer_of(bucket: Any, proxy: Any) -> S3Observer:
    return S3Observer(basedir=BASE, **{**bucket.arguments, "endpoint_url": proxy.url})


def test_what_cannot_be_sent_is_loaded_later(bucket: Any, proxy: Any, tmp_path: Path) -> None:
    """At the end of the run it goes to a folder, from which the whole run is stored."""
    observer = observer_of(bucket, proxy)
    observer.failure_dir = tmp_path / "failed"
    observer.retry_policy = RetryPolicy(end_timeout=0.2)
    driver = DispatchingDriver(observer, logging.getLogger("away"))
    run_id = driver.start()
    made = tmp_path / "made"
    made.write_text("content")
    proxy.close()
    driver.print("printed\n")
    driver.log("loss", [1.0])
    driver.artifact("in/made", str(made))
    driver.complete(result=5)
    store = S3Store(basedir=BASE, **bucket.arguments)
    (done,) = load_folders(tmp_path / "failed", store)
    assert done.left == ()
    assert (store.get(run_id).status, store.get(run_id).result) == ("COMPLETED", 5)
    assert store.output(run_id) == "printed\n"
    assert store.metrics(run_id)["loss"]["values"] == [1.0]
    with store.open_file(run_id, "artifact", "in/made") as file:
        assert file.read() == b"content"


def test_an_idle_heartbeat_costs_the_same_whatever_was_logged(bucket: Any, proxy: Any) -> None:
    """Its bytes, counted on the wire, are those of a new run, and few."""
    driver = EventDriver(observer_of(bucket, proxy))
    driver.start()
    driver.log("loss", [0.5])  # the record has a summary of each metric
    driver.beat()

    def cost() -> int:
        before = proxy.sent
        driver.beat()
        return int(proxy.sent - before)

    cost()
    young = cost()
    for number in range(20):
        driver.print("x" * 50_000)
        driver.log("loss", [0.5] * 1_000, first_step=1 + number * 1_000)
        driver.beat()
    assert abs(cost() - young) < 200 and young < 5_000


def test_a_large_file_is_not_read_into_memory(bucket: Any, tmp_path: Path) -> None:
    """50 MB go and come in pieces."""
    url = "s3://{bucket}/runs?region={region}&endpoint_url={endpoint_url}"
    store = S3Store(basedir=BASE, **bucket.arguments)
    check_large_file(tmp_path, store, "--s3", url.format(**bucket.arguments))
    (stored_path,) = json.loads(bucket.read(f"{BASE}/1/run.json"))["resources"]
    assert stored_path[1].startswith("_resources/large_")
