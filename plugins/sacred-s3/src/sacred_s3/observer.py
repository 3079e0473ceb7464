"""Records runs in an S3 bucket."""

from collections.abc import Hashable
from typing import cast
from urllib.parse import urlencode

from sacred_objects import BucketMissingError, ObjectObserver

from sacred_core.masking import mask_text
from sacred_s3.bucket import S3Bucket
from sacred_s3.connection import OPTION_NAMES, BucketLocator, Options


class S3Observer(ObjectObserver):
    """Records each run in a bucket, as objects with the names of a `FileStorageObserver`.

    The first run creates a missing bucket. Credentials come from the configuration of AWS: the
    environment, ``~/.aws``, or the role of the machine.

    Args:
        bucket: The name of the bucket.
        basedir: The folder of all runs in the bucket.
        resource_dir: The folder for resources, by default ``_resources`` in ``basedir``.
        source_dir: The folder for sources, by default ``_sources`` in ``basedir``.
        priority: See `sacred_core.RunObserver`.
        region: The region of the bucket; by default the configured region.
        endpoint_url: The URL of another server than Amazon's, such as MinIO.
        profile: The profile of the configuration; by default ``AWS_PROFILE``.

    Raises:
        ValueError: the name of the bucket is invalid, the region is unknown, or the profile does
            not exist.

    Attributes:
        bucket, region, endpoint_url: As given or found.
    """

    scheme = "s3"
    option_names = OPTION_NAMES
    VERSION = "S3Observer-0.1.0"

    def __init__(
        self,
        bucket: str,
        basedir: str,
        resource_dir: str | None = None,
        source_dir: str | None = None,
        priority: int = 20,
        region: str | None = None,
        endpoint_url: str | None = None,
        profile: str | None = None,
    ) -> None:
        locator = BucketLocator(bucket, Options(region, endpoint_url, profile))
        super().__init__(
            locator.bucket, f"s3://{bucket}", basedir, resource_dir, source_dir, priority
        )
        self.bucket = bucket
        self.region = locator.region
        self.endpoint_url = endpoint_url
        self._options = {"region": locator.region, "endpoint_url": endpoint_url, "profile": profile}

    def recording_location(self) -> Hashable:
        """Return server, bucket and prefix."""
        return self.endpoint_url, super().recording_location()

    @property
    def store_location(self) -> str:  # type: ignore[override]
        """The URL of the runs, with how the bucket is reached; without a password."""
        # Masked before it is encoded: an encoded URL is not found in a string.
        options = {name: mask_text(value) for name, value in self._options.items() if value}
        return f"{super().store_location}?{urlencode(options)}"

    def make_bucket(self, missing: BucketMissingError) -> None:
        """Create the bucket."""
        del missing
        cast(S3Bucket, self.layout.bucket).create()
