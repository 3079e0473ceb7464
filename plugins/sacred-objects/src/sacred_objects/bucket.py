"""What a bucket can do, whoever offers it."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Protocol

from sacred_core.exceptions import StoreError


class BucketMissingError(StoreError):
    """There is no such bucket."""


class BucketAwayError(StoreError):
    """The bucket cannot be reached for now."""


class Bucket(Protocol):
    """Objects by key. Every method raises a `StoreError` that says what is wrong.

    May be used from several threads. The version of an object is a string that differs, for one
    key, between any two contents that were written.

    Attributes:
        url: What is shown of it, like ``"s3://name"``.
    """

    url: str

    def put(self, key: str, data: bytes | BinaryIO, content_type: str | None = None) -> str | None:
        """Write an object in one step, in place of an older one; return its version.

        Of a long file the version may be None.

        Args:
            key: Its name.
            data: What it is to hold; of a file all from its position on, which is read in pieces.
            content_type: What browsers are told.
        """

    def put_if_absent(self, key: str, data: bytes, content_type: str | None = None) -> str | None:
        """Write an object unless there is one; return its version, None if it was not written.

        Of several that try at the same time one succeeds.
        """

    def replace(
        self, key: str, data: bytes, version: str, content_type: str | None = None
    ) -> str | None:
        """Write an object if it has this version; return the new one, None if it was not written.

        Of several that try at the same time one succeeds.
        """

    def version(self, key: str) -> str | None:
        """Return the version of an object, or None if there is none."""

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes | None:
        """Return what an object holds, or a piece of it; None if there is none."""

    def size(self, key: str) -> int | None:
        """Return how many bytes an object holds, or None if there is none."""

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with ``prefix``, sorted."""

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield what keys have between ``prefix`` and the next slash, each once."""

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; those that are not there too."""
