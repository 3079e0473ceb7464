"""The code of a run, kept in files that all runs share."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sacred_core.provenance.repositories import patch_of
from sacred_core.provenance.sources import stored_version
from sacred_core.stable_files import ChangingFileError
from sacred_mongo.files import Files
from sacred_mongo.values import stored, stored_name


def stored_experiment(files: Files, ex_info: Mapping[str, Any]) -> dict[str, Any]:
    """Return the information with ids of files in place of contents."""
    info: dict[str, Any] = stored(dict(ex_info))
    info["sources"] = kept_sources(
        files, ex_info.get("base_dir") or ".", ex_info.get("sources") or ()
    )
    info["repositories"] = [
        _repository(files, repository) for repository in ex_info.get("repositories") or ()
    ]
    return info


def kept_sources(files: Files, base_dir: str, sources: Iterable[Sequence[str]]) -> list[list[Any]]:
    """Return pairs of the name of a source and the id of its file, stored if it is new.

    The md5 is in the place of the id if the file is missing or has changed.
    """
    base = Path(base_dir)
    return [[stored_name(source[0]), _kept_source(files, base, *source[:2])] for source in sources]


def _kept_source(files: Files, base: Path, name: str, md5: str | None = None) -> Any:
    path = base / name
    version = stored_version(path, md5, has_sha256=True)
    if version is None:
        return md5
    try:
        return files.keep_version(version, str(path)).id
    except ChangingFileError:
        return md5


def _repository(files: Files, repository: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in repository.items() if not key.startswith("patch")}
    kept: dict[str, Any] = stored(rest)
    patch = patch_of(repository)
    if patch is not None:
        kept["patch"] = files.keep_bytes(patch, "uncommitted.patch").id
    return kept
