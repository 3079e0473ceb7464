"""Record sacred-core runs in MongoDB, and read them back."""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_mongo.observer import MongoObserver
    from sacred_mongo.queued import QueuedMongoObserver
    from sacred_mongo.store import MongoStore

__version__ = "0.1.0"
__all__ = ["MongoObserver", "MongoStore", "QueuedMongoObserver"]

__getattr__ = lazy_attributes(
    __name__,
    {"MongoObserver": "observer", "QueuedMongoObserver": "queued", "MongoStore": "store"},
)
