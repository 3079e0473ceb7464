"""Cost of a heartbeat in MongoDB, with 1,000 new points each, 100 times, compared with Sacred.

Both packages alternately write the same events to one server with their observers. The output has
the time of the first beats and of the last, and what an idle beat sends. The server is SecantusDB,
or the one that SACRED_TEST_MONGO_URL names.
"""

import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

BEATS, POINTS = 100, 1_000
START: dict[str, Any] = {
    "ex_info": {
        "name": "bench", "base_dir": ".", "sources": [], "dependencies": [],
        "repositories": [], "mainfile": "bench.py",
    },
    "command": "main",
    "host_info": {"hostname": "here"},
    "config": {"lr": 0.1},
    "meta_info": {"comment": ""},
}  # fmt: skip


def main() -> None:
    """Measure and print."""
    with server() as url:
        ours, theirs = ours_beats(url), sacred_beats(url)
        taken: dict[str, list[float]] = {"ours": [], "sacred": []}
        for _ in range(BEATS):
            for name, beat in (("ours", ours), ("sacred", theirs)):
                start = time.perf_counter()
                next(beat)
                taken[name].append(time.perf_counter() - start)
        for what, part in (("first", slice(0, 5)), ("last", slice(-5, None))):
            mine, other = (statistics.median(taken[name][part]) for name in ("ours", "sacred"))
            print(
                f"{POINTS} points, the {what} five beats: {mine * 1e3:.1f} ms, "
                f"Sacred {other * 1e3:.1f} ms, ratio {mine / other:.2f}"
            )
        print(f"an idle beat sends {idle_bytes(url)} bytes")


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Run a server for the time of the block."""
    if url := os.environ.get("SACRED_TEST_MONGO_URL"):
        yield url
        return
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = Path(sys.executable).with_name("secantusd-py")
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", str(port), "--storage-path", folder, "--standalone"]
        process = subprocess.Popen([command, *options], stderr=subprocess.DEVNULL)
        try:
            yield f"mongodb://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def ours_beats(url: str) -> Iterator[None]:
    """Let each step be one beat of ours."""
    from sacred_mongo import MongoObserver

    observer = MongoObserver(url, "bench_ours")
    observer.started_event(start_time=datetime.now(UTC), _id=None, **START)
    for number in range(BEATS):
        observer.log_metrics({"loss": points(number)})
        observer.heartbeat_event({}, beat_time=datetime.now(UTC))
        yield


def sacred_beats(url: str) -> Iterator[None]:
    """Let each step be one beat of Sacred's."""
    from sacred.observers import MongoObserver

    observer = MongoObserver(url, "bench_sacred")
    now = datetime.now(UTC).replace(tzinfo=None)
    observer.started_event(start_time=now, _id=None, **START)
    info: dict[str, Any] = {}
    for number in range(BEATS):
        observer.log_metrics({"loss": points(number)}, info)
        observer.heartbeat_event(info, "", now, None)
        yield


def points(number: int) -> dict[str, list[Any]]:
    """Return the points of one beat."""
    steps = list(range(number * POINTS, (number + 1) * POINTS))
    values = [step * 0.5 for step in steps]
    return {"steps": steps, "values": values, "timestamps": [datetime.now(UTC)] * POINTS}


def idle_bytes(url: str) -> int:
    """Return how many bytes the commands of a beat have in which nothing happened."""
    import bson
    import pymongo
    from pymongo.monitoring import CommandListener
    from sacred_mongo import MongoObserver

    sent = []

    class Listener(CommandListener):
        def started(self, event: Any) -> None:
            sent.append(len(bson.encode(event.command)))

        def succeeded(self, event: Any) -> None:
            pass

        failed = succeeded

    with pymongo.MongoClient(url, event_listeners=[Listener()]) as client:
        observer = MongoObserver(client=client, db_name="bench_idle")
        observer.started_event(start_time=datetime.now(UTC), _id=None, **START)
        observer.heartbeat_event({"a": "x" * 10_000}, beat_time=datetime.now(UTC))
        sent.clear()
        observer.heartbeat_event({"a": "x" * 10_000}, beat_time=datetime.now(UTC))
    return sum(sent)


if __name__ == "__main__":
    main()
