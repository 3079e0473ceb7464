"""A local page that shows the runs of every store in a browser: ``sacred board LOCATION...``."""

from sacred_core.importing import lazy_attributes

__all__ = ["BoardPanel", "create_app"]

__getattr__ = lazy_attributes(
    __name__,
    {"BoardPanel": "records", "create_app": "app"},
)
