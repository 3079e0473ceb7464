"""Files that grow, and can be written to again after a write that failed half-way."""

from pathlib import Path

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
        with self._path.open("r+b" if self._path.exists() else "w+b") as file:
            file.truncate(at)
            file.seek(at)
            file.write(data)
        self._size = at + len(data)


def replace_text(path: Path, text: str) -> None:
    """Let ``text`` be all that the file holds."""
    AppendFile(path).write(_encoded(text), 0)


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
        return self._path.read_bytes()[: self._file.size].decode(_ENCODING, _ERRORS)


def _encoded(text: str) -> bytes:
    return text.encode(_ENCODING, _ERRORS)
