"""A file that stands in for a file descriptor and shows what it gets where that led before.

The file is the record itself: whoever writes, C code and children included, is done when the
kernel has the bytes. A pipe with a reader would deadlock while C code holds the interpreter's
lock, and lose what is in it when the process is killed.
"""

import contextlib
import os
import tempfile

#: Below so many free bytes the output goes where it went before, and is no longer recorded.
LITTLE = 16 * 1024 * 1024
_CHUNK = 1 << 20


class Spool:
    """Takes the place of the file descriptors ``numbers``, which lead to the same file."""

    def __init__(self, numbers: list[int]) -> None:
        self._numbers = numbers
        self._original = os.dup(numbers[0])
        self._file, path = tempfile.mkstemp(prefix="sacred-output-")
        writer = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.unlink(path)  # noqa: PTH108 - it goes with the last process that writes to it
        self._shown = 0
        self._is_gone = False
        for number in numbers:
            os.dup2(writer, number)
        os.close(writer)

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return os.fstat(self._file).st_size

    @property
    def has_room(self) -> bool:
        """Whether the disk has more than a little left."""
        disk = os.fstatvfs(self._file)
        return disk.f_bavail * disk.f_frsize > LITTLE

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes between two positions."""
        parts = []
        while start < end:
            part = os.pread(self._file, min(_CHUNK, end - start), start)
            if not part:
                break
            parts.append(part)
            start += len(part)
        return b"".join(parts)

    def show(self) -> bool:
        """Write what is new to where the descriptors led; tell whether there was any."""
        data = os.pread(self._file, _CHUNK, self._shown)
        self._shown += len(data)
        while data and not self._is_gone:
            try:
                data = data[os.write(self._original, data) :]
            except BlockingIOError:
                continue
            except OSError:  # a closed pipe, a terminal that went away: recording goes on
                self._is_gone = True
        return bool(data) or self._shown < self.size

    def restore(self) -> None:
        """Let the descriptors lead where they led; what was recorded stays readable."""
        for number in self._numbers:
            os.dup2(self._original, number)

    def close(self) -> None:
        """Show what is left, and let go of where the descriptors led."""
        while self.show():
            pass
        with contextlib.suppress(OSError):
            os.close(self._original)

    def __del__(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._file)
