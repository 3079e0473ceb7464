"""Deletes runs, and the files that only they used; stores files again that are missing.

A file is removed only if no other run of the database uses it. A record may be edited, or written
by another program: what it names as its own may be a file of another run.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pymongo.errors import PyMongoError

from sacred_core.exceptions import DamagedRecordError
from sacred_core.loggers import own_logger
from sacred_core.stores import guard
from sacred_core.stores.run_ids import countable_id
from sacred_core.stores.tokens import TOKEN, new_token
from sacred_mongo.address import RESERVED
from sacred_mongo.collections import Collections, RunKey, file_of
from sacred_mongo.connection import Document
from sacred_mongo.ids import note_deleted, to_run_id
from sacred_mongo.points import metric_documents
from sacred_mongo.values import decode_name

_logger = own_logger(__name__)
#: The field with the token that a run had before it was deleted.
_TOKEN_BEFORE = "token_before"
#: The fields that name files.
_FIELDS = (
    "artifacts", "resources", "experiment.sources", "experiment.repositories.patch",
    "captured_out_parts", "config", "info", "result", "host", "meta", "fail_trace",
)  # fmt: skip


def delete(collections: Collections, entry: Document) -> bool:
    """Delete a run; return False where it is not there any more.

    The document goes last: a deletion that was interrupted can be repeated. It first gets a token
    that no process of the run has, so that nothing more is written to the run.
    """
    note_deleted(collections.runs, countable_id(to_run_id(entry["_id"])))
    changed = {"$set": {TOKEN: f"deleted-{new_token()}", _TOKEN_BEFORE: _token(entry)}}
    if collections.runs.update_one(RunKey.of(entry).filter, changed).matched_count == 0:
        return False
    # What a damaged document names is removed as far as it can be read.
    with contextlib.suppress(DamagedRecordError), guard("the document", (PyMongoError,)):
        former = {**entry, TOKEN: _token(entry)}
        collections.metrics.delete_many(
            {"run_id": entry["_id"], **metric_documents(collections, former)}
        )
    with contextlib.suppress(DamagedRecordError), guard("the document", (PyMongoError,)):
        found = (collections.files.find(*pair) for pair in resource_pairs(entry))
        files = {each for each in found if each is not None}
        remove_unused(collections, entry, files | own_files(entry) | shared_files(entry))
    collections.runs.delete_one({"_id": {"$eq": entry["_id"]}, **changed["$set"]})
    return True


def _token(entry: Document) -> Any:
    """Return the token that the run had, also where a deletion was interrupted."""
    return entry[_TOKEN_BEFORE] if _TOKEN_BEFORE in entry else entry.get(TOKEN)


def remove_own(collections: Collections, entry: Document) -> None:
    """Remove what belongs to a run alone: its points, its artifacts, and its large values."""
    collections.metrics.delete_many(metric_documents(collections, entry))
    remove_unused(collections, entry, own_files(entry))


def restore_missing(collections: Collections, entry: Document) -> None:
    """Store again what is missing of the files that a run shares with others.

    It is missing where a run that also used it was deleted at the moment when this one began to
    use it. Where its file is not there any more either, or was changed, a warning names it.
    """
    for path, is_stored, is_same in _shared_paths(collections, entry):
        try:
            if not is_stored() and not is_same(collections.files.store(path, str(path))):
                raise OSError("the file was changed")
        except OSError as error:
            _logger.warning("%s is missing in %s: %s", path, collections.runs.full_name, error)


def _shared_paths(collections: Collections, entry: Document) -> Iterator[tuple[Path, Any, Any]]:
    """Yield files with functions that check if they are stored and if a stored one is the same."""
    for name, md5 in entry.get("resources") or ():
        yield (
            Path(decode_name(name)),
            lambda name=name, md5=md5: collections.files.find(name, md5) is not None,
            lambda kept, md5=md5: kept.md5 == md5,
        )
    experiment = entry.get("experiment") or {}
    base = Path(str(experiment.get("base_dir") or "."))
    for name, file_id in experiment.get("sources") or ():
        yield (
            base / decode_name(name),
            lambda file_id=file_id: collections.files.name_of(file_id) is not None,
            lambda kept, file_id=file_id: kept.id == file_id,
        )


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


def remove_unused(collections: Collections, entry: Document, file_ids: set[Any]) -> None:
    """Remove those of the files that no run but that of ``entry`` uses."""
    files = collections.files
    if not file_ids:
        return
    names = {file_id: files.name_of(file_id) for file_id in file_ids}
    left = {file_id for file_id, name in names.items() if name is not None}
    for other in _others(collections, entry):
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


def _others(collections: Collections, entry: Document) -> Iterator[Document]:
    wanted = dict.fromkeys(_FIELDS, 1)
    for runs in _run_collections(collections):
        is_same = runs.name == collections.runs.name
        for other in runs.find({}, wanted):
            if not (is_same and other["_id"] == entry["_id"]):
                yield other


def _run_collections(collections: Collections) -> list[Any]:
    """Return every collection of the database that may hold runs."""
    database = collections.runs.database
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
