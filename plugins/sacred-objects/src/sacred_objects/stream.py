"""An object as a file."""

import io
from typing import Any, BinaryIO

from sacred_core.exceptions import StoreError
from sacred_objects.bucket import Bucket

#: Bytes that are asked for at a time.
_PIECE = 4 * 1024 * 1024


def opened(bucket: Bucket, key: str) -> io.BufferedReader | None:
    """Return an object to read from, piece by piece; None if there is none."""
    size = bucket.size(key)
    return None if size is None else io.BufferedReader(_Stream(bucket, key, size), _PIECE)


def bytes_left(file: BinaryIO) -> int:
    """Return how many bytes a file has from its position on, which stays."""
    start = file.tell()
    end = file.seek(0, io.SEEK_END)
    file.seek(start)
    return end - start


class _Stream(io.RawIOBase):
    def __init__(self, bucket: Bucket, key: str, size: int) -> None:
        self._bucket = bucket
        self._key = key
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readall(self) -> bytes:
        # The inherited one would ask for some kilobytes at a time.
        pieces = []
        while piece := self._read(_PIECE):
            pieces.append(piece)
        return b"".join(pieces)

    def readinto(self, buffer: Any) -> int:
        data = self._read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _read(self, length: int) -> bytes:
        length = min(length, self._size - self._position)
        if length <= 0:
            return b""
        data = self._bucket.get(self._key, self._position, length)
        if data is None:
            raise StoreError(f"'{self._bucket.url}/{self._key}' was removed while it was read")
        self._position += len(data)
        return data
