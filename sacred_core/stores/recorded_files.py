"""Facts about the files and the code of a run, as its record has them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from sacred_core.shared_methods import ValueMethods

if TYPE_CHECKING:
    from sacred_core.stores.captured import CapturedCall

#: A digest by itself, or in the name of a content: ``train_d41d8cd98f00b204e9800998ecf8427e.py``.
_DIGEST = re.compile(r"(?:^|_)([0-9a-f]{32})(?:\.[^/]*)?\Z")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FileInfo(ValueMethods):
    """Facts about a file of a run; unknown values are None.

    Attributes:
        size: In bytes.
        md5: The hexadecimal MD5 digest of its content.
        content_type: The media type of an artifact.
        metadata: The metadata of an artifact.
    """

    size: int | None = None
    md5: str | None = None
    content_type: str | None = None
    metadata: dict[str, Any] | None = None


class RecordedFiles:
    """The part of `sacred_core.stores.StoredRun` for its files and its code."""

    experiment: dict[str, Any]
    artifacts: list[str]
    resources: list[str]
    files: dict[str, dict[str, FileInfo]]

    @property
    def sources(self) -> dict[str, str | None]:
        """The MD5 digests of its sources by name, in hexadecimal; None where it is unknown."""
        known = self.files.get("source", {})
        found: dict[str, str | None] = {}
        for entry in self.experiment.get("sources") or ():
            if not isinstance(entry, (list, tuple)) or len(entry) < 2:
                continue  # a record may contain anything
            name, own = str(entry[0]), known.get(str(entry[0]))
            found[name] = own.md5 if own and own.md5 else digest_in(entry[1])
        return found

    @property
    def repositories(self) -> list[dict[str, Any]]:
        """``{"url", "commit", "dirty"}`` of the git repositories of its sources, each once.

        ``store.open_file(id, "patch", commit)`` opens the uncommitted changes of a dirty one.
        """
        found: list[dict[str, Any]] = []
        for each in self.experiment.get("repositories") or ():
            if isinstance(each, dict):
                repository = {key: each.get(key) for key in ("url", "commit", "dirty")}
                found += [] if repository in found else [repository]
        return found

    @property
    def captured(self) -> "list[CapturedCall]":
        """The captured functions that were called, by their first calls; empty if not recorded."""
        from sacred_core.stores.captured import decode_calls  # few readers need it

        return decode_calls(self.experiment.get("captured"))

    @property
    def artifact_info(self) -> dict[str, FileInfo]:
        """Facts about each artifact, by name."""
        known = self.files.get("artifact", {})
        return {name: known.get(name, FileInfo()) for name in self.artifacts}

    @property
    def resource_info(self) -> dict[str, FileInfo]:
        """Facts about each resource, by path."""
        known = self.files.get("resource", {})
        return {name: known.get(name, FileInfo()) for name in self.resources}


def digest_in(stored: Any) -> str | None:
    """Return the MD5 digest that a string is, or that ends the name of a content; else None."""
    digest = _DIGEST.search(stored) if isinstance(stored, str) else None
    return None if digest is None else digest[1]


def merge_code(
    experiment: Mapping[str, Any], sources: Iterable[Sequence[Any]], dependencies: Iterable[str]
) -> dict[str, Any]:
    """Return ``experiment`` with code that was imported after the start.

    Args:
        experiment: As in `StoredRun`.
        sources: Entries of which the first item is the name; a name that is known is not changed.
        dependencies: Strings like ``numpy==2.0``.
    """
    old = experiment.get("sources") or []
    known = {source[0] for source in old}
    new = [source for source in sources if source[0] not in known]
    names = {*(experiment.get("dependencies") or ()), *dependencies}
    return {
        **experiment,
        "sources": sorted([*old, *new], key=lambda source: source[0]),
        "dependencies": sorted(names, key=str.lower),
    }


def source_files(entries: Any) -> dict[str, dict[str, FileInfo]]:
    """Return what is known of sources before a backend stores them: names and digests."""
    known = {str(name): FileInfo(md5=md5) for name, md5 in entries or ()}
    return {"source": known} if known else {}
