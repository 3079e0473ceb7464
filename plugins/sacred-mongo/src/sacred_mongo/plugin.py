"""The hooks of the plugin."""

from collections.abc import Iterable

from sacred_core import CommandSpec, Export, KeyCheck, ObserverSpec, hookimpl


@hookimpl
def sacred_observers() -> Iterable[ObserverSpec]:
    """Offer the observer that stores runs in MongoDB, and the store that reads them."""
    yield ObserverSpec(
        "sacred_mongo.observer:MongoObserver",
        flags=("-m", "--mongo_db"),
        metavar="DB",
        help="record the run in MongoDB: [host:port:]db[.collection][!priority]",
        store="sacred_mongo.store:MongoStore",
        schemes=("mongodb", "mongodb+srv"),
    )


@hookimpl
def sacred_exports() -> Iterable[Export]:
    """Offer the observer of queued runs."""
    yield Export("sacred_mongo.queued:QueuedMongoObserver")


@hookimpl
def sacred_key_checks() -> Iterable[KeyCheck]:
    """Offer the check for characters that keys of documents cannot have."""
    yield KeyCheck(
        r"[.$\0]",
        "contains '.', '$' or a null character, which MongoDB does not store",
        setting="ENFORCE_KEYS_MONGO_COMPATIBLE",
    )


@hookimpl
def sacred_commands() -> Iterable[CommandSpec]:
    """Offer ``sacred mongo load``."""
    yield CommandSpec(
        "mongo", "sacred_mongo.load:mongo", help="Save what runs could not save into MongoDB."
    )
