"""The code of a run, with the name of what is stored in the place of each content."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sacred_core.patches import decode_patch
from sacred_core.provenance.sources import stored_version
from sacred_core.stable_files import ChangingFileError, FileVersion


class CodeArchive(NamedTuple):
    """Stores sources and uncommitted changes where runs share contents.

    Attributes:
        store_file: Stores a version of a file, and returns the name for the record.
        store_patch: The same for uncommitted changes.
        needs_sha256: The version has a sha256.
    """

    store_file: Callable[[FileVersion], Any]
    store_patch: Callable[[bytes], Any]
    needs_sha256: bool = False

    def experiment(self, ex_info: Mapping[str, Any]) -> dict[str, Any]:
        """Return the information about an experiment with names in the place of contents."""
        info = dict(ex_info)
        if info.get("sources"):
            info["sources"] = self.sources(info["base_dir"], info["sources"])
        found = info.get("repositories") or ()
        info["repositories"] = [self._repository(repository) for repository in found]
        return info

    def sources(self, base_dir: str, sources: Iterable[Sequence[str]]) -> list[list[Any]]:
        """Return pairs of the name of a source and that of its content.

        Instead of the latter there is the MD5 digest if the file is missing or has changed.
        """
        base = Path(base_dir)
        return [[name, self._stored_name(base / name, md5)] for name, md5 in sources]

    def _stored_name(self, path: Path, md5: str) -> Any:
        version = stored_version(path, md5, self.needs_sha256)
        if version is None:
            return md5
        try:
            return self.store_file(version)
        except ChangingFileError:
            return md5

    def _repository(self, repository: Mapping[str, Any]) -> dict[str, Any]:
        rest = {key: value for key, value in repository.items() if not key.startswith("patch")}
        patch = decode_patch(repository)
        return rest if patch is None else {**rest, "patch": self.store_patch(patch)}
