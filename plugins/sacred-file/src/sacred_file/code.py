"""Copies of the code of a run, in a folder that all runs share."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sacred_core.provenance.repositories import patch_of
from sacred_core.provenance.sources import stored_version
from sacred_core.stable_files import ChangingFileError
from sacred_file.copies import keep_bytes, store_version


class KeptCode:
    """Keeps each version of each file once.

    Args:
        basedir: What the names of copies are relative to.
        folder: Where they are.
        copies: Whether there are any; without, sources have their md5, and changes go.
    """

    def __init__(self, basedir: Path, folder: Path, copies: bool) -> None:
        self._basedir = basedir
        self._folder = folder
        self._copies = copies

    def info(self, ex_info: Mapping[str, Any]) -> dict[str, Any]:
        """Return the information with the names of the copies in place of the contents."""
        info = dict(ex_info)
        if info.get("sources"):
            info["sources"] = self.sources(info["base_dir"], info["sources"])
        found = info.get("repositories") or ()
        info["repositories"] = [self._repository(repository) for repository in found]
        return info

    def add(
        self, info: dict[str, Any], base_dir: str, sources: Iterable[Sequence[str]],
        dependencies: Iterable[str],
    ) -> None:  # fmt: skip
        """Add what was imported later to ``info``, what it holds already aside."""
        known = {name for name, _ in info["sources"]}
        new = [pair for pair in self.sources(base_dir, sources) if pair[0] not in known]
        info["sources"] = sorted(info["sources"] + new)
        info["dependencies"] = sorted({*info["dependencies"], *dependencies}, key=str.lower)

    def sources(self, base_dir: str, sources: Iterable[Sequence[str]]) -> list[list[str]]:
        """Return pairs of the file's name and its copy, which is made if it is new.

        The md5 is in the place of the copy if the file is missing or has changed.
        """
        if not self._copies:
            return [list(pair) for pair in sources]
        base = Path(base_dir)
        return [[name, self._source(base / name, md5)] for name, md5 in sources]

    def _source(self, path: Path, md5: str) -> str:
        version = stored_version(path, md5)
        if version is None:
            return md5
        try:
            return os.path.relpath(store_version(version, self._folder), self._basedir)
        except ChangingFileError:
            return md5

    def _repository(self, repository: Mapping[str, Any]) -> dict[str, Any]:
        rest = {key: value for key, value in repository.items() if not key.startswith("patch")}
        patch = patch_of(repository)
        if patch is None or not self._copies:
            return rest
        kept = keep_bytes(patch, self._folder, "uncommitted", ".patch")
        return {**rest, "patch": os.path.relpath(kept, self._basedir)}
