"""Reads runs from a bucket of Google Cloud Storage."""

from sacred_objects import ObjectStore, bucket_layout, parse_location

from sacred_core.exceptions import StoreError
from sacred_gcs.bucket import GcsBucket
from sacred_gcs.names import validate_bucket_name


class GoogleCloudStorageStore(ObjectStore):
    """The runs in a folder of a bucket, also those under way.

    Args:
        bucket: Its name.
        basedir: The folder of all runs in it.
        resource_dir, source_dir: As `GoogleCloudStorageObserver` has them.

    Raises:
        ValueError: no bucket can have the name.
        StoreError: there are no credentials.
    """

    def __init__(
        self,
        bucket: str,
        basedir: str = "",
        resource_dir: str | None = None,
        source_dir: str | None = None,
    ) -> None:
        super().__init__(
            bucket_layout(
                GcsBucket(validate_bucket_name(bucket)), basedir, resource_dir, source_dir
            )
        )

    @classmethod
    def from_location(cls, location: str) -> "GoogleCloudStorageStore":
        """Return the store at ``gs://bucket/folder``."""
        try:
            found = parse_location(location, "gs")
            return cls(found.bucket, found.basedir)
        except ValueError as error:
            raise StoreError(str(error)) from None
