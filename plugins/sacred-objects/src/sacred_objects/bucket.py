"""The interface of a bucket, and reading of objects."""

import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any, BinaryIO, Protocol, TypeVar

import attrs

from sacred_core.exceptions import DamagedRecordError, StoreError, UnavailableError
from sacred_core.jsonpickle_data import decode_jsonpickle
from sacred_core.range_reader import RangeReader
from sacred_core.serialization import from_json

A = TypeVar("A")
B = TypeVar("B")
#: The drivers have ten connections.
_AT_ONCE = 8
#: Bytes that are requested at a time.
_PIECE = 4 * 1024 * 1024


class BucketMissingError(StoreError):
    """The bucket does not exist.

    Cause: The name of the bucket is misspelt, or it was not created.

    Fix: Create the bucket with the tools of the provider, or correct the name. sacred-core creates
    no buckets.
    """


class BucketAwayError(UnavailableError):
    """The bucket cannot be reached; a retry may succeed.

    Cause: The network is interrupted, the service is overloaded, or the endpoint is wrong.

    Fix: Check the network and the endpoint. During a run the events are retried.
    """


@attrs.frozen
class ObjectInfo:
    """What a listing has of an object.

    Attributes:
        key: Its name.
        version: As `Bucket.version` returns it.
        written: When it was written: an aware time by the clock of the server.
    """

    key: str
    version: str
    written: datetime


class Bucket(Protocol):
    """Objects by key. Every method raises a `StoreError` with the reason.

    Methods may be called from several threads. The version of an object is a string that differs
    for each content that was written under a key.

    Attributes:
        url: The URL for messages, like ``"s3://name"``.
    """

    url: str

    def put(self, key: str, data: bytes | BinaryIO, content_type: str | None = None) -> str | None:
        """Write an object in one step, in place of an older one; return its version.

        Of a long file the version may be None.

        Args:
            key: Its name.
            data: What it is to contain; of a file all from its position on, which is read in
                pieces.
            content_type: The content type for browsers.
        """

    def put_if_absent(self, key: str, data: bytes, content_type: str | None = None) -> str | None:
        """Write an object unless there is one; return its version, None if it was not written.

        Of several calls at the same time, one succeeds.
        """

    def replace(
        self, key: str, data: bytes, version: str, content_type: str | None = None
    ) -> str | None:
        """Write an object if it has this version; return the new one, None if it was not written.

        Of several calls at the same time, one succeeds.
        """

    def version(self, key: str) -> str | None:
        """Return the version of an object, or None if there is none."""

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes | None:
        """Return the content of an object, or a piece of it; None if there is none."""

    def size(self, key: str) -> int | None:
        """Return how many bytes an object contains, or None if there is none."""

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with ``prefix``, sorted."""

    def scan(self, prefix: str, start: str = "", stop: str | None = None) -> "Iterator[ObjectInfo]":
        """Yield the objects whose keys begin with ``prefix``, sorted by key.

        The method is optional: without it there is no index of runs, and all records are compared
        to find those that changed.

        Args:
            prefix: Of the keys.
            start: Keys that are not greater are skipped; no page of them is requested.
            stop: This key and those after it are skipped; None: no key is.
        """

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield what keys have between ``prefix`` and the next slash, each once."""

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; those that are not there too."""


def has_scan(bucket: Bucket) -> bool:
    """Return whether a bucket can be scanned; that of another plugin may be without."""
    return hasattr(bucket, "scan")


def in_parallel(function: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
    """Yield the function of each item, in order; some items are requested ahead."""
    with ThreadPoolExecutor(_AT_ONCE, "sacred-objects") as pool:
        waiting: deque[Future[B]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= 2 * _AT_ONCE:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for each in waiting:
                each.cancel()


def open_object(bucket: Bucket, key: str) -> io.BufferedReader | None:
    """Return an object to read from, piece by piece; None if there is none."""
    stream = open_ranges(bucket, key)
    return None if stream is None else io.BufferedReader(stream, _PIECE)


def open_ranges(bucket: Bucket, key: str) -> RangeReader | None:
    """Return an object of which only the bytes that are read are fetched; None if there is none."""
    size = bucket.size(key)
    return None if size is None else _Stream(bucket, key, size)


def bytes_left(file: BinaryIO) -> int:
    """Return how many bytes a file has from its position on, which stays."""
    start = file.tell()
    end = file.seek(0, io.SEEK_END)
    file.seek(start)
    return end - start


class _Stream(RangeReader):
    def __init__(self, bucket: Bucket, key: str, size: int) -> None:
        super().__init__(size)
        self._bucket = bucket
        self._key = key

    def readall(self) -> bytes:
        # The inherited one would request some kilobytes at a time.
        pieces = []
        while piece := self.read_next(_PIECE):
            pieces.append(piece)
        return b"".join(pieces)

    def read_at(self, position: int, length: int) -> bytes:
        data = self._bucket.get(self._key, position, length)
        if data is None:
            raise StoreError(f"'{self._bucket.url}/{self._key}' was removed while it was read")
        return data


class InvalidJsonError(DamagedRecordError):
    """An object is not valid JSON.

    Cause: The object was changed by another program, or its upload was interrupted.

    Fix: See `DamagedRecordError`.
    """


def read_json(
    bucket: Bucket,
    key: str,
    default: Any = None,
    decode: Callable[[Any], Any] = decode_jsonpickle,
) -> Any:
    """Return the content of the object, or ``default`` if there is none.

    Args:
        bucket: Where the object is.
        key: Its name.
        default: What is returned if it does not exist.
        decode: Makes tags of Sacred plain data.

    Raises:
        UnreadableError: it is not valid JSON.
        StoreError: the bucket cannot be read.
    """
    data = bucket.get(key)
    if data is None:
        return default
    try:
        return from_json(data, decode)
    except ValueError as error:
        raise InvalidJsonError(f"'{bucket.url}/{key}' is not valid JSON: {error}") from None
