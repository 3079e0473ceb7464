"""The record of the hook `sacred_board_panels`."""

import attrs

from sacred_core.hooks.targets import Target
from sacred_core.shared_methods import ValueMethods


@attrs.frozen(eq=False, repr=False)
class BoardPanel(ValueMethods):
    """A tab on the page of a run, or a viewer for files of a type.

    Attributes:
        title: The text of the tab, or the name of the viewer.
        accepts: ``"run"`` for a tab; for a viewer a media type of artifacts and resources, such as
            ``"text/csv"`` or ``"image/*"``. The most specific viewer of a file is used.
        target: Called in a thread as ``target(view)`` with a `sacred_board.panels.RunView` or
            `sacred_board.panels.FileView`. It returns a string, which is shown as text, or a
            `markupsafe.Markup`, which is HTML; None: there is nothing to show.
    """

    title: str
    accepts: str
    target: Target
