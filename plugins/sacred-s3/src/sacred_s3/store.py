"""Reads runs from an S3 bucket."""

from sacred_objects import ObjectStore, bucket_layout

from sacred_s3.connection import OPTION_NAMES, BucketLocator, Options


class S3Store(ObjectStore):
    """The runs in a folder of a bucket, also those that are running.

    Args:
        bucket: Its name.
        basedir: The folder of all runs in it.
        options: As `S3Observer` has them: ``region``, ``endpoint_url``, ``profile``,
            ``resource_dir``, ``source_dir``.

    Raises:
        ValueError: see `S3Observer`.
    """

    scheme = "s3"
    option_names = OPTION_NAMES

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
