"""Facts about the files of a run whose document has none, as Sacred recorded it."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sacred_core.stores.facts import digests_of
from sacred_core.stores.recorded_files import FileInfo
from sacred_mongo.connection import Document
from sacred_mongo.files import Files
from sacred_mongo.values import decode_foreign

#: By kind of file its id in the document, by its name there.
FileIds = dict[str, dict[str, Any]]


def file_facts(
    files: Files, entry: Document, read_name: Callable[[Any], Any]
) -> dict[str, dict[str, FileInfo]]:
    """Return facts about files by kind and name.

    The MD5 digest of an artifact is known if the driver of that time computed it. Digests of
    sources are computed where they are missing: sources are small.

    Args:
        files: Of the database.
        entry: The document of the run.
        read_name: Decodes the name of a file in the document.
    """
    ids = file_ids(entry)
    wanted = [file_id for own in ids.values() for file_id in own.values()]
    known = {each["_id"]: each for each in files.details(wanted)} if wanted else {}
    sources = ids["source"].values()
    digests = _digests(files, [each for each in sources if not known.get(each, {}).get("md5")])
    found = {
        kind: {
            read_name(name): _file_info(known[file_id], digests.get(file_id))
            for name, file_id in own.items()
            if file_id in known
        }
        for kind, own in ids.items()
    }
    resources = [[read_name(name), md5] for name, md5 in entry.get("resources") or ()]
    return {**found, "resource": digests_of(resources)}


def file_ids(entry: Document) -> FileIds:
    """Return the ids of artifacts and sources by kind and name; of several the newest."""
    sources = (entry.get("experiment") or {}).get("sources") or ()
    return {
        "artifact": {each["name"]: each["file_id"] for each in entry.get("artifacts") or ()},
        "source": {name: file_id for name, file_id, *_ in sources},
    }


def _digests(files: Files, ids: Iterable[Any]) -> dict[Any, str]:
    digests: dict[Any, Any] = {}
    for file_id, data in files.chunks(list(ids)):
        digest = digests.setdefault(file_id, hashlib.md5(usedforsecurity=False))
        digest.update(data)
    return {file_id: digest.hexdigest() for file_id, digest in digests.items()}


def _file_info(stored: Mapping[str, Any], digest: str | None) -> FileInfo:
    metadata = decode_foreign(stored.get("metadata"))
    length, md5, content_type = (stored.get(name) for name in ("length", "md5", "contentType"))
    return FileInfo(
        size=int(length) if isinstance(length, int) else None,
        md5=md5 if isinstance(md5, str) else digest,
        content_type=content_type if isinstance(content_type, str) else None,
        metadata=metadata if isinstance(metadata, dict) else None,
    )
