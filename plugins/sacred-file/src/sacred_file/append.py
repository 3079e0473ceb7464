"""Files that grow, and can be written to again after a write that failed half-way."""

import os
from pathlib import Path

from sacred_core.atomic_files import replacing
from sacred_core.contained_files import LINK_ERRORS, open_regular, open_to_write
from sacred_core.exceptions import StoreError

_ENCODING, _ERRORS = "utf-8", "backslashreplace"
_TAIL = 65_536


class AppendFile:
    """Appends bytes; what a failed write left behind is cut off by the next one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = path.stat().st_size if path.is_file() else 0

    @property
    def size(self) -> int:
        """The bytes that were written whole."""
        return self._size

    def write(self, data: bytes, at: int | None = None) -> None:
        """Let the file end with ``data``, from the byte ``at`` (by default its end) on."""
        at = self._size if at is None else at
        # Not through a link, which would lead out of the store.
        with os.fdopen(open_to_write(self._path, os.O_RDWR | os.O_CREAT), "r+b") as file:
            file.truncate(at)
            file.seek(at)
            file.write(data)
        self._size = at + len(data)


def replace_text(path: Path, text: str) -> None:
    """Let ``text`` be all that the file holds."""
    AppendFile(path).write(_encoded(text), 0)


def append_bytes(path: Path, data: bytes) -> None:
    """Append to a file, which is created if there is none; one with further names is copied first.

    Raises:
        StoreError: it is a link, or cannot be written to.
    """
    try:
        descriptor = open_to_write(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        with os.fdopen(descriptor, "ab") as file:
            if os.fstat(descriptor).st_nlink < 2:
                file.write(data)
                return
        # A hard link, as backups make: the other name must keep what it has.
        with open_regular(path) as old, replacing(path) as partial:
            partial.write_bytes(old.read() + data)
    except OSError as error:
        why = "it is a link" if error.errno in LINK_ERRORS else error.strerror
        raise StoreError(f"cannot write to {str(path)!r}: {why}") from None


class AppendText:
    """A text of which, from a given character on, the end can be replaced.

    The last characters are remembered, so that a progress bar that is rewritten with every
    beat does not cost the length of the whole text.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = AppendFile(path)
        self._tail = ""
        self._tail_start = 0

    def write(self, text: str, offset: int) -> None:
        """Let the text end with ``text`` from its character ``offset`` on."""
        if offset < self._tail_start or offset > self._tail_start + len(self._tail):
            self._tail, self._tail_start = self._read(), 0
        keep = self._tail[: offset - self._tail_start]
        cut = _encoded(self._tail[len(keep) :])
        self._file.write(_encoded(text), self._file.size - len(cut))
        grown = keep + text
        self._tail_start += max(0, len(grown) - _TAIL)
        self._tail = grown[-_TAIL:]

    def _read(self) -> str:
        if not self._path.exists():
            return ""
        with open_regular(self._path) as file:
            return file.read()[: self._file.size].decode(_ENCODING, _ERRORS)


def _encoded(text: str) -> bytes:
    return text.encode(_ENCODING, _ERRORS)
