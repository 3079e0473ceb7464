"""Reads runs from a bucket of Google Cloud Storage."""

from sacred_objects import ObjectStore, bucket_layout

from sacred_gcs.bucket import GcsBucket
from sacred_gcs.names import validate_bucket_name


class GoogleCloudStorageStore(ObjectStore):
    """The runs in a folder of a bucket, also those that are running.

    Args:
        bucket: Its name.
        basedir: The folder of all runs in it.
        resource_dir, source_dir: As `GoogleCloudStorageObserver` has them.

    Raises:
        ValueError: no bucket can have the name.
        StoreError: there are no credentials.
    """

    scheme = "gs"

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
