"""Records runs in a bucket of Google Cloud Storage."""

from sacred_objects import Bucket, ObjectObserver

from sacred_gcs.names import validate_bucket_name


class GoogleCloudStorageObserver(ObjectObserver):
    """Records each run in a bucket, as objects with the names of a `FileStorageObserver`.

    The bucket must exist. Application default credentials are used: the file in
    ``GOOGLE_APPLICATION_CREDENTIALS``, those of gcloud, or the account of the machine.

    Args:
        bucket: The name of the bucket.
        basedir: The folder of all runs in the bucket.
        resource_dir: The folder for resources, by default ``_resources`` in ``basedir``.
        source_dir: The folder for sources, by default ``_sources`` in ``basedir``.
        priority: See `sacred_core.RunObserver`.

    Raises:
        ValueError: the name of the bucket is invalid.

    Attributes:
        bucket: The name of the bucket.
    """

    scheme = "gs"
    VERSION = "GoogleCloudStorageObserver-0.1.0"

    def __init__(
        self,
        bucket: str,
        basedir: str,
        resource_dir: str | None = None,
        source_dir: str | None = None,
        priority: int = 20,
    ) -> None:
        self.bucket = validate_bucket_name(bucket)
        super().__init__(
            self._open_bucket, f"gs://{bucket}", basedir, resource_dir, source_dir, priority
        )

    def _open_bucket(self) -> Bucket:
        from sacred_gcs.bucket import GcsBucket

        return GcsBucket(self.bucket)
