"""Where artifacts are below the prefix of their run: under their names, if these can be keys."""

from collections.abc import Iterator

from sacred_core.stores.folder_format import ARTIFACTS, LONGEST_PART, quote_artifact_name
from sacred_objects.layout import RESERVED

#: Bytes of a key; S3 and GCS take 1,024, and the run's folder stands before it.
_LONGEST = 500


class ArtifactKeys:
    """The keys of the artifacts of one run.

    Where one name is that of the folder of another, as ``x`` and ``x/y``, the second is apart:
    stores on file systems and downloads cannot have both.
    """

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}
        self._plain: set[str] = set()
        self._folders: set[str] = set()

    def key(self, name: str) -> str:
        """Return the key of an artifact; that of a name stays the same."""
        if name not in self._keys:
            self._keys[name] = self._new_key(name)
        return self._keys[name]

    def _new_key(self, name: str) -> str:
        if not _is_plain(name, LONGEST_PART):
            return _apart(name, LONGEST_PART)
        folders = {name[:end] for end, character in enumerate(name) if character == "/"}
        if name in self._folders or folders & self._plain:
            return _apart(name, LONGEST_PART)
        self._plain.add(name)
        self._folders |= folders
        return name


def possible_keys(name: str) -> Iterator[str]:
    """Yield the keys that the artifact ``name`` may have, in any order of artifacts.

    Earlier releases took longer parts of names.
    """
    if _is_plain(name, _LONGEST):
        yield name
    yield from dict.fromkeys((_apart(name, LONGEST_PART), _apart(name, _LONGEST)))


def _is_plain(name: str, longest_part: int) -> bool:
    parts = name.split("/")
    sizes = [len(part.encode("utf-8", "replace")) for part in parts]
    first = parts[0].casefold()
    return (
        all(part and part[0] != "." and part.isprintable() for part in parts)
        and max(sizes) <= longest_part
        and sum(sizes) + len(sizes) - 1 <= _LONGEST
        and "\\" not in name
        and first not in RESERVED
        and not first.startswith("annotations.")
    )


def _apart(name: str, longest: int) -> str:
    return f"{ARTIFACTS}/{quote_artifact_name(name, longest)}"
