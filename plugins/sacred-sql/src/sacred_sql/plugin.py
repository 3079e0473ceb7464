"""The hooks of the plugin."""

from collections.abc import Iterable

from sacred_core import ObserverSpec, hookimpl


@hookimpl
def sacred_observers() -> Iterable[ObserverSpec]:
    """Offer the observer that stores runs in SQL databases, and the store that reads them."""
    yield ObserverSpec(
        "sacred_sql.observer:SqlObserver",
        flags=("-s", "--sql"),
        metavar="DB_URL",
        help="record the run in a SQL database, such as sqlite:///runs.db",
        store="sacred_sql.store:SqlStore",
        schemes=("sqlite", "postgresql", "postgres", "mysql", "mariadb"),
    )
