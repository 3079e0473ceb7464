"""Many processes, processes that are killed, a network that goes away, files that are large."""

import json
import logging
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from sacred_s3 import S3Observer, S3Store

from sacred_core.delivery.loading import load_folders
from sacred_core.observers import RetryPolicy
from sacred_core.testing import Feed
from sacred_core.testing.feed import DispatchedFeed

BASE = "runs"


def script(tmp_path: Path, body: str, bucket: Any, *arguments: str) -> "subprocess.Popen[str]":
    path = tmp_path / "script.py"
    if not path.exists():  # another process may be reading it
        path.write_text(textwrap.dedent(body))
    where = "s3://{bucket}/runs?region={region}&endpoint_url={endpoint_url}"
    return subprocess.Popen(
        [sys.executable, str(path), "--s3", where.format(**bucket.arguments), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip


def observer_of(bucket: Any, proxy: Any) -> S3Observer:
    return S3Observer(basedir=BASE, **{**bucket.arguments, "endpoint_url": proxy.url})


def test_what_cannot_be_sent_is_loaded_later(bucket: Any, proxy: Any, tmp_path: Path) -> None:
    """At the end of the run it goes to a folder, from which the whole run is stored."""
    observer = observer_of(bucket, proxy)
    observer.failure_dir = tmp_path / "failed"
    observer.retry_policy = RetryPolicy(end_timeout=0.2)
    feed = DispatchedFeed(observer, logging.getLogger("away"))
    run_id = feed.start()
    made = tmp_path / "made"
    made.write_text("content")
    proxy.close()
    feed.print("printed\n")
    feed.log("loss", [1.0])
    feed.artifact("in/made", str(made))
    feed.complete(result=5)
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
    feed = Feed(observer_of(bucket, proxy))
    feed.start()
    feed.beat()

    def cost() -> int:
        before = proxy.sent
        feed.beat()
        return int(proxy.sent - before)

    cost()
    young = cost()
    for number in range(20):
        feed.print("x" * 50_000)
        feed.log("loss", [0.5] * 1_000, first_step=number * 1_000)
        feed.beat()
    assert abs(cost() - young) < 200 and young < 5_000


LARGE = """
    import resource, sys
    from sacred_core import Experiment
    ex = Experiment("large", save_git_info=False)
    @ex.automain
    def main(_run):
        _run.add_artifact("small.bin")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        _run.add_artifact("large.bin")
        _run.open_resource("large.bin").close()
        print("grew", (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_large_file_is_not_read_into_memory(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """50 MB go and come in pieces."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.bin").write_bytes(os.urandom(9 * 2**20))  # starts the driver's threads
    content = os.urandom(50 * 2**20)
    (tmp_path / "large.bin").write_bytes(content)
    process = script(tmp_path, LARGE, bucket)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert int(out.split("grew")[1].split()[0]) < 25, out
    store = S3Store(basedir=BASE, **bucket.arguments)
    with store.open_file(1, "artifact", "large.bin") as file:
        assert file.read(1000) == content[:1000]
        file.seek(-1000, os.SEEK_END)
        assert file.read() == content[-1000:]
        file.seek(0)
        assert file.read() == content
    (kept,) = json.loads(bucket.read(f"{BASE}/1/run.json"))["resources"]
    assert kept[1].startswith("_resources/large_")
