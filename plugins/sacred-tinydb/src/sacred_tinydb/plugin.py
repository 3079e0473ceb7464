"""What the plugin offers to sacred-core."""

from collections.abc import Iterable

from sacred_core import ObserverSpec, hookimpl


@hookimpl
def sacred_observers() -> Iterable[ObserverSpec]:
    """Offer the observer that keeps runs in TinyDB, its reader, and the store."""
    yield ObserverSpec(
        "sacred_tinydb.observer:TinyDbObserver",
        flags=("-t", "--tiny_db"),
        metavar="BASEDIR",
        help="record the run in TinyDB, in the folder BASEDIR",
        store="sacred_tinydb.store:TinyDbStore",
        schemes=("tinydb",),
        exports=("sacred_tinydb.reader:TinyDbReader",),
    )
