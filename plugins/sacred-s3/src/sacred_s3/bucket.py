"""A bucket of S3, or of a server that speaks like it."""

import contextlib
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
from sacred_objects.bucket import ObjectInfo, bytes_left

from sacred_core.exceptions import StoreError
from sacred_core.finalizing import call_when_unused
from sacred_s3.answers import check_answers
from sacred_s3.errors import code_of, translate_errors

#: Larger files go in pieces, of which two are in memory at the same time.
_PIECE = 8 * 1024 * 1024
_TRANSFER = TransferConfig(
    multipart_threshold=_PIECE, multipart_chunksize=_PIECE, max_concurrency=2
)
_ABSENT = frozenset(("NoSuchKey", "404", "NotFound"))
_DELETED_AT_ONCE = 1_000
#: How often a write is tried that met another one of the same object.
_CONFLICTS = 7


class S3Bucket:
    """Implements the protocol of `sacred_objects.Bucket`.

    Args:
        client: Of boto3; closed with this object.
        name: Of the bucket.
        region: Where it is created, if it is.
    """

    def __init__(self, client: Any, name: str, region: str) -> None:
        self.url = f"s3://{name}"
        self._client = client
        check_answers(client)
        self._name = name
        self._region = region
        # Of others it is not known whether they look at conditions before they have shown it.
        self._is_proven = self._is_amazon = str(client.meta.endpoint_url).endswith(
            (".amazonaws.com", ".amazonaws.com.cn")
        )
        # Directory buckets list keys in any order: https://docs.aws.amazon.com/AmazonS3/latest/API/
        # API_ListObjectsV2.html
        self._is_sorted = not name.endswith("--x-s3")
        call_when_unused(self, client.close)

    def put(self, key: str, data: bytes | BinaryIO, content_type: str | None = None) -> str | None:
        """Write an object; return its version."""
        details = {"ContentType": content_type} if content_type else {}
        with translate_errors(self.url):
            if isinstance(data, bytes) or bytes_left(data) <= _PIECE:
                body = data if isinstance(data, bytes) else data.read()
                done = self._client.put_object(Bucket=self._name, Key=key, Body=body, **details)
                return str(done["ETag"])
            self._client.upload_fileobj(data, self._name, key, ExtraArgs=details, Config=_TRANSFER)
        return None

    def put_if_absent(self, key: str, data: bytes, content_type: str | None = None) -> str | None:
        """Write an object unless there is one; return its version."""
        details = {"ContentType": content_type} if content_type else {}
        version = self._put_if(key, data, IfNoneMatch="*", **details)
        if version is not None and not self._is_proven:
            if self._put_if(key, data, IfNoneMatch="*", **details) is not None:
                raise StoreError(
                    f"{self.url}: the server ignores 'If-None-Match', without which two runs could "
                    "have one id: use a newer version of it"
                )
            self._is_proven = True
        return version

    def replace(
        self, key: str, data: bytes, version: str, content_type: str | None = None
    ) -> str | None:
        """Write an object if it has this version; return the new one."""
        if not self._is_amazon and self.version(key) != version:
            return None  # another server may ignore the condition below
        details = {"ContentType": content_type} if content_type else {}
        return self._put_if(key, data, IfMatch=version, **details)

    def version(self, key: str) -> str | None:
        """Return the version of an object: its ETag."""
        found = self._head(key)
        return None if found is None else str(found["ETag"])

    def _put_if(self, key: str, data: bytes, **conditions: str) -> str | None:
        for attempt in range(_CONFLICTS):
            try:
                with translate_errors(self.url):
                    done = self._client.put_object(
                        Bucket=self._name, Key=key, Body=data, **conditions
                    )
                return str(done["ETag"])
            except StoreError as error:
                code = code_of(error.__cause__) if error.__cause__ else ""
                if code in ("PreconditionFailed", "412", *_ABSENT):
                    return None
                if code != "ConditionalRequestConflict":
                    raise
                time.sleep(0.01 * 2**attempt)
        raise StoreError(
            f"'{self.url}/{key}' is written by other processes all the time: try again later"
        )

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes | None:
        """Return the content of an object, or a piece of it."""
        if length == 0:
            return b""
        piece = {}
        if start or length is not None:
            piece["Range"] = f"bytes={start}-{'' if length is None else start + length - 1}"
        with translate_errors(self.url):
            try:
                found = self._client.get_object(Bucket=self._name, Key=key, **piece)
                # As its own context it would be the stream below, with the errors of urllib3.
                with contextlib.closing(found["Body"]) as body:
                    data: bytes = body.read()
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    return None
                raise
        return data

    def size(self, key: str) -> int | None:
        """Return how many bytes an object contains."""
        found = self._head(key)
        return None if found is None else int(found["ContentLength"])

    def _head(self, key: str) -> Any:
        with translate_errors(self.url):
            try:
                return self._client.head_object(Bucket=self._name, Key=key)
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    return None
                self.get(key, 0, 1)  # its answer, unlike that to HEAD, has the reason
                raise

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with ``prefix``."""
        return (found.key for found in self.scan(prefix))

    def scan(self, prefix: str, start: str = "", stop: str | None = None) -> Iterator[ObjectInfo]:
        """Yield the objects whose keys begin with ``prefix``, between two keys."""
        asked = {"StartAfter": start} if start and self._is_sorted else {}
        for page in self._pages(Prefix=prefix, **asked):
            for found in page.get("Contents", ()):
                key = found["Key"]
                if stop is not None and key >= stop:
                    if self._is_sorted:
                        return
                elif key > start:
                    yield ObjectInfo(key, str(found["ETag"]), found["LastModified"])

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names of the folders at ``prefix``."""
        for page in self._pages(Prefix=prefix, Delimiter="/"):
            for found in page.get("CommonPrefixes", ()):
                yield found["Prefix"].removeprefix(prefix).rstrip("/")

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects."""
        left = iter(keys)
        while some := list(islice(left, _DELETED_AT_ONCE)):
            with translate_errors(self.url):
                objects = {"Objects": [{"Key": key} for key in some], "Quiet": True}
                done = self._client.delete_objects(Bucket=self._name, Delete=objects)
            for failed in done.get("Errors", ()):
                where = f"'{self.url}/{failed['Key']}'"
                raise StoreError(f"{where} cannot be deleted: {failed.get('Message')}")

    def create(self) -> None:
        """Create the bucket in its region; that it exists already is not an error."""
        details: dict[str, Any] = {}
        if self._region != "us-east-1":
            details["CreateBucketConfiguration"] = {"LocationConstraint": self._region}
        with translate_errors(self.url):
            try:
                self._client.create_bucket(Bucket=self._name, **details)
            except ClientError as error:
                if code_of(error) != "BucketAlreadyOwnedByYou":
                    raise

    def _pages(self, **wanted: Any) -> Iterator[Any]:
        with translate_errors(self.url):
            yield from self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._name, **wanted
            )
