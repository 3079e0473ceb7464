"""The common part of sacred-s3 and sacred-gcs: runs as objects in a bucket.

`Bucket` is what an observer of another kind of bucket has to offer.
"""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_objects.bucket import Bucket, BucketAwayError, BucketMissingError
    from sacred_objects.object_keys import bucket_layout, check_bucket_name, parse_location
    from sacred_objects.observer import ObjectObserver
    from sacred_objects.store import ObjectStore

__version__ = "0.1.0"
__all__ = [
    "Bucket",
    "BucketAwayError",
    "BucketMissingError",
    "ObjectObserver",
    "ObjectStore",
    "bucket_layout",
    "check_bucket_name",
    "parse_location",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "Bucket": "bucket",
        "BucketAwayError": "bucket",
        "BucketMissingError": "bucket",
        "ObjectObserver": "observer",
        "ObjectStore": "store",
        "check_bucket_name": "object_keys",
        "parse_location": "object_keys",
        "bucket_layout": "object_keys",
    },
)
