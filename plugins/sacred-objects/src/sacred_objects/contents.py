"""Files that runs share: each content once, its digest in its name.

A run that starts, or reads many files, names content in its record after it has stored it. Before
it stores it the names are in objects ``_pending/TOKEN/N.json``, until the record has them, so
that no process that deletes another run removes the content meanwhile.
"""

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO

import attrs

from sacred_core.content_types import guess_content_type
from sacred_core.exceptions import StoreError
from sacred_core.loggers import own_logger
from sacred_core.observers.code_archive import CodeArchive
from sacred_core.stable_files import ChangingFileError, FileVersion, file_version
from sacred_core.stores import StoredRun
from sacred_core.stores.folder_format import content_name
from sacred_objects.bucket import BucketAwayError, in_parallel
from sacred_objects.object_keys import JSON, PENDING, BucketLayout

_logger = own_logger(__name__)

#: How often a file that changes is sent.
_ATTEMPTS = 3
#: A process that has not written its record for so long has ended; clocks of machines differ.
_LIFETIME = timedelta(days=1)


class Pending:
    """The names of one run.

    Args:
        layout: Where the runs are.
        token: Of the run.
    """

    def __init__(self, layout: BucketLayout, token: str) -> None:
        self._bucket = layout.bucket
        self._prefix = f"{layout.root}{PENDING}{token}/"
        self._count = 0
        self._written: list[str] = []

    def add(self, keys: Iterable[str]) -> None:
        """Store names of content, if there are any; call it before the content is stored."""
        listed = sorted(keys)
        if listed:
            key = f"{self._prefix}{self._count:08d}.json"
            data = {"keys": listed, "time": datetime.now(UTC).isoformat()}
            self._bucket.put(key, json.dumps(data).encode(), JSON)
            self._count += 1
            self._written.append(key)

    def clear(self) -> None:
        """Remove the names: the record has them."""
        if self._written:
            self._bucket.delete(self._written)
            self._written = []


def pending_keys(layout: BucketLayout, runs: Mapping[str, StoredRun]) -> set[str]:
    """Return the content that runs are about to name; remove the names of those that have ended.

    Args:
        layout: Where the runs are.
        runs: By token, those that have a record.
    """
    now = datetime.now(UTC)
    prefix = layout.root + PENDING
    names = list(layout.bucket.list(prefix))
    found: set[str] = set()
    ended: list[str] = []
    for name, data in zip(names, in_parallel(layout.bucket.get, names), strict=True):
        keys, time = _read(data)
        run = runs.get(name.removeprefix(prefix).partition("/")[0])
        is_recent = time is None or now - time < _LIFETIME
        is_live = run is not None and run.is_running()
        if is_live or (is_recent and (run is None or run.recorded_status == "RUNNING")):
            found.update(keys)
        else:
            ended.append(name)
    layout.bucket.delete(ended)
    return found


def _read(data: bytes | None) -> tuple[Iterator[str], datetime | None]:
    """Return the names, and when they were written, or None where that is unknown."""
    try:
        stored = json.loads(data or b"{}")
        return iter([str(key) for key in stored["keys"]]), datetime.fromisoformat(stored["time"])
    except (ValueError, TypeError, KeyError):
        return iter(()), None


@attrs.frozen
class Upload:
    """A file on its way.

    Attributes:
        opened: Returns what is to be sent.
        content_type: The content type for browsers.
        is_shared: Its key contains the digest: what is stored already is not sent again.
    """

    opened: Callable[[], BinaryIO]
    content_type: str | None = None
    is_shared: bool = True


