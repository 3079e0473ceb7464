"""Many processes, processes that are killed, a server that is stopped, files that are large."""

import logging
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from sacred_gcs import GoogleCloudStorageObserver, GoogleCloudStorageStore

from sacred_core.testing.feed import DispatchedFeed

BASE = "runs"


def script(tmp_path: Path, body: str, bucket: Any, *arguments: str) -> "subprocess.Popen[str]":
    path = tmp_path / "script.py"
    if not path.exists():  # another process may be reading it
        path.write_text(textwrap.dedent(body))
    return subprocess.Popen(
        [sys.executable, str(path), "--gcs", f"gs://{bucket.name}/{BASE}", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip


def test_a_server_that_is_started_again(
    own_server_bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was told before it stopped, meanwhile and after is all there."""
    monkeypatch.setattr("sacred_gcs.bucket.PATIENCE", 0.2)
    bucket = own_server_bucket
    observer = GoogleCloudStorageObserver(bucket.name, BASE)
    feed = DispatchedFeed(observer, logging.getLogger("started again"))
    run_id = feed.start()
    feed.print("before\n")
    feed.log("loss", [1.0])
    made = tmp_path / "made"
    made.write_text("content")
    bucket.server.stop()
    feed.print("meanwhile\n")
    feed.log("loss", [2.0])
    feed.artifact("made", str(made))
    bucket.server.start()
    feed.print("after\n")
    feed.log("loss", [3.0])
    feed.complete()
    store = GoogleCloudStorageStore(bucket.name, BASE)
    assert store.get(run_id).status == "COMPLETED"
    assert store.output(run_id) == "before\nmeanwhile\nafter\n"
    assert store.metrics(run_id)["loss"]["values"] == [1.0, 2.0, 3.0]
    with store.open_file(run_id, "artifact", "made") as file:
        assert file.read() == b"content"


LARGE = """
    import resource
    from sacred_core import Experiment
    ex = Experiment("large", save_git_info=False)
    @ex.automain
    def main(_run):
        _run.add_artifact("small.bin")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        _run.add_artifact("large.bin")
        print("grew", (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_large_file_is_not_read_into_memory(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """50 MB go and come in pieces."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.bin").write_bytes(os.urandom(9 * 2**20))
    content = os.urandom(50 * 2**20)
    (tmp_path / "large.bin").write_bytes(content)
    process = script(tmp_path, LARGE, bucket)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert int(out.split("grew")[1].split()[0]) < 25, out
    store = GoogleCloudStorageStore(bucket.name, BASE)
    with store.open_file(1, "artifact", "large.bin") as file:
        assert file.read(1000) == content[:1000]
        file.seek(-1000, os.SEEK_END)
        assert file.read() == content[-1000:]
        file.seek(0)
        assert file.read() == content
