"""The way to a bucket: names, regions, credentials."""

import functools
import os
import re
from typing import Any
from urllib.parse import urlsplit

import attrs
from sacred_objects import check_bucket_name

from sacred_core.masking import mask_text
from sacred_s3.bucket import S3Bucket

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
validate_bucket_name = functools.partial(
    check_bucket_name,
    pattern=_NAME,
    rules="hyphens and single dots, begins and ends with a letter or digit, and is not an IP "
    "address",
)
#: Seconds. The driver's own are a minute each, for which a heartbeat would wait.
_CONNECT, _READ, ATTEMPTS = 5, 20, 3
#: Of other servers than Amazon's, which have no regions.
_ANY_REGION = "us-east-1"
_CHECKSUMS = ("request_checksum_calculation", "response_checksum_validation")


@attrs.frozen
class Options:
    """Options for the connection; None: the configuration of AWS applies.

    Attributes:
        region: Where the bucket is.
        endpoint_url: Of another server than Amazon's.
        profile: Of the configuration.
    """

    region: str | None = None
    endpoint_url: str | None = None
    profile: str | None = None


OPTION_NAMES = tuple(field.name for field in attrs.fields(Options))


class BucketLocator:
    """Leads to the bucket ``name``.

    Raises:
        ValueError: the name cannot be that of a bucket, or the region is unknown.
    """

    def __init__(self, name: str, options: Options) -> None:
        self._name = validate_bucket_name(name)
        self._options = options
        self._session = _session(options)
        self.region = self._find_region()

    def bucket(self) -> S3Bucket:
        """Return the bucket, with a separate client. Nothing is sent yet."""
        from botocore.config import Config

        config = Config(
            connect_timeout=_CONNECT,
            read_timeout=_READ,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            # The checksums that Amazon's driver adds by default are not known to all others.
            **dict.fromkeys(_CHECKSUMS, "when_required" if self._options.endpoint_url else None),
        )
        client = self._session.client(
            "s3",
            region_name=self.region,
            endpoint_url=self._options.endpoint_url,
            config=config,
        )
        return S3Bucket(client, self._name, self.region)

    def _find_region(self) -> str:
        found = self._options.region or self._session.region_name or os.environ.get("AWS_REGION")
        if not found and self._options.endpoint_url:
            found = _ANY_REGION
        if not found:
            raise ValueError(
                f"the region of the bucket {self._name!r} is not known: set region='...', set "
                "AWS_DEFAULT_REGION, or run 'aws configure'"
            )
        return str(found)


def _session(options: Options) -> Any:
    import boto3
    from botocore.exceptions import ProfileNotFound

    url = options.endpoint_url
    if url is not None and urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"the endpoint_url {mask_text(url)!r} must begin with http:// or https://")
    try:
        return boto3.session.Session(profile_name=options.profile)
    except ProfileNotFound as error:
        raise ValueError(f"{error}: see ~/.aws/config, or run 'aws configure'") from None
