"""JSON files that are whole at any moment, and valid for every parser."""

import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from sacred_core.atomic_files import replacing
from sacred_core.contained_files import open_regular
from sacred_core.serialization import from_json, plain, to_json

Opener: TypeAlias = Callable[[str | Path], io.FileIO]

#: Bytes of a file that is read as a whole.
LARGEST = 2**30


def plain_entries(value: Any) -> Any:
    """Return anything as plain data, of a dictionary each entry by itself.

    The entries of a record may be as deep as any value.
    """
    if not isinstance(value, dict):
        return plain(value)
    return dict(zip(plain(dict.fromkeys(value)), map(plain, value.values()), strict=True))


def write_json(path: Path, data: Any) -> None:
    """Write plain ``data``; whoever reads meanwhile, or after a crash, sees old or new."""
    write_text(path, to_json(data, indent=2) + "\n")


def write_text(path: Path, text: str) -> None:
    """Replace the file at ``path`` in one step."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="")


def write_bytes(path: Path, data: bytes) -> None:
    """Replace the file at ``path`` in one step."""
    with replacing(path) as partial:
        partial.write_bytes(data)


def read_json(
    path: str | Path,
    default: Any = None,
    decode: Callable[[Any], Any] | None = None,
    opener: Opener = open_regular,
) -> Any:
    """Return what the file holds, or ``default`` if there is none.

    Args:
        path: The file.
        default: What is returned if it does not exist.
        decode: Makes tags of Sacred plain data; by default `decode_jsonpickle`.
        opener: Opens it.

    Raises:
        ValueError: it is not valid JSON, or larger than any record.
        OSError: it cannot be read.
    """
    data = _bytes_of(path, opener)
    if data is None:
        return default
    with _naming(path):
        return from_json(data, decode or _decode_tags)


def _decode_tags(value: Any) -> Any:
    """Decode what only Sacred writes; a run that is recorded does not import the decoder."""
    from sacred_core.jsonpickle_data import decode_jsonpickle

    return decode_jsonpickle(value)


def read_columns(path: str | Path, opener: Opener = open_regular) -> Any:
    """Return what a file of points holds as it is written, or None if there is none.

    Raises:
        ValueError: it is not valid JSON.
        OSError: it cannot be read.
    """
    data = _bytes_of(path, opener)
    with _naming(path):
        return None if data is None else json.loads(data)


def _bytes_of(path: str | Path, opener: Opener) -> bytes | None:
    try:
        # Thousands of these are read at a time: buffers and a text layer cost as much again.
        with opener(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > LARGEST:
                raise ValueError(f"{str(path)!r} has {size} bytes: more than any record")
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


@contextmanager
def _naming(path: str | Path) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{str(path)!r} is not valid JSON: {error}") from None
