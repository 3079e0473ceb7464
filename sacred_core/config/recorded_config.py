"""Configurations that Sacred recorded, in whose JSON jsonpickle tagged values."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sacred_core.jsonpickle_data import decode_jsonpickle, sacred_release
from sacred_core.settings import SETTINGS


def decode_config(entries: Any, path: Path) -> Any:
    """Return the entries of a recorded ``config.json`` as the stores read them.

    Args:
        entries: The JSON document.
        path: Its file. The ``run.json`` beside it has the release of Sacred that wrote it.

    Raises:
        ValueError: a value can only be read by executing code, and keys like ``py/object`` are
            not allowed by ``SETTINGS.CONFIG.ENFORCE_KEYS_JSONPICKLE_COMPATIBLE``.
    """
    decoded = decode_jsonpickle(entries, _release_beside(path))
    if SETTINGS.CONFIG.ENFORCE_KEYS_JSONPICKLE_COMPATIBLE:
        for place, tag in _remaining_tags(decoded, ""):
            name = tag.get("py/object") or tag.get("py/type") or tag.get("py/function")
            shown = name if isinstance(name, str) else json.dumps(tag)[:100]
            raise ValueError(
                f"the entry {place!r} is a value that Sacred stored as {shown!r}, which can only "
                "be read by executing code: remove the entry from the file, or set it in the script"
            )
    return decoded


def _remaining_tags(value: Any, place: str) -> Iterator[tuple[str, dict[Any, Any]]]:
    if isinstance(value, dict):
        if any(isinstance(key, str) and key.startswith("py/") for key in value):
            yield place, value
        for key, item in value.items():
            yield from _remaining_tags(item, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _remaining_tags(item, f"{place}.{number}" if place else str(number))


def _release_beside(path: Path) -> str | None:
    try:
        entry = json.loads(path.with_name("run.json").read_text(encoding="utf-8"))
        return sacred_release(entry["experiment"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
