"""Record sacred-core runs in MongoDB, and read them back."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sacred_mongo.observer import MongoObserver
    from sacred_mongo.queued import QueuedMongoObserver
    from sacred_mongo.store import MongoStore

__version__ = "0.1.0"
__all__ = ["MongoObserver", "MongoStore", "QueuedMongoObserver"]

_MODULES = {"MongoObserver": "observer", "QueuedMongoObserver": "queued", "MongoStore": "store"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
