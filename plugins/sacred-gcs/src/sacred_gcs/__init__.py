"""Record sacred-core runs in a bucket of Google Cloud Storage, and read them back."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sacred_gcs.observer import GoogleCloudStorageObserver
    from sacred_gcs.store import GoogleCloudStorageStore

__version__ = "0.1.0"
__all__ = ["GoogleCloudStorageObserver", "GoogleCloudStorageStore"]

_MODULES = {"GoogleCloudStorageObserver": "observer", "GoogleCloudStorageStore": "store"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
