"""Reads the entries of an archive that others may have made: nothing is extracted by its name.

A ZIP file that claims more than it can contain is refused: entries that overlap, are encrypted,
have the same name, or are compressed in another way than an archive has them. What is left cannot
be more than about a thousand times as large as the file. Each entry is compared with its digest.
"""

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, cast

from sacred_core.archives.layout import FORMAT, MANIFEST, VERSION, signature
from sacred_core.atomic_files import read_start
from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.plurals import counted
from sacred_core.stores.guarded import describe, guard

_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1
_BLOCK = 1 << 20
#: Bytes of an entry that is copied into memory; larger ones are copied into a temporary file.
LARGEST_IN_MEMORY = 1 << 20
#: Bytes of an entry that is read as a whole.
LARGEST_RECORD = 1 << 30
#: The first bytes of a ZIP file, and where the name of its first entry begins.
_MAGIC, _NAME_START = b"PK\x03\x04", 30


def is_archive(path: Path) -> bool:
    """Return whether a file is an archive of runs, perhaps a damaged one.

    An archive that was extracted and packed again by another program is one if its name ends with
    ``.zip``.
    """
    start = signature()
    try:
        head = read_start(path, _NAME_START + len(start))
        if not head.startswith(_MAGIC):
            return False
        if head[_NAME_START:] == start:
            return True
        if path.suffix.lower() != ".zip":
            return False
        with zipfile.ZipFile(path) as file, file.open(MANIFEST) as manifest:
            return FORMAT.encode() in manifest.read(len(FORMAT) * 3)
    except (OSError, KeyError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile):
        return False


class Archive:
    """The entries of an archive.

    Args:
        path: Of the ZIP file.

    Attributes:
        manifest: The content of ``manifest.json``.

    Raises:
        StoreError: it cannot be opened, is not an archive of runs, or has a newer format.
    """

    def __init__(self, path: Path) -> None:
        self._name = repr(str(path))
        try:
            self._zip = zipfile.ZipFile(path)
        except zipfile.BadZipFile:
            reason = "its end is missing" if is_archive(path) else "it is not a ZIP file"
            raise StoreError(f"{self._name} is not a complete archive of runs: {reason}") from None
        except OSError as error:
            raise StoreError(f"cannot read {self._name}: {error.strerror or error}") from None
        except (ValueError, NotImplementedError) as error:
            raise StoreError(f"{self._name} is damaged: {describe(error)}") from None
        try:
            self._entries = self._check_entries()
            self.manifest = self._read_manifest()
        except BaseException:
            self._zip.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def read(self, name: str, digest: Mapping[str, Any]) -> bytes:
        """Return the content of an entry.

        Args:
            name: Of the entry.
            digest: What the manifest has of it: ``sha256`` and ``size``.

        Raises:
            DamagedRecordError: it is missing, or differs from its digest.
        """
        with self.open(name, digest) as file:
            return file.read()

    def open(self, name: str, digest: Mapping[str, Any], is_large: bool = False) -> BinaryIO:
        """Open a copy of an entry, which was compared with its digest.

        Args:
            name: Of the entry.
            digest: See `read`.
            is_large: It may be of any size, because it is not read as a whole.

        Raises:
            DamagedRecordError: it is missing, or differs from its digest.
        """
        info = self._entries.get(name)
        if info is None:
            raise DamagedRecordError(f"{name!r} is missing in {self._name}")
        if info.file_size != digest["size"]:
            sizes = f"{info.file_size} and not {counted(digest['size'], 'byte')}"
            raise DamagedRecordError(f"{name!r} in {self._name} has {sizes}")
        if not is_large:
            self._require_small(info)
        found = hashlib.sha256()
        is_small = info.file_size <= LARGEST_IN_MEMORY
        copy = io.BytesIO() if is_small else cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115
        try:
            with guard(f"{name!r} in {self._name}"), self._zip.open(info) as file:
                while block := file.read(_BLOCK):
                    found.update(block)
                    copy.write(block)
            if found.hexdigest() != digest["sha256"]:
                raise DamagedRecordError(
                    f"{name!r} in {self._name} is damaged: its SHA-256 digest is "
                    f"{found.hexdigest()}, not {digest['sha256']}"
                )
        except BaseException:
            copy.close()
            raise
        copy.seek(0, os.SEEK_SET)
        return copy

    def _check_entries(self) -> dict[str, zipfile.ZipInfo]:
        infos = self._zip.infolist()
        entries = {info.filename: info for info in infos}
        if len(entries) < len(infos):
            raise self._refusal("it has several entries of one name")
        for info in infos:
            if info.flag_bits & _ENCRYPTED or info.compress_type not in _COMPRESSIONS:
                raise self._refusal(f"{info.filename!r} is encrypted or compressed in another way")
        ordered = sorted(infos, key=lambda info: info.header_offset)
        for one, other in pairwise(ordered):
            if one.header_offset + one.compress_size >= other.header_offset:
                raise self._refusal(f"{one.filename!r} and {other.filename!r} overlap")
        return entries

    def _read_manifest(self) -> dict[str, Any]:
        info = self._entries.get(MANIFEST)
        if info is None:
            raise self._refusal(f"it has no {MANIFEST}")
        self._require_small(info)
        with guard(f"{MANIFEST!r} in {self._name}"):
            manifest = json.loads(self._zip.read(info))
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise self._refusal(f"its {MANIFEST} is that of another program")
        version = manifest.get("version")
        if type(version) is int and version > VERSION:
            raise StoreError(
                f"{self._name} has the format version {version}, and this version of sacred-core "
                f"reads versions up to {VERSION}: update sacred-core"
            )
        if type(version) is not int or not _is_sound(manifest):
            raise DamagedRecordError(f"{MANIFEST!r} in {self._name} is damaged")
        return manifest

    def _require_small(self, info: zipfile.ZipInfo) -> None:
        if info.file_size > LARGEST_RECORD:
            size = counted(info.file_size, "byte")
            raise DamagedRecordError(
                f"{info.filename!r} in {self._name} is too large for a record: {size}"
            )

    def _refusal(self, reason: str) -> StoreError:
        return StoreError(f"{self._name} is not an archive of runs: {reason}")


def _is_sound(manifest: Mapping[str, Any]) -> bool:
    """Return whether a manifest names its runs; a run whose entry is wrong is damaged itself."""
    runs = manifest.get("runs")
    return (
        isinstance(runs, list)
        and isinstance(manifest.get("contents"), dict)
        and all(isinstance(run, dict) and type(run.get("id")) in (int, str) for run in runs)
        and len({run["id"] for run in runs}) == len(runs)
    )
