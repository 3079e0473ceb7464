"""A store: ``--lmdb DIR`` records runs in LMDB, a key-value store in a folder of this machine."""

from collections.abc import Iterable

from sacred_core import ObserverSpec, hookimpl


@hookimpl
def sacred_observers() -> Iterable[ObserverSpec]:
    """Offer the observer with its option, and the store with the scheme of its locations."""
    yield ObserverSpec(
        "example_lmdb_runs:LmdbObserver",
        flags=["--lmdb"],
        metavar="DIR",
        help="record the run with LMDB in DIR",
        store="example_lmdb_runs:LmdbStore",
        schemes=["lmdb"],
    )
