"""A bucket of Google Cloud Storage."""

import io
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from google.api_core import exceptions as api
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY
from sacred_objects.bucket import ObjectInfo, bytes_left, in_parallel

from sacred_core.finalizing import call_when_unused
from sacred_gcs.errors import PAGE, NotGoogleError, translate_errors

#: Seconds for which a request is tried again; the driver's own are 120, for which a heartbeat
#: would wait.
PATIENCE = 15.0
#: Seconds to connect, and to wait for an answer.
_TIMEOUT = (5.0, 20.0)
#: Bytes of which it does not matter that they are sent in vain.
_SMALL = 1_000_000
#: Larger files go in pieces, of which one is in memory.
_PIECE = 8 * 1024 * 1024


class GcsBucket:
    """Implements the protocol of `sacred_objects.Bucket`.

    Args:
        name: Of the bucket.

    Raises:
        StoreError: there are no credentials.
    """

    def __init__(self, name: str) -> None:
        self.url = f"gs://{name}"
        with translate_errors(self.url):
            client = storage.Client(project=None)
        self._client = client
        self._bucket = client.bucket(name)
        self._patience = {"timeout": _TIMEOUT, "retry": DEFAULT_RETRY.with_timeout(PATIENCE)}
        call_when_unused(self, client.close)

    def put(self, key: str, data: bytes | BinaryIO, content_type: str | None = None) -> str | None:
        """Write an object; return its version."""
        with translate_errors(self.url):
            return self._upload(key, data, content_type)

    def put_if_absent(self, key: str, data: bytes, content_type: str | None = None) -> str | None:
        """Write an object unless there is one; return its version."""
        # Large data is sent in pieces before the server compares; some servers never do.
        if len(data) > _SMALL and self.size(key) is not None:
            return None
        return self.replace(key, data, "0", content_type)

    def replace(
        self, key: str, data: bytes, version: str, content_type: str | None = None
    ) -> str | None:
        """Write an object if it has this version, its generation; return the new one."""
        with translate_errors(self.url):
            try:
                return self._upload(key, data, content_type, if_generation_match=int(version))
            except api.PreconditionFailed:
                return None

    def version(self, key: str) -> str | None:
        """Return the version of an object: its generation."""
        with translate_errors(self.url):
            blob = self._bucket.get_blob(key, **self._patience)
        return None if blob is None else str(blob.generation)

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes | None:
        """Return the content of an object, or a piece of it."""
        if length == 0:
            return b""
        piece: dict[str, int] = {}
        if start or length is not None:
            piece["start"] = start
        if length is not None:
            piece["end"] = start + length - 1
        with translate_errors(self.url):
            try:
                blob = self._bucket.blob(key)
                data: bytes = blob.download_as_bytes(**piece, **self._patience)
                _check_origin(blob)
            except api.NotFound as error:
                _raise_for_bucket(error)
                return None
        return data

    def size(self, key: str) -> int | None:
        """Return how many bytes an object contains."""
        with translate_errors(self.url):
            blob = self._bucket.get_blob(key, **self._patience)
        return None if blob is None else int(blob.size)

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with ``prefix``."""
        for page in self._pages(prefix=prefix, fields="items(name),nextPageToken"):
            yield from (blob.name for blob in page)

    def scan(self, prefix: str, start: str = "", stop: str | None = None) -> Iterator[ObjectInfo]:
        """Yield the objects whose keys begin with ``prefix``, between two keys."""
        fields = "items(name,generation,updated),nextPageToken"
        for page in self._pages(
            prefix=prefix, start_offset=start or None, end_offset=stop, fields=fields
        ):
            for blob in page:
                if blob.name > start and (stop is None or blob.name < stop):
                    yield ObjectInfo(blob.name, str(blob.generation), blob.updated)

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names of the folders at ``prefix``."""
        for page in self._pages(prefix=prefix, delimiter="/", fields="prefixes,nextPageToken"):
            yield from (found.removeprefix(prefix).rstrip("/") for found in page.prefixes)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects."""
        for _ in in_parallel(self._delete, keys):
            pass

    def _delete(self, key: str) -> None:
        with translate_errors(self.url):
            try:
                self._bucket.delete_blob(key, **self._patience)
            except api.NotFound as error:
                _raise_for_bucket(error)

    def _upload(
        self, key: str, data: bytes | BinaryIO, content_type: str | None, **conditions: Any
    ) -> str:
        blob = self._bucket.blob(key, chunk_size=_PIECE)
        file = io.BytesIO(data) if isinstance(data, bytes) else data
        blob.upload_from_file(
            file,
            size=bytes_left(file),
            content_type=content_type or "application/octet-stream",
            **conditions,
            **self._patience,
        )
        _check_origin(blob)
        return str(blob.generation)

    def _pages(self, **wanted: Any) -> Iterator[Any]:
        with translate_errors(self.url):
            yield from self._client.list_blobs(self._bucket, **wanted, **self._patience).pages


def _check_origin(blob: Any) -> None:
    """Refuse the page of a proxy, which comes with the status 200 too.

    What Google stores has a generation and checksums, which the answer contains
    (https://cloud.google.com/storage/docs/xml-api/reference-headers).
    """
    if not (blob.generation or blob.crc32c or blob.md5_hash):
        raise NotGoogleError(PAGE)


def _raise_for_bucket(error: api.NotFound) -> None:
    """Raise the error if it is the bucket that is missing, not the object."""
    if "bucket does not exist" in str(error.message):
        raise error
