"""Checks for tests of every kind of bucket."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sacred_core.stores.finding import find_runs
from sacred_core.stores.folder_format import CONFIG, INFO, RUN
from sacred_core.testing import EventDriver
from sacred_objects import Bucket, BucketAwayError, ObjectObserver, ObjectStore
from sacred_objects.object_keys import JSON, STARTED_NUMBER, BucketLayout
from sacred_objects.run_index import RunIndex
from sacred_objects.segments import Copy

#: A listing fetches 31 segments of each of two levels at most, and lists objects and folders.
MOST_REQUESTS = 70


def assert_pages_are_refused(bucket: Bucket, folder: Path) -> None:
    """Check a bucket whose server is a proxy that answers everything with its own page.

    Nothing is taken for written, empty, missing, deleted or the content of an object.
    """
    large = folder / "large"
    large.write_bytes(b"x" * (9 << 20))
    with large.open("rb") as file:
        for ask in (
            lambda: bucket.put("key", b"data"),
            lambda: bucket.put("key", file),
            lambda: bucket.put_if_absent("key", b"data"),
            lambda: bucket.get("key"),
            lambda: bucket.get("key", 1, 2),
            lambda: bucket.size("key"),
            lambda: list(bucket.list("a/")),
            lambda: list(bucket.scan("a/")),
            lambda: list(bucket.folders("a/")),
            lambda: bucket.delete(["key"]),
        ):
            message = ""
            try:
                ask()
            except BucketAwayError as error:
                message = str(error)
            assert "cannot be reached: " in message and "proxy" in message, message


def store_ended_runs(layout: BucketLayout, numbers: Iterable[int], is_indexed: bool = True) -> None:
    """Store runs that ended, as observers do, with the least number of requests.

    The value of ``config.number`` is the number of the run; every tenth run failed.

    Args:
        layout: Where.
        numbers: Of the runs.
        is_indexed: False: as an earlier release, or Sacred, stores them.
    """
    index, last = RunIndex(layout), 0
    for number in numbers:
        entry: dict[str, Any] = {
            "status": "FAILED" if number % 10 == 0 else "COMPLETED",
            "command": "main",
            "experiment": {"name": "grown", "sources": [], "dependencies": []},
            "host": {"hostname": "here"},
            "meta": {},
            "start_time": "2026-01-02T03:04:05.000000",
            "stop_time": "2026-01-02T03:04:06.000000",
            "heartbeat": "2026-01-02T03:04:06.000000",
            "result": number,
            "resources": [],
            "artifacts": [],
        }
        contents = {CONFIG: {"number": number}, INFO: {}, RUN: entry}
        copies = []
        for name, content in contents.items():
            data = json.dumps(content).encode()
            version = layout.bucket.put(f"{layout.run(str(number))}{name}", data, JSON)
            copies.append(Copy(f"{number}/{name}", str(version), data))
        last = max(last, number)
        if is_indexed:
            index.add(copies)
    if is_indexed:
        layout.bucket.put(f"{layout.root}{STARTED_NUMBER}{last}", b"")


def assert_requests_do_not_grow(
    layout: BucketLayout,
    store: ObjectStore,
    make_observer: Callable[[], ObjectObserver],
    count: Callable[[], int],
    totals: Iterable[int] = (20, 100),
) -> None:
    """Check how many requests a start, a listing and queries need among few and many runs.

    Args:
        layout: Where there are no runs yet.
        store: Of this layout.
        make_observer: Returns an observer that writes there.
        count: Returns how many requests the store and the observers have sent.
        totals: Numbers of runs, ascending.
    """
    starts, first = [], 1
    for total in totals:
        store_ended_runs(layout, range(first, total + 1))
        for where, limit, expected in (
            (None, None, range(first - (first > 1), total + 1)),
            (None, 10, range(total - 9, total + 1)),
            ("status = FAILED", None, range(10, total + 1, 10)),
            ("experiment.name = grown and config.number < 3", None, (1, 2)),
        ):
            before = count()
            found = [run.id for run in find_runs(store, where=where, limit=limit)]
            assert set(expected) <= set(found), f"{where}: {found}"
            assert count() - before <= MOST_REQUESTS, where
        before = count()
        assert EventDriver(make_observer()).start() == total + 1
        starts.append(count() - before)
        first = total + 2
    assert len({*starts}) == 1 and starts[0] <= 6, starts
