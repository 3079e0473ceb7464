"""The hooks of the plugin."""

from collections.abc import Iterable

from sacred_core import ObserverSpec, hookimpl


@hookimpl
def sacred_observers() -> Iterable[ObserverSpec]:
    """Offer the observer that stores runs in a folder, and the store that reads them."""
    yield ObserverSpec(
        "sacred_file.observer:FileStorageObserver",
        flags=("-F", "--file_storage"),
        metavar="BASEDIR",
        help="record the run in a folder below BASEDIR",
        store="sacred_file.store:FileStore",
        schemes=("file",),
        writes_folder_format=True,
    )
