"""Record sacred-core runs in an S3 bucket, and read them back."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sacred_s3.observer import S3Observer
    from sacred_s3.store import S3Store

__version__ = "0.1.0"
__all__ = ["S3Observer", "S3Store"]

_MODULES = {"S3Observer": "observer", "S3Store": "store"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
