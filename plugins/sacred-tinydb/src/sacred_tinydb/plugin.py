"""The hooks of the plugin."""

from collections.abc import Iterable

from sacred_core import Export, ObserverSpec, hookimpl


@hookimpl
def sacred_observers() -> Iterable[ObserverSpec]:
    """Offer the observer that stores runs in TinyDB, and the store."""
    yield ObserverSpec(
        "sacred_tinydb.observer:TinyDbObserver",
        flags=("-t", "--tiny_db"),
        metavar="BASEDIR",
        help="record the run in TinyDB, in the folder BASEDIR",
        store="sacred_tinydb.store:TinyDbStore",
        schemes=("tinydb",),
    )


@hookimpl
def sacred_exports() -> Iterable[Export]:
    """Offer the reader."""
    yield Export("sacred_tinydb.reader:TinyDbReader")
