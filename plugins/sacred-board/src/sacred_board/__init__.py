"""A local page that shows the runs of every store in a browser: ``sacred board LOCATION...``."""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_board.app import create_app
    from sacred_board.panels.views import FileView, RunView
    from sacred_board.records import BoardPanel

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