class UploadQueue:
    """Files that are to be sent, by key.

    Args:
        layout: Where to.
        pending: Gets the names of shared ones before they are sent.
    """

    def __init__(self, layout: BucketLayout, pending: Pending) -> None:
        self._layout = layout
        self._pending = pending
        self._waiting: dict[str, Upload] = {}
        self._shared: dict[str, Upload] = {}

    @property
    def has_waiting(self) -> bool:
        """Whether files are pending."""
        return bool(self._waiting)

    def add(self, key: str, upload: Upload) -> None:
        """Add a file; a shared one that was already sent is skipped."""
        if not (upload.is_shared and key in self._shared):
            self._waiting[key] = upload

    def mark_recorded(self) -> None:
        """Record that the record of the run names all sent files."""
        self._pending.clear()

    def restore_missing(self) -> None:
        """Send missing shared files again; log those that cannot be sent.

        Raises:
            StoreError: the bucket cannot be read.
        """

        def is_missing(key: str) -> bool:
            return self._layout.bucket.size(key) is None

        keys = list(self._shared)
        for key, missing in zip(keys, in_parallel(is_missing, keys), strict=True):
            if missing and not self._restore(key, self._shared[key]):
                _logger.warning(
                    "'%s/%s' is missing, and its file no longer has this content",
                    self._layout.bucket.url, key,
                )  # fmt: skip

    def send(self) -> None:
        """Send what was added. What fails is to be added again: its event is retried.

        Raises:
            BucketAwayError: the bucket cannot be reached.
            OSError, StoreError: one could not be read, or was refused; the others were sent.
        """
        waiting = list(self._waiting.items())
        self._waiting = {}
        self._pending.add(key for key, upload in waiting if upload.is_shared)
        away: list[BucketAwayError] = []

        def attempt(item: tuple[str, Upload]) -> Exception | None:
            if away:  # else it would wait for the network as well
                return away[0]
            try:
                self._send(*item)
            except BucketAwayError as error:
                away.append(error)
                return error
            except (OSError, StoreError) as error:
                return error
            return None

        # A run may have a hundred sources, which are requested one after the other otherwise.
        answers = map(attempt, waiting) if len(waiting) == 1 else in_parallel(attempt, waiting)
        refused: list[Exception] = []
        for (key, upload), error in zip(waiting, answers, strict=True):
            if error is not None:
                refused.append(error)
            elif upload.is_shared:
                self._shared[key] = upload
        for error in [*away, *refused]:
            raise error

    def _send(self, key: str, upload: Upload) -> None:
        bucket = self._layout.bucket
        if upload.is_shared and bucket.size(key) is not None:
            return
        for attempt in range(_ATTEMPTS):
            try:
                with upload.opened() as file:
                    bucket.put(key, file, upload.content_type)
                return
            except ChangingFileError:
                # The key of what is shared is made of the content that is no longer there.
                if upload.is_shared or attempt == _ATTEMPTS - 1:
                    raise

    def _restore(self, key: str, upload: Upload) -> bool:
        try:
            with upload.opened() as file:
                md5 = hashlib.md5(usedforsecurity=False)
                for block in iter(lambda: file.read(1 << 20), b""):
                    md5.update(block)
            if md5.hexdigest() not in key:
                return False
            self._send(key, upload)
        except OSError:
            return False
        return True


class SharedContents:
    """Names contents that runs share; ``uploads`` sends them.

    Args:
        layout: Where they are.
        uploads: Gets every content.

    Attributes:
        archive: Stores code.
    """

    def __init__(self, layout: BucketLayout, uploads: UploadQueue) -> None:
        self._layout = layout
        self._uploads = uploads
        self.archive = CodeArchive(partial(self._add_file, layout.source_dir), self._add_patch)

    def resource(self, path: Path) -> tuple[str, FileVersion]:
        """Return the name of the content of a file, and the version that is sent.

        Raises:
            OSError: it cannot be read.
        """
        version = file_version(path)
        return self._add_file(self._layout.resource_dir, version), version

    def _add_file(self, folder: str, version: FileVersion) -> str:
        upload = Upload(version.open, guess_content_type(version.path.name))
        return self._add(folder, content_name(version.path, version.md5), upload)

    def _add_patch(self, patch: bytes) -> str:
        md5 = hashlib.md5(patch, usedforsecurity=False).hexdigest()
        name = content_name(Path("uncommitted.patch"), md5)
        return self._add(self._layout.source_dir, name, Upload(lambda: io.BytesIO(patch)))

    def _add(self, folder: str, name: str, upload: Upload) -> str:
        name = name.encode("utf-8", "replace").decode()
        key = f"{folder}/{name}" if folder else name
        self._uploads.add(key, upload)
        return self._layout.to_name(key)
