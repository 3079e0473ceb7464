"""A file that holds what a run printed, as it was written; the record is made from it.

It has no name, unless an observer offers a folder for it: then what was printed after the last
heartbeat is not lost with a process that is killed.
"""

import contextlib
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

_CHUNK = 1 << 20


class Spool:
    """Bytes that are appended, by this process and by others that have its descriptor.

    It may be read by any thread, also while it moves.
    """

    def __init__(self) -> None:
        # While it is held `reader` stays open.
        self._lock = threading.Lock()
        made, path = tempfile.mkstemp(prefix="sacred-output-")
        self.reader = os.open(path, os.O_RDONLY)
        self.writer = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.close(made)
        os.unlink(path)  # noqa: PTH108 - it goes with the last process that writes to it
        self.path: Path | None = None

    @property
    def size(self) -> int:
        """How many bytes there are."""
        with self._lock:
            return os.fstat(self.reader).st_size

    @property
    def free(self) -> int:
        """How many bytes its disk has left."""
        with self._lock:
            disk = os.fstatvfs(self.reader)
        return disk.f_bavail * disk.f_frsize

    def append(self, data: bytes, done: list[int]) -> None:
        """Write ``data`` from the byte ``sum(done)`` on; append to ``done`` what was written."""
        write_counted(self.writer, data, done)

    def read(self, start: int, end: int | None = None) -> bytes:
        """Return the bytes between two positions."""
        end = self.size if end is None else end
        parts = []
        while start < end:
            with self._lock:
                part = os.pread(self.reader, min(_CHUNK, end - start), start)
            if not part:
                break
            parts.append(part)
            start += len(part)
        return b"".join(parts)

    def move(self, path: Path, switch: Callable[[int], None]) -> None:
        """Go on in a new file at ``path``.

        Args:
            path: There must be none; it is readable for the owner only: secrets are not masked.
            switch: Called with the new descriptor: from then on nobody writes to the old one.

        Raises:
            OSError: the file cannot be made; all stays as it was.
        """
        reader = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0o600)
        old_reader, old_writer, moved = self.reader, self.writer, 0
        try:
            writer = os.open(path, os.O_WRONLY | os.O_APPEND)
            moved = self._copy_to(writer, moved)
        except OSError:
            os.close(reader)
            path.unlink(missing_ok=True)
            raise
        switch(writer)
        self._copy_to(writer, moved)
        with self._lock:
            self.reader, self.writer, self.path = reader, writer, path
            os.close(old_reader)
            os.close(old_writer)

    def _copy_to(self, writer: int, start: int) -> int:
        while data := os.pread(self.reader, _CHUNK, start):
            start += os.write(writer, data)
        return start

    def end_writing(self) -> None:
        """Let go of the writing end and of the name; what is there stays readable."""
        with contextlib.suppress(OSError):
            os.close(self.writer)
        self.writer = -1
        if self.path is not None:
            with contextlib.suppress(OSError):  # the folder may be gone, or read-only
                self.path.unlink()

    def __del__(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            os.close(self.reader)


def write_counted(descriptor: int, data: bytes, done: list[int]) -> None:
    """Write ``data`` from the byte ``sum(done)`` on; append to ``done`` what was written.

    Raises:
        OSError: not all of it could be written.
    """
    while (start := sum(done)) < len(data):
        # The count is stored by the C code that writes: no interrupt falls between.
        done.extend(map(os.write, (descriptor,), (data[start:],)))
