"""Records runs in a bucket of Google Cloud Storage."""

from sacred_objects import Bucket, ObjectObserver

from sacred_gcs.names import validate_bucket_name


class GoogleCloudStorageObserver(ObjectObserver):
    """Stores each run in a bucket, as objects that look like the files of a `FileStorageObserver`.

    The bucket must be there. Credentials are those of the application: the file that
    ``GOOGLE_APPLICATION_CREDENTIALS`` names, those of gcloud, or the account of the machine.

    Args:
        bucket: Its name.
        basedir: The folder of all runs in it.
        resource_dir: The folder for resources, by default ``_resources`` in ``basedir``.
        source_dir: The folder for sources, by default ``_sources`` in ``basedir``.
        priority: See `sacred_core.RunObserver`.

    Raises:
        ValueError: no bucket can have the name.

    Attributes:
        bucket: As given.
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
