"""Removes runs, and the files that only they used."""

from collections.abc import Callable, Iterator
from typing import Any

from sacred_file.layout import is_run_name

from sacred_core.exceptions import DamagedRecordError
from sacred_core.stores import guard
from sacred_objects.fetching import in_parallel
from sacred_objects.json_objects import read_json
from sacred_objects.layout import CONFIG, RUN, Place


def removed(place: Place, name: str, entry: dict[str, Any]) -> None:
    """Remove the run in the folder ``name``, and what it shared with none that is left."""
    prefix = place.run(name)
    place.bucket.delete([prefix + RUN])  # from here on it is no run
    own = list(place.bucket.list(prefix))
    config = prefix + CONFIG  # and as long as this is there its id is taken
    place.bucket.delete(key for key in own if key != config)
    place.bucket.delete([config])
    kept = _known_shared(place, lambda: entry)
    if kept:
        names = filter(is_run_name, place.bucket.folders(place.root))

        def shared_by(other: str) -> set[str] | None:
            return _known_shared(place, lambda: read_json(place.bucket, place.run(other) + RUN, {}))

        used = list(in_parallel(shared_by, names))
        if None not in used:  # of a damaged run it is not known what it uses
            place.bucket.delete(kept.difference(*(each for each in used if each is not None)))


def _known_shared(place: Place, read: Callable[[], dict[str, Any]]) -> set[str] | None:
    """Return what `_shared` does; None if the record is damaged."""
    try:
        with guard("the record"):
            return _shared(place, read())
    except DamagedRecordError:
        return None


def _shared(place: Place, entry: dict[str, Any]) -> set[str]:
    """Return the keys of files that other runs may use, those outside of the place aside."""
    keys = {place.absolute(name) for name in _names(entry)}
    folders = tuple(f"{folder}/" for folder in (place.resource_dir, place.source_dir))
    return {key for key in keys if key.startswith(folders)}


def _names(entry: dict[str, Any]) -> Iterator[str]:
    experiment = entry.get("experiment") or {}
    yield from (kept for _, kept in entry.get("resources") or [])
    yield from (kept for _, kept in experiment.get("sources") or [])
    yield from (r["patch"] for r in experiment.get("repositories") or [] if r.get("patch"))
