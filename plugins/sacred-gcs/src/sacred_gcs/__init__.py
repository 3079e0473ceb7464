"""Record sacred-core runs in a bucket of Google Cloud Storage, and read them back."""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_gcs.observer import GoogleCloudStorageObserver
    from sacred_gcs.store import GoogleCloudStorageStore

__version__ = "0.1.0"
__all__ = ["GoogleCloudStorageObserver", "GoogleCloudStorageStore"]

__getattr__ = lazy_attributes(
    __name__, {"GoogleCloudStorageObserver": "observer", "GoogleCloudStorageStore": "store"}
)
