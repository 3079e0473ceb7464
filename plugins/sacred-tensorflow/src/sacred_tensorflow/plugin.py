"""The hooks of the plugin."""

from collections.abc import Iterable

from sacred_core import Export, hookimpl


@hookimpl
def sacred_exports() -> Iterable[Export]:
    """Offer `sacred_core.stflow.LogFileWriter`."""
    yield Export("sacred_tensorflow.log_file_writer:LogFileWriter", module="sacred_core.stflow")
