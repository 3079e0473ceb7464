"""A local page that shows the runs of every store in a browser: ``sacred board LOCATION...``."""

from sacred_core.importing import lazy_attributes

__all__ = ["BoardPanel", "FileView", "RunView", "create_app"]

__getattr__ = lazy_attributes(
    __name__,
    {
        "BoardPanel": "records",
        "FileView": "panels.views",
        "RunView": "panels.views",
        "create_app": "app",
    },
)
