"""Reads runs from an S3 bucket."""

import attrs
from sacred_objects import ObjectStore, bucket_layout, parse_location

from sacred_core.exceptions import StoreError
from sacred_s3.connection import BucketLocator, Options


class S3Store(ObjectStore):
    """The runs in a folder of a bucket, also those under way.

    Args:
        bucket: Its name.
        basedir: The folder of all runs in it.
        options: As `S3Observer` has them: ``region``, ``endpoint_url``, ``profile``,
            ``resource_dir``, ``source_dir``.

    Raises:
        ValueError: see `S3Observer`.
    """

    def __init__(
        self,
        bucket: str,
        basedir: str = "",
        resource_dir: str | None = None,
        source_dir: str | None = None,
        **options: str | None,
    ) -> None:
        locator = BucketLocator(bucket, Options(**options))
        super().__init__(bucket_layout(locator.bucket(), basedir, resource_dir, source_dir))

    @classmethod
    def from_location(cls, location: str) -> "S3Store":
        """Return the store at ``s3://bucket/folder?region=...``."""
        try:
            found = parse_location(location, "s3", [field.name for field in attrs.fields(Options)])
            return cls(found.bucket, found.basedir, **found.options)
        except ValueError as error:
            raise StoreError(str(error)) from None
