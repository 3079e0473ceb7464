"""The hooks of the plugin."""

from collections.abc import Iterable

from sacred_core import CommandSpec, ObserverSpec, hookimpl


@hookimpl
def sacred_observers() -> Iterable[ObserverSpec]:
    """Offer the observer that stores runs in Google's buckets, and the store that reads them."""
    yield ObserverSpec(
        "sacred_gcs.observer:GoogleCloudStorageObserver",
        flags=("--gcs",),
        metavar="GS_URL",
        help="record the run in a bucket: gs://bucket/folder",
        store="sacred_gcs.store:GoogleCloudStorageStore",
        schemes=("gs",),
    )


@hookimpl
def sacred_commands() -> Iterable[CommandSpec]:
    """Offer ``sacred gcs index``."""
    yield CommandSpec("gcs", "sacred_gcs.commands:gcs", help="Google Cloud Storage maintenance.")
