"""A bucket in memory."""

import itertools
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO

import pytest
from sacred_objects import BucketAwayError

from sacred_core.exceptions import StoreError


class MemoryBucket:
    """Objects in a dictionary.

    Attributes:
        objects: By key.
        sent: Bytes that were written.
        is_away: It cannot be reached.
        refused: A key that contains one of these strings cannot be written.
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
        self._lock = threading.RLock()
        self._numbers = itertools.count()

    def put(self, key: str, data: bytes | BinaryIO, content_type: str | None = None) -> str:
        self.require()
        if any(part in key for part in self.refused):
            raise StoreError("access denied")
        content = data if isinstance(data, bytes) else data.read()
        self.objects[key] = content
        self.kinds[key] = content_type
        self.sent += len(content)
        # As coarse as the times of S3, but for a shorter time.
        self.written[key] = datetime.fromtimestamp(time.time() // 0.01 * 0.01, UTC)
        self.versions[key] = f"version {next(self._numbers)}"
        return self.versions[key]

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

    def times(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        return ((key, self.written[key]) for key in self.list(prefix))

    def folders(self, prefix: str) -> Iterator[str]:
        rest = (key.removeprefix(prefix) for key in self.list(prefix))
        return iter(sorted({name.partition("/")[0] for name in rest if "/" in name}))

    def delete(self, keys: Iterable[str]) -> None:
        self.require()
        for key in list(keys):
            self.objects.pop(key, None)

    def require(self) -> None:
        if self.is_away:
            raise BucketAwayError(f"{self.url} cannot be reached")


@pytest.fixture
def bucket() -> MemoryBucket:
    return MemoryBucket()
