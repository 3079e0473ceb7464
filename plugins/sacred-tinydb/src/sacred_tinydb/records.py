"""The documents of runs: how they begin, and which files they name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sacred_core.provenance.repositories import patch_of
from sacred_core.provenance.sources import stored_version
from sacred_core.serialization import plain
from sacred_core.stable_files import ChangingFileError
from sacred_tinydb.database import Document
from sacred_tinydb.files import Files, Staged
from sacred_tinydb.tags import date_tag, file_tag, tagged_file

VERSION = "TinyDbObserver-0.1.0"


def new_entry(
    status: str,
    start_time: datetime | None,
    command: str,
    host_info: Mapping[str, Any],
    config: Mapping[str, Any],
    meta: Mapping[str, Any],
) -> Document:
    """Return the document of a run that begins, without what its code is."""
    return {
        "format": VERSION,
        "command": command,
        "host": plain(dict(host_info)),
        "start_time": date_tag(start_time),
        "config": plain(dict(config)),
        "meta": plain(dict(meta)),
        "status": status,
        "resources": [],
        "artifacts": [],
        "captured_out": "",
        "info": {},
        "heartbeat": None,
        "stop_time": None,
        "result": None,
    }


def staged_sources(
    files: Files, base_dir: str, sources: Iterable[Sequence[str]]
) -> list[tuple[str, Staged | str]]:
    """Return the names of sources with copies that have no place yet.

    The md5 is in the place of the copy if the file is missing or has changed.
    """
    base = Path(base_dir)
    return [(source[0], _staged_source(files, base, *source[:2])) for source in sources]


def entered_sources(files: Files, staged: list[tuple[str, Staged | str]]) -> list[list[str]]:
    """Put copies into their places; return name, md5 and tag of each."""
    return [
        [name, copy] if isinstance(copy, str) else [name, copy.md5, file_tag(files.enter(copy))]
        for name, copy in staged
    ]


def _staged_source(files: Files, base: Path, name: str, md5: str | None = None) -> Staged | str:
    version = stored_version(base / name, md5)
    try:
        return str(md5) if version is None else files.stage_version(version)
    except ChangingFileError:
        return str(md5)


def staged_patches(
    files: Files, ex_info: Mapping[str, Any]
) -> list[tuple[Document, Staged | None]]:
    """Return the repositories, each with a copy of its uncommitted change, if there is one."""
    found = []
    for repository in ex_info.get("repositories") or ():
        rest = {key: value for key, value in repository.items() if not key.startswith("patch")}
        patch = patch_of(repository)
        found.append((plain(rest), None if patch is None else files.stage_bytes(patch)))
    return found


def entered_patches(files: Files, staged: list[tuple[Document, Staged | None]]) -> list[Document]:
    """Put copies into their places; return the repositories with tags of their changes."""
    return [
        rest if copy is None else {**rest, "patch": file_tag(files.enter(copy))}
        for rest, copy in staged
    ]


def with_added_code(
    experiment: Mapping[str, Any], sources: list[list[str]], dependencies: Iterable[str]
) -> Document:
    """Return ``experiment`` with what was imported after the start."""
    old = experiment.get("sources") or []
    known = {source[0] for source in old}
    merged = sorted([*old, *(source for source in sources if source[0] not in known)])
    names = {*(experiment.get("dependencies") or ()), *dependencies}
    return {**experiment, "sources": merged, "dependencies": sorted(names, key=str.lower)}


def files_of(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the ids of the files that a document names."""
    experiment = document.get("experiment") or {}
    lists = (document.get("artifacts"), document.get("resources"), experiment.get("sources"))
    candidates = [part for entries in lists for entry in entries or () for part in entry[1:]]
    candidates += [each.get("patch") for each in experiment.get("repositories") or ()]
    candidates += [document.get("metrics"), document.get("captured_out_file")]
    for candidate in candidates:
        if (file_id := tagged_file(candidate)) is not None:
            yield file_id
