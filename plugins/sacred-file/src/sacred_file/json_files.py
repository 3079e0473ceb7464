"""JSON files that are whole at any moment, and valid for every parser."""

import json
from pathlib import Path
from typing import Any

from sacred_core.atomic_files import replacing
from sacred_core.serialization import strict_json, untagged


def write_json(path: Path, data: Any) -> None:
    """Write plain ``data``; whoever reads meanwhile, or after a crash, sees old or new."""
    write_text(path, strict_json(data, indent=2) + "\n")


def write_text(path: Path, text: str) -> None:
    """Replace the file at ``path`` in one step."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="")


def read_json(path: str | Path, default: Any = None) -> Any:
    """Return what the file holds, or ``default`` if there is none; what Sacred tagged is plain.

    Raises:
        ValueError: it holds no JSON.
    """
    try:
        # Thousands of these are read at a time: a path object and a text layer cost as much again.
        with open(path, "rb", buffering=0) as file:
            data = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return default
    try:
        loaded = json.loads(data.decode("utf-8"))
        return untagged(loaded) if b'"py/' in data else loaded
    except ValueError as error:
        raise ValueError(f"{str(path)!r} holds no JSON: {error}") from None
