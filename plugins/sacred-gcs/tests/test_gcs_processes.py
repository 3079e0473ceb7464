"""Many processes, processes that are killed, a server that is stopped, files that are large."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from sacred_gcs import GoogleCloudStorageObserver, GoogleCloudStorageStore

from sacred_core.exceptions import EventKeptError
from sacred_core.testing import Feed

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


RACE = """
    from sacred_core import Experiment
    ex = Experiment("race", save_git_info=False)
    @ex.automain
    def main(_run):
        print("run", _run._id)
        _run.log_scalar("id", int(_run._id))
"""


def test_processes_at_once_have_numbers_of_their_own(bucket: Any, tmp_path: Path) -> None:
    """Each has a record that is whole, and the source is stored once."""
    done = [script(tmp_path, RACE, bucket) for _ in range(16)]
    said = [process.communicate(timeout=240) for process in done]
    assert [process.returncode for process in done] == [0] * 16, said
    numbers = sorted(int(out.split()[-1]) for out, _ in said)
    assert numbers == list(range(1, 17))
    store = GoogleCloudStorageStore(bucket.name, BASE)
    runs = list(store.list())
    assert [run.id for run in runs] == numbers
    for run in runs:
        assert run.status == "COMPLETED" and f"run {run.id}\n" in store.output(run.id)
        assert store.metrics(run.id)["id"]["values"] == [run.id]
    assert sum("/_sources/" in key for key in bucket.listed()) == 1
    assert not list(tmp_path.glob("sacred_run_*")), "what a run kept on this machine is left"


KILLED = """
    import time
    from sacred_core import Experiment
    ex = Experiment("killed", save_git_info=False)
    @ex.automain
    def main(_run):
        number = 0
        while True:
            _run.log_scalar("n", number, number)
            print(f"line {number}", flush=True)
            number += 1
            time.sleep(0.002)
"""


def test_a_killed_run_is_readable(bucket: Any, tmp_path: Path) -> None:
    """Whenever the process is killed: the output and points up to its last heartbeat."""
    store = GoogleCloudStorageStore(bucket.name, BASE)
    for number in range(1, 4):
        process = script(tmp_path, KILLED, bucket, "--beat_interval", "0.05")
        until = time.monotonic() + 60
        while sum(f"{BASE}/{number}/_metrics/" in key for key in bucket.listed()) < number:
            assert time.monotonic() < until and process.poll() is None, process.communicate()
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert store.get(number).recorded_status == "RUNNING"
        points = store.metrics(number)["n"]
        assert points["values"] == points["steps"] == list(range(len(points["values"])))
        printed = [line for line in store.output(number).splitlines() if line.startswith("line ")]
        assert printed and printed == [f"line {n}" for n in range(len(printed))]


def test_a_server_that_is_started_again(
    own_server_bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was told before it stopped, meanwhile and after is all there."""
    monkeypatch.setattr("sacred_gcs.bucket.PATIENCE", 0.2)
    monkeypatch.setattr("sacred_objects.sending._HOLD", 0.0)
    bucket = own_server_bucket
    feed = Feed(GoogleCloudStorageObserver(bucket.name, BASE))
    run_id = feed.start()
    feed.print("before\n")
    feed.log("loss", [1.0])
    made = tmp_path / "made"
    made.write_text("content")
    bucket.server.stop()
    for tell in (
        lambda: feed.print("meanwhile\n"),
        lambda: feed.log("loss", [2.0]),
        lambda: feed.artifact("made", str(made)),
    ):
        with pytest.raises(EventKeptError, match=f"gs://{bucket.name} cannot be reached"):
            tell()
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
