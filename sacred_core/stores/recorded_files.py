"""Facts about the files and the code of a run, as its record has them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from sacred_core.shared_methods import ValueMethods

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
