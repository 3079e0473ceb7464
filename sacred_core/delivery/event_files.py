"""Events as lines of JSON, with the files that they need."""

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from sacred_core.events import (
    EVENTS,
    ArtifactAdded,
    CodeLoaded,
    Event,
    MetricsLogged,
    ResourceAdded,
)
from sacred_core.loggers import own_logger
from sacred_core.serialization import from_json, plain, to_json
from sacred_core.stable_files import copy_version

_logger = own_logger(__name__)
_KINDS = {kind.__name__: kind for kind in EVENTS}
#: Fields that hold times, in any event.
_TIMES = ("queue_time", "start_time", "beat_time", "stop_time", "interrupt_time", "fail_time")


def encode_event(event: Event) -> str:
    """Return an event as a line of JSON; `decode_event` reads it."""
    fields = {field.alias: getattr(event, field.name) for field in attrs.fields(type(event))}
    for name in _TIMES:
        if name in fields:
            fields[name] = fields[name].isoformat()
    if isinstance(event, MetricsLogged):
        fields["metrics_by_name"] = {
            name: {**metric, "timestamps": [time.isoformat() for time in metric["timestamps"]]}
            for name, metric in event.metrics_by_name.items()
        }
    return to_json({"event": type(event).__name__, **plain(fields)})


def decode_event(line: str) -> Event:
    """Return the event of a line.

    Raises:
        ValueError: the line is not that of an event.
    """
    try:
        fields: dict[str, Any] = from_json(line)
        kind = _KINDS[fields.pop("event")]
        for name in _TIMES:
            if name in fields:
                fields[name] = datetime.fromisoformat(fields[name])
        for metric in fields.get("metrics_by_name", {}).values():
            metric["timestamps"] = list(map(datetime.fromisoformat, metric["timestamps"]))
        return kind(**fields)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an event: {error}") from error


def with_copied_files(event: Event, folder: Path) -> Event:
    """Return ``event`` with its files in ``folder``, as far as they can be copied."""
    if isinstance(event, ArtifactAdded):
        return attrs.evolve(event, filename=_copy_file(Path(event.filename), folder))
    if isinstance(event, CodeLoaded):
        base = Path(event.base_dir)
        for name, *_ in event.sources:
            if ".." not in Path(name).parts and not Path(name).is_absolute():
                _copy_file(base / name, (folder / name).parent)
        return attrs.evolve(event, base_dir=str(folder))
    if isinstance(event, ResourceAdded):  # its path is its name
        _copy_file(Path(event.filename), folder)
    return event


def with_existing_files(event: Event, folder: Path) -> Event:
    """Return ``event`` with the copies of `with_copied_files` where its files are missing."""
    if isinstance(event, ResourceAdded) and not Path(event.filename).exists():
        return attrs.evolve(event, filename=str(folder / Path(event.filename).name))
    return event


def remove_files(folder: Path) -> None:
    """Remove what `with_copied_files` copied for one event."""
    shutil.rmtree(folder, ignore_errors=True)


def _copy_file(source: Path, folder: Path) -> str:
    target = folder / source.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        copy_version(source, target)
    except OSError as error:
        _logger.warning("Could not copy %s: %s", source, error)
        return str(source)
    return str(target)
