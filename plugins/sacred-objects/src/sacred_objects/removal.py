"""Removes runs, and the files that only they used."""

from collections.abc import Iterator
from typing import Any

from sacred_file.layout import is_run_name

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
    kept = _shared(place, entry)
    if kept:
        names = filter(is_run_name, place.bucket.folders(place.root))
        entries = in_parallel(lambda n: read_json(place.bucket, place.run(n) + RUN, {}), names)
        place.bucket.delete(kept.difference(*(_shared(place, other) for other in entries)))


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
