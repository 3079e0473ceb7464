"""The observer that records the runs of a spool."""

from sacred_core.exceptions import SpoolError
from sacred_core.hooks.lookup import missing_reason
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import ObserverSpec

_DISTRIBUTION = "sacred-file"


def folder_format_spec() -> ObserverSpec:
    """Return the record of the observer that writes the public folder format.

    Raises:
        SpoolError: no installed plugin offers one.
    """
    for spec in plugin_manager().observers:
        if spec.writes_folder_format:
            return spec
    raise SpoolError(
        f"the spool needs the plugin that records runs in folders: {missing_reason(_DISTRIBUTION)}"
    )
