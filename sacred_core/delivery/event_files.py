"""Events as lines of JSON, and copies of the files that they name."""

import contextlib
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import attrs

from sacred_core.events import (
    EVENTS,
    ArtifactAdded,
    CodeLoaded,
    Event,
    MetricsLogged,
    ResourceAdded,
)
from sacred_core.provenance.generated import content_path
from sacred_core.serialization import from_json, plain, to_json
from sacred_core.stable_files import copy_version

_KINDS = {kind.__name__: kind for kind in EVENTS}
#: How the lines of events begin that need files.
_WITH_FILES = tuple(
    to_json({"event": kind.__name__})[:-1] for kind in (ArtifactAdded, ResourceAdded, CodeLoaded)
)
#: Fields that contain times, in any event.
_TIMES = (
    "queue_time", "start_time", "beat_time", "stop_time", "interrupt_time", "fail_time", "time",
)  # fmt: skip


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


def write_line(file: BinaryIO, line: str) -> int:
    """Append a line, and return the number of its bytes; what a failed write left is cut off.

    Args:
        file: Unbuffered, at its end.
        line: Without its end.

    Raises:
        OSError: it cannot be written as a whole.
    """
    position = file.tell()
    data = f"{line}\n".encode()
    left = memoryview(data)
    try:
        while left:
            left = left[file.write(left) :]
    except OSError:
        file.truncate(position)
        file.seek(position)
        raise
    return len(data)


def names_files(line: str) -> bool:
    """Return whether the event of a line needs files."""
    return line.startswith(_WITH_FILES)


def files_of(event: Event) -> list[Path]:
    """Return the files that an observer reads when it records ``event``."""
    if isinstance(event, ArtifactAdded):
        return [Path(event.filename)]
    if isinstance(event, ResourceAdded):
        return [Path(event.content_path or event.filename)]
    if isinstance(event, CodeLoaded):
        return [content_path(Path(event.base_dir, name), md5) for name, md5 in event.sources]
    return []


def with_copied_files(event: Event, folder: Path) -> Event:
    """Return ``event`` with copies of its files, which are made in ``folder``.

    Sources that are missing are skipped.

    Raises:
        OSError: a file cannot be copied; then nothing is left in ``folder``.
    """
    try:
        return _copied(event, folder)
    except OSError:
        remove_files(folder)
        raise


def with_existing_files(event: Event, folder: Path) -> Event:
    """Return ``event`` with the copies of `with_copied_files`, if ``folder`` was moved since."""
    if not isinstance(event, (ArtifactAdded, ResourceAdded)):
        return event
    copied = folder / Path(event.filename).name
    if not copied.exists():
        return event
    if isinstance(event, ArtifactAdded):
        return attrs.evolve(event, filename=str(copied))
    return attrs.evolve(event, content_path=str(copied))


def remove_files(folder: Path) -> None:
    """Remove what `with_copied_files` copied for one event."""
    shutil.rmtree(folder, ignore_errors=True)


def _copied(event: Event, folder: Path) -> Event:
    if isinstance(event, ArtifactAdded):
        (source,) = files_of(event)
        return attrs.evolve(event, filename=_copy_file(source, folder / source.name))
    if isinstance(event, ResourceAdded):
        (source,) = files_of(event)
        copied = _copy_file(source, folder / Path(event.filename).name)
        return attrs.evolve(event, content_path=copied)
    if isinstance(event, CodeLoaded):
        return attrs.evolve(event, base_dir=str(_copy_sources(event, folder)))
    return event


def _copy_sources(event: CodeLoaded, folder: Path) -> Path:
    """Copy sources and return the folder that their names are relative to."""
    names = {Path(name): md5 for name, md5 in event.sources if not Path(name).is_absolute()}
    depth = max((name.parts.count("..") for name in names), default=0)
    base = folder.joinpath(*["base"] * depth)  # names that begin with ".." are below the folder
    base.mkdir(parents=True, exist_ok=True)
    for name, md5 in names.items():
        with contextlib.suppress(FileNotFoundError):
            _copy_file(content_path(Path(event.base_dir) / name, md5), base / name)
    return base


def _copy_file(source: Path, target: Path) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    copy_version(source, target)
    return str(target)
