"""What sacred-s3 and sacred-gcs share: runs as objects in a bucket, and how they are read back.

`Bucket` is what an observer of another kind of bucket has to offer.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sacred_objects.bucket import Bucket, BucketAwayError, BucketMissingError
    from sacred_objects.object_keys import bucket_layout, parse_location
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
    "parse_location",
]

_MODULES = {
    "Bucket": "bucket",
    "BucketAwayError": "bucket",
    "BucketMissingError": "bucket",
    "ObjectObserver": "observer",
    "ObjectStore": "store",
    "bucket_layout": "object_keys",
    "parse_location": "object_keys",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
