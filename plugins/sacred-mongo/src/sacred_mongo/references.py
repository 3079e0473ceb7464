"""Which files runs use. A file is removed only if no other run of the database uses it.

A record may be edited, or written by another program: what it names as its own may be a file of
another run.
"""

from collections.abc import Iterator
from typing import Any

from sacred_mongo.address import RESERVED
from sacred_mongo.connection import Document
from sacred_mongo.large import file_of
from sacred_mongo.places import Place

#: The fields that name files.
_FIELDS = (
    "artifacts", "resources", "experiment.sources", "experiment.repositories.patch",
    "captured_out_parts", "config", "info", "result", "host", "meta", "fail_trace",
)  # fmt: skip


def own_files(entry: Document) -> set[Any]:
    """Return the ids of files that a run names as its own."""
    listed = [*_dicts(entry.get("artifacts")), *_dicts(entry.get("captured_out_parts"))]
    files = [each.get("file_id") for each in listed]
    files += [file_of(value) for value in entry.values()]
    return {file for file in files if _is_id(file)}


def shared_files(entry: Document) -> set[Any]:
    """Return the ids of files that a run shares with others, its resources excluded."""
    experiment = entry.get("experiment")
    experiment = experiment if isinstance(experiment, dict) else {}
    files = [pair[1] for pair in _pairs(experiment.get("sources"))]
    files += [each.get("patch") for each in _dicts(experiment.get("repositories"))]
    return {file for file in files if _is_id(file)}


def resource_pairs(entry: Document) -> set[tuple[str, str]]:
    """Return filename and md5 of the resources of a run."""
    pairs = _pairs(entry.get("resources"))
    return {(pair[0], pair[1]) for pair in pairs if all(isinstance(each, str) for each in pair)}


def remove_unused(place: Place, entry: Document, file_ids: set[Any]) -> None:
    """Remove those of the files that no run but that of ``entry`` uses."""
    files = place.files
    if not file_ids:
        return
    names = {file_id: files.name_of(file_id) for file_id in file_ids}
    left = {file_id for file_id, name in names.items() if name is not None}
    for other in _others(place, entry):
        left -= own_files(other) | shared_files(other)
        pairs = resource_pairs(other)
        left = {file for file in left if not _is_named(names[file], pairs)}
        if not left:
            return
    files.delete(left)


def _is_named(name: Any, pairs: set[tuple[str, str]]) -> bool:
    """Return whether one of the resources is the file with this filename and md5."""
    if name in pairs:
        return True
    return name[1] is None and any(pair[0] == name[0] for pair in pairs)


def _others(place: Place, entry: Document) -> Iterator[Document]:
    wanted = dict.fromkeys(_FIELDS, 1)
    for runs in _collections(place):
        is_same = runs.name == place.runs.name
        for other in runs.find({}, wanted):
            if not (is_same and other["_id"] == entry["_id"]):
                yield other


def _collections(place: Place) -> list[Any]:
    """Return every collection of the database that may hold runs."""
    database = place.runs.database
    names = database.list_collection_names()
    return [
        database[name]
        for name in names
        if name not in RESERVED and not name.endswith("_metrics") and name[:7] != "system."
    ]


def _dicts(value: Any) -> list[Document]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _pairs(value: Any) -> list[list[Any]]:
    listed = value if isinstance(value, list) else []
    return [each for each in listed if isinstance(each, list) and len(each) == 2]


def _is_id(value: Any) -> bool:
    return value is not None and not isinstance(value, (dict, list))
