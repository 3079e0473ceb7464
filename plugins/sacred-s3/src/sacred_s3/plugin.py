"""The hooks of the plugin."""

from collections.abc import Iterable

from sacred_core import CommandSpec, ObserverSpec, hookimpl


@hookimpl
def sacred_observers() -> Iterable[ObserverSpec]:
    """Offer the observer that stores runs in an S3 bucket, and the store that reads them."""
    yield ObserverSpec(
        "sacred_s3.observer:S3Observer",
        flags=("-S", "--s3"),
        metavar="S3_URL",
        help="record the run in a bucket: s3://bucket/folder[?region=...]",
        store="sacred_s3.store:S3Store",
        schemes=("s3",),
    )


@hookimpl
def sacred_commands() -> Iterable[CommandSpec]:
    """Offer ``sacred s3 index``."""
    yield CommandSpec("s3", "sacred_s3.commands:s3", help="S3 maintenance.")
