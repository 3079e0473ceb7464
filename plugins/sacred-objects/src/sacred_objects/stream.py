"""An object as a file."""

import io
from typing import BinaryIO

from sacred_core.exceptions import StoreError
from sacred_core.range_reader import RangeReader
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


class _Stream(RangeReader):
    def __init__(self, bucket: Bucket, key: str, size: int) -> None:
        super().__init__(size)
        self._bucket = bucket
        self._key = key

    def readall(self) -> bytes:
        # The inherited one would ask for some kilobytes at a time.
        pieces = []
        while piece := self.read_next(_PIECE):
            pieces.append(piece)
        return b"".join(pieces)

    def read_at(self, position: int, length: int) -> bytes:
        data = self._bucket.get(self._key, position, length)
        if data is None:
            raise StoreError(f"'{self._bucket.url}/{self._key}' was removed while it was read")
        return data
