"""What the plugin offers to sacred-core."""

from collections.abc import Iterable

from sacred_core import CommandSpec, ObserverSpec, hookimpl


@hookimpl
def sacred_observers() -> Iterable[ObserverSpec]:
    """Offer the observer that keeps runs in MongoDB, and the store that reads them."""
    yield ObserverSpec(
        "sacred_mongo.observer:MongoObserver",
        flags=("-m", "--mongo_db"),
        metavar="DB",
        help="record the run in MongoDB: [host:port:]db[.collection][!priority]",
        store="sacred_mongo.store:MongoStore",
        schemes=("mongodb", "mongodb+srv"),
        exports=("sacred_mongo.queued:QueuedMongoObserver",),
    )


@hookimpl
def sacred_commands() -> Iterable[CommandSpec]:
    """Offer ``sacred mongo load``."""
    yield CommandSpec(
        "mongo", "sacred_mongo.load:mongo", help="Save what runs could not save into MongoDB."
    )
