"""Files in which a run is recorded: JSON that is replaced in one step, and files that grow."""

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from sacred_core.atomic_files import replace_bytes, replacing, write_new
from sacred_core.contained_files import LINK_ERRORS, open_regular, open_to_write
from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.plurals import counted
from sacred_core.serialization import from_json, strict_json
from sacred_core.stores.folder_format import METRIC_INDEX, encode_output, write_merged

Opener: TypeAlias = Callable[[str | Path], io.FileIO]

#: Bytes of a file that is read as a whole.
_LARGEST = 2**30
#: ``metrics.json`` and its index of a run without points.
_NO_METRICS, _NO_INDEX = b"{}\n", b'{"size": 3, "metrics": {}}\n'
#: Characters at the end of a string that are remembered.
_TAIL = 65_536


class InvalidFileError(DamagedRecordError, ValueError):
    """A file is not valid JSON, or larger than any record.

    Cause: The file was edited or truncated, for example by a full disk.

    Fix: See `DamagedRecordError`.
    """


def _parse(data: bytes) -> Any:
    return from_json(data, _decode)


def _decode(document: Any) -> Any:
    # Nothing that sacred-core wrote needs the decoder, which takes 15 ms to import.
    from sacred_core.jsonpickle_data import decode_jsonpickle

    return decode_jsonpickle(document)


def read_json(
    path: str | Path,
    default: Any = None,
    parse: Callable[[bytes], Any] = _parse,
    opener: Opener = open_regular,
) -> Any:
    """Return the content of a JSON file, or ``default`` if there is none.

    Args:
        path: The file.
        default: What is returned if it does not exist.
        parse: Parses its content; by default as Sacred and sacred-core write it.
        opener: Opens it.

    Raises:
        InvalidFileError: it is not valid JSON, or larger than any record.
        OSError: it cannot be read.
    """
    try:
        # Thousands of these are read at a time: buffers and a text layer would double the cost.
        with opener(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > _LARGEST:
                raise InvalidFileError(
                    f"{str(path)!r} is too large for a record: {counted(size, 'byte')}"
                )
            data = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return default
    try:
        return parse(data)
    except ValueError as error:
        raise InvalidFileError(f"{str(path)!r} is not valid JSON: {error}") from None


def read_columns(path: str | Path, opener: Opener = open_regular) -> Any:
    """Return the content of a file of points as it is written, or None if there is none.

    Raises as `read_json` does.
    """
    return read_json(path, None, json.loads, opener)


def merge_metric_lines(lines: Path, target: Path) -> None:
    """Write ``metrics.json`` to ``target`` in one step; without a file of lines it is ``{}``.

    The index is written beside it.
    """
    if not lines.exists():
        write_new(target, _NO_METRICS)
        write_new(target.with_name(METRIC_INDEX), _NO_INDEX)
        return
    with replacing(target) as new, new.open("wb") as out, lines.open("rb") as file:
        index = write_merged(file, out)
    replace_bytes(target.with_name(METRIC_INDEX), f"{strict_json(index)}\n".encode())


def append_bytes(path: Path, data: bytes) -> None:
    """Append to a file, which is created if it is missing; one with hard links is copied first.

    Raises:
        StoreError: it is a link, or cannot be written to.
    """
    try:
        descriptor = open_to_write(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        with os.fdopen(descriptor, "ab") as file:
            if os.fstat(descriptor).st_nlink < 2:
                file.write(data)
                return
        # A hard link, as backups make: the other name must retain its content.
        with open_regular(path) as old, replacing(path) as new:
            new.write_bytes(old.read() + data)
    except OSError as error:
        why = "it is a link" if error.errno in LINK_ERRORS else error.strerror
        raise StoreError(f"cannot write to {str(path)!r}: {why}") from None


class AppendFile:
    """Appends bytes; what a failed write left is cut off by the next one.

    Args:
        path: The file.
        check: Called before each write, once the file is open, and before it is created. It raises
            where another process has the file now, which replaces it by a copy.
    """

    def __init__(self, path: Path, check: Callable[[], object] = lambda: None) -> None:
        self._path, self._check = path, check
        self._size = path.stat().st_size if path.is_file() else 0

    @property
    def size(self) -> int:
        """The number of bytes that were written completely."""
        return self._size

    def write(self, data: bytes, at: int | None = None) -> None:
        """Replace everything from the byte ``at`` (by default the end) on by ``data``."""
        with os.fdopen(self._open(), "r+b") as file:
            self._check()
            # If another process has removed the file, there is no hole in the new one.
            at = min(self._size if at is None else at, os.fstat(file.fileno()).st_size)
            file.truncate(at)
            file.seek(at)
            file.write(data)
        self._size = at + len(data)

    def _open(self) -> int:
        # Not through a link, which would lead out of the store.
        try:
            return open_to_write(self._path, os.O_RDWR)
        except FileNotFoundError:
            self._check()
            return open_to_write(self._path, os.O_RDWR | os.O_CREAT)


class AppendText:
    """A string in a file, of which everything from a character on can be replaced.

    The last characters are remembered, so that a progress bar that is rewritten with every
    heartbeat does not cost the length of the whole string.

    Args:
        path, check: As of `AppendFile`.
    """

    def __init__(self, path: Path, check: Callable[[], object] = lambda: None) -> None:
        self._path = path
        self._file = AppendFile(path, check)
        self._tail = ""
        self._tail_start = 0
        self._is_known = self._file.size == 0

    def write(self, text: str, offset: int) -> None:
        """Replace everything from the character ``offset`` on by ``text``."""
        is_in_tail = self._tail_start <= offset <= self._tail_start + len(self._tail)
        if not (self._is_known and is_in_tail):
            self._tail, self._tail_start, self._is_known = self._read(), 0, True
        start = self._tail[: offset - self._tail_start]
        cut = encode_output(self._tail[len(start) :])
        self._file.write(encode_output(text), self._file.size - len(cut))
        grown = start + text
        self._tail_start += max(0, len(grown) - _TAIL)
        self._tail = grown[-_TAIL:]

    def _read(self) -> str:
        if not self._path.exists():
            return ""
        with open_regular(self._path) as file:
            return file.read()[: self._file.size].decode("utf-8", "backslashreplace")


def replace_output(path: Path, text: str) -> None:
    """Replace the whole output in a file."""
    AppendFile(path).write(encode_output(text), 0)
