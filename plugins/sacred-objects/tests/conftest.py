"""A bucket in memory."""

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO

import pytest
from sacred_objects import BucketAwayError, ObjectObserver, ObjectStore, bucket_layout
from sacred_objects.bucket import ObjectInfo
from sacred_objects.listing import list_segments
from sacred_objects.object_keys import INDEX
from sacred_objects.segments import decode_segment

from sacred_core.exceptions import StoreError
from sacred_core.stores import StoredRun


class MemoryBucket:
    """Objects in a dictionary.

    Attributes:
        objects: By key.
        sent: Bytes that were written.
        is_away: It cannot be reached.
        refused: A key that contains one of these strings cannot be written.
        requests: Their number; a scan needs one for 1,000 objects.
    """

    url = "memory://bucket"

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.kinds: dict[str, str | None] = {}
        self.versions: dict[str, str] = {}
        self.written: dict[str, datetime] = {}
        self.sent = 0
        self.is_away = False
        self.refused: set[str] = set()
        self.requests = 0
        self._lock = threading.RLock()
        self._numbers = itertools.count()

    def put(self, key: str, data: bytes | BinaryIO, content_type: str | None = None) -> str:
        self.require()
        if any(part in key for part in self.refused):
            raise StoreError("access denied")
        content = data if isinstance(data, bytes) else data.read()
        self.kinds[key] = content_type
        self.sent += len(content)
        # As coarse as the times of S3, but for a shorter time.
        self.written[key] = datetime.fromtimestamp(time.time() // 0.01 * 0.01, UTC)
        self.versions[key] = version = f"version {next(self._numbers)}"
        self.objects[key] = content  # last: other threads list it from here on
        return version

    def put_if_absent(self, key: str, data: bytes, content_type: str | None = None) -> str | None:
        self.require()
        with self._lock:
            return None if key in self.objects else self.put(key, data, content_type)

    def replace(
        self, key: str, data: bytes, version: str, content_type: str | None = None
    ) -> str | None:
        self.require()
        with self._lock:
            is_same = key in self.objects and self.versions[key] == version
            return self.put(key, data, content_type) if is_same else None

    def version(self, key: str) -> str | None:
        self.require()
        return self.versions[key] if key in self.objects else None

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes | None:
        self.require()
        content = self.objects.get(key)
        end = None if length is None else start + length
        return None if content is None else content[start:end]

    def size(self, key: str) -> int | None:
        self.require()
        return len(self.objects[key]) if key in self.objects else None

    def list(self, prefix: str) -> Iterator[str]:
        self.require()
        return iter(sorted(key for key in list(self.objects) if key.startswith(prefix)))

    def scan(self, prefix: str, start: str = "", stop: str | None = None) -> Iterator[ObjectInfo]:
        keys = [key for key in self.list(prefix) if key > start and (stop is None or key < stop)]
        return self._pages(keys)

    def _pages(self, keys: "list[str]") -> Iterator[ObjectInfo]:
        for number, key in enumerate(keys, 1):
            yield ObjectInfo(key, self.versions[key], self.written[key])
            if number % 1_000 == 0 and number < len(keys):
                self.require()

    def folders(self, prefix: str) -> Iterator[str]:
        rest = (key.removeprefix(prefix) for key in self.list(prefix))
        return iter(sorted({name.partition("/")[0] for name in rest if "/" in name}))

    def delete(self, keys: Iterable[str]) -> None:
        self.require()
        for key in list(keys):
            self.objects.pop(key, None)

    def fails_at(self, request: int, work: Callable[[], object]) -> bool:
        """Do ``work``; each request from a number on fails, as where the process is killed.

        Returns:
            Whether the work needs fewer requests.
        """
        check, count = self.require, 0

        def fail() -> None:
            nonlocal count
            count += 1
            if count >= request:
                raise StoreError("killed")
            check()

        self.require = fail  # type: ignore[method-assign]
        try:
            work()
        except StoreError:
            return False
        finally:
            self.require = check  # type: ignore[method-assign]
        return True

    def require(self) -> None:
        self.requests += 1
        if self.is_away:
            raise BucketAwayError(f"{self.url} cannot be reached")


@pytest.fixture
def bucket() -> MemoryBucket:
    return MemoryBucket()


class Runs:
    """The runs in a bucket, and their index.

    Attributes:
        layout: Where they are.
        store: That reads them.
    """

    def __init__(self, bucket: MemoryBucket) -> None:
        self.layout = bucket_layout(bucket, "runs")
        self.store = ObjectStore(self.layout)
        self._bucket = bucket

    def observer(self) -> ObjectObserver:
        """Return an observer that writes there."""
        return ObjectObserver(lambda: self._bucket, self._bucket.url, "runs")

    def without_index(self) -> list[StoredRun]:
        """Return the runs as a store lists them that finds no index."""
        bucket, requests, objects = self._bucket, self._bucket.requests, self._bucket.objects
        bucket.objects = {key: data for key, data in objects.items() if f"/{INDEX}" not in key}
        try:
            return [*ObjectStore(self.layout).list()]
        finally:
            bucket.objects, bucket.requests = objects, requests

    def indexed(self) -> list[str]:
        """Return the keys of all copies in the index, sorted."""
        keys = [segment.key(self.layout.root) for segment in list_segments(self.layout)]
        return sorted({copy.key for key in keys for copy in decode_segment(self._bucket.get(key))})

    def requests_of_listing(self) -> int:
        """Return how many requests a listing of all runs needs; check what it lists."""
        before = self._bucket.requests
        listed = [*self.store.list()]
        requests = self._bucket.requests - before
        assert listed == self.without_index()
        return requests


@pytest.fixture
def runs(bucket: MemoryBucket) -> Runs:
    return Runs(bucket)
