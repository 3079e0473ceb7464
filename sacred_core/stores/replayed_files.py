"""Temporary copies of the files of a run, while the run is copied."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import attrs

from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.patches import encode_patch
from sacred_core.source_contents import using_contents
from sacred_core.stores.run_store import RunStore

_BLOCK = 1024 * 1024
#: What the name of a temporary file must not contain, and its greatest length in bytes.
_NOT_IN_NAMES, _LONGEST_NAME = re.compile(r"[/\\\x00-\x1f\ud800-\udfff]"), 200


class Content(NamedTuple):
    """A temporary copy.

    Attributes:
        path: Of the copy. Its name is that of the file, if it can be.
        md5: The MD5 digest of the content, in hexadecimal.
    """

    path: Path
    md5: str


@attrs.define
class ReplayedFiles:
    """Files of one run in a temporary folder.

    Attributes:
        store, run_id: The source.
        missing: What cannot be read.
        size: The number of bytes that were read.
    """

    store: RunStore
    run_id: int | str
    missing: list[str] = attrs.field(factory=list, init=False)
    size: int = attrs.field(default=0, init=False)
    _folder: Path = attrs.field(init=False)

    @contextmanager
    def open_folder(self) -> Iterator[None]:
        """Return the context in which the folder exists; all other methods are called in it."""
        with tempfile.TemporaryDirectory(prefix="sacred-replay-") as folder:
            self._folder = Path(folder)
            yield

    @contextmanager
    def content(self, kind: str, name: str, md5: str | None) -> Iterator[str | None]:
        """Return the path of the content of a file within the block, None if it is missing.

        Args:
            kind, name: As in `RunStore.open_file`.
            md5: The recorded digest, if it is known.

        Raises:
            UnavailableError: the store cannot be reached.
        """
        folder = self._folder / kind
        try:
            found = self._fetch(kind, name, folder, md5)
            yield None if found is None else str(found.path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def sources(
        self, base_dir: str, digests: Mapping[str, str | None]
    ) -> Iterator[list[list[str]]]:
        """Return pairs of names and digests of sources, whose contents are available in the block.

        Args:
            base_dir: The folder that the names are relative to, which need not exist.
            digests: The recorded digests by name.

        Raises:
            UnavailableError: the store cannot be reached.
        """
        folder = self._folder / "sources"
        pairs: list[list[str]] = []
        contents: dict[tuple[Path, str], Path] = {}
        try:
            for number, (name, md5) in enumerate(digests.items()):
                found = self._fetch("source", name, folder / str(number), md5)
                pairs.append([name, (md5 or "") if found is None else found.md5])
                if found is not None:
                    contents[Path(base_dir, name), found.md5] = found.path
            with using_contents(contents):
                yield pairs
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def patch(self, commit: str) -> dict[str, str]:
        """Return uncommitted changes as in the entry of a repository; empty if they are missing."""
        try:
            with self.store.open_file(self.run_id, "patch", commit) as file:
                return encode_patch(file.read())
        except UnavailableError:
            raise
        except StoreError as error:
            self.missing.append(f"the uncommitted changes of {commit} ({error})")
            return {}

    def _fetch(self, kind: str, name: str, folder: Path, md5: str | None) -> Content | None:
        """Write a file into a new folder; a source only if it is what ran."""
        folder.mkdir(parents=True)
        try:
            found = self._write(kind, name, folder / file_name(name))
        except UnavailableError:
            raise
        except StoreError as error:
            self.missing.append(f"the content of the {kind} {name!r} ({error})")
            return None
        if md5 in (None, found.md5):
            return found
        self.missing.append(
            f"the recorded content of the {kind} {name!r} (the MD5 digest of what is stored is "
            f"{found.md5}, not {md5})"
        )
        return None if kind == "source" else found

    def _write(self, kind: str, name: str, path: Path) -> Content:
        digest = hashlib.md5(usedforsecurity=False)
        with self.store.open_file(self.run_id, kind, name) as content, path.open("wb") as file:
            while block := content.read(_BLOCK):
                digest.update(block)
                file.write(block)
                self.size += len(block)
        return Content(path, digest.hexdigest())


def file_name(name: str) -> str:
    """Return the name of the temporary file for a file of any name: its last part, if possible."""
    last = _NOT_IN_NAMES.sub("_", PurePosixPath(name.replace("\x00", "_")).name)
    if last in ("", ".", ".."):
        return "content"
    data = last.encode()
    return last if len(data) <= _LONGEST_NAME else data[-_LONGEST_NAME:].decode(errors="ignore")
