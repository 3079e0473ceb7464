"""Writes what could not be saved to a folder, from which it can be loaded later."""

import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from bson import json_util

from sacred_core.atomic_files import replacing
from sacred_core.exceptions import StoreError
from sacred_core.loggers import own_logger
from sacred_core.serialization import plain
from sacred_core.stable_files import copy_version
from sacred_mongo.missed import Entry, Missed
from sacred_mongo.recorder import Recorder
from sacred_mongo.values import stored

FORMAT = "sacred-mongo missed 1"
RECORD = "missed.json"
_FILES = "files"
#: Seconds from one try to the next: a replica set has a new primary after some of them.
PAUSE = 4.0
#: Keeps times and the types of numbers.
JSON_OPTIONS = json_util.JSONOptions(json_mode=json_util.JSONMode.CANONICAL, tz_aware=True)

_logger = own_logger(__name__)


def rescue(
    recorder: Recorder, missed: Missed, failure_dir: Path | None, attempts: int
) -> Path | None:
    """Save what waits; where the server takes it no more, write it to a folder.

    Args:
        recorder: Of the run.
        missed: What waits; nothing does afterwards.
        failure_dir: Where folders of runs are made; None for a new temporary folder.
        attempts: How often the server is tried.

    Returns:
        The folder of the run, if one was needed.
    """
    why = "Interrupted"
    try:
        why = _flushed(recorder, missed, attempts)
    finally:
        # Also after a second Ctrl-C: nobody waits for the server then, but nothing is dropped.
        left = [*missed.entries, *missed.refused]
        folder = _write(recorder, left, failure_dir) if left else None
        missed.entries.clear()
        missed.refused.clear()
        if folder is not None:
            _logger.warning(
                "%s. What could not be saved of the run %r is kept in %s: "
                "'sacred mongo load %s' puts it into the database",
                why, recorder.run_id, folder, folder,
            )  # fmt: skip
    return folder


def _flushed(recorder: Recorder, missed: Missed, attempts: int) -> str:
    """Save what waits and return why some of it could not be."""
    why = "MongoDB refused some of it"
    attempts = min(attempts, 1) if missed.is_removed else attempts
    while missed.entries and attempts > 0:
        began = time.monotonic()
        try:
            missed.flush(recorder)
        except StoreError as error:
            why, attempts = str(error), attempts - 1
            if attempts > 0:
                time.sleep(max(0.0, began + PAUSE - time.monotonic()))
        except Exception as error:  # noqa: BLE001 - it was told when it came
            _logger.debug("not saved: %s", error)
    return why


def _write(recorder: Recorder, entries: list[Entry], failure_dir: Path | None) -> Path:
    if failure_dir is not None:
        failure_dir.mkdir(parents=True, exist_ok=True)
    name = "".join(c if c.isalnum() else "_" for c in str(recorder.run_id))[:40]
    folder = Path(tempfile.mkdtemp(prefix=f"sacred_mongo_run_{name}_", dir=failure_dir))
    place = recorder.place
    record = {
        "format": FORMAT,
        "database": place.runs.database.name,
        "runs": place.runs.name,
        "metrics": place.metrics.name,
        "entry": recorder.entry,
        "events": [_event(folder, number, *entry) for number, entry in enumerate(entries)],
    }
    text = json_util.dumps(record, json_options=JSON_OPTIONS)
    with replacing(folder / RECORD) as partial:
        partial.write_text(text, encoding="utf-8", errors="replace")
    return folder


def _event(folder: Path, number: int, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: stored_deep(value) for key, value in arguments.items()}
    files = folder / _FILES / str(number)
    if method in ("artifact", "resource"):
        kept["content"] = _copied(Path(arguments["filename"]), files / "content")
    elif method == "code":
        base = Path(arguments["base_dir"])
        for name, *_ in arguments["sources"]:
            if ".." not in Path(name).parts and not Path(name).is_absolute():
                _copied(base / name, files / name)
        kept["base_dir"] = str(files)
    return {"method": method, "arguments": kept}


def _copied(source: Path, target: Path) -> str | None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        copy_version(source, target)
    except OSError as error:
        _logger.warning("%s is not kept: %s", source, error)
        return None
    return str(target)


def stored_deep(value: Any) -> Any:
    """Return an argument as it is written, times aside as plain data with safe keys."""
    if isinstance(value, Mapping):
        return stored({key: _timed(item) for key, item in value.items()})
    return stored(_timed(value))


def _timed(value: Any) -> Any:
    """Return plain data in which times are left."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, Mapping):
        return {key: _timed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_timed(item) for item in value]
    return plain(value)
