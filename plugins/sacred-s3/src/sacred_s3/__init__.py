"""Record sacred-core runs in an S3 bucket, and read them back."""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_s3.observer import S3Observer
    from sacred_s3.store import S3Store

__version__ = "0.1.0"
__all__ = ["S3Observer", "S3Store"]

__getattr__ = lazy_attributes(__name__, {"S3Observer": "observer", "S3Store": "store"})
