"""A stream over content that is read by position."""

import io
from typing import Any


class RangeReader(io.RawIOBase):
    """A read-only stream that can seek; a subclass defines `read_at`.

    Args:
        size: Of the content, in bytes.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._position = 0

    def read_at(self, position: int, length: int) -> bytes:
        """Return up to ``length`` bytes from ``position`` on, of which at least one exists."""
        raise NotImplementedError

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Seek as `io.IOBase.seek` does; a position before the start is the start."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Read as `io.RawIOBase.readinto` does."""
        data = self.read_next(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read_next(self, length: int) -> bytes:
        """Return up to ``length`` bytes from the position on, which moves; none at the end."""
        length = min(length, self.size - self._position)
        if length <= 0:
            return b""
        data = self.read_at(self._position, length)
        self._position += len(data)
        return data
