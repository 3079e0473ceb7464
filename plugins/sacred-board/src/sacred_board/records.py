"""The records of the hook of the board."""

import re

import attrs

from sacred_core.hooks.targets import Target
from sacred_core.shared_methods import ValueMethods

#: The page of a run, as what a panel accepts.
RUN = "run"
_MEDIA_TYPE = r"[\w.+*-]+/[\w.+*-]+"


@attrs.frozen(eq=False, repr=False)
class BoardPanel(ValueMethods):
    """A tab on the page of a run, or a viewer for files of some media types.

    Attributes:
        title: The title of the tab, or the name of the viewer.
        accepts: ``"run"`` for a tab, or the media types of a viewer, such as ``"text/csv"`` or
            ``"image/*"``; of several viewers the one with the most specific pattern is used.
        target: Called in a thread with a `sacred_board.RunView` or a `sacred_board.FileView`.
            Returns a string, which is shown as text, or a `markupsafe.Markup` with HTML, in which
            no script is executed; None where there is nothing to show: the tab is hidden, and the
            next viewer is used.

    Raises:
        ValueError: the title is empty, or ``accepts`` is neither ``"run"`` nor a media type.
    """

    title: str = attrs.field()
    accepts: str = attrs.field()
    target: Target

    @title.validator
    def _check_title(self, attribute: object, value: str) -> None:
        del attribute
        if not value.strip():
            raise ValueError("the title of a panel is empty")

    @accepts.validator
    def _check_accepts(self, attribute: object, value: str) -> None:
        del attribute
        if value != RUN and not re.fullmatch(_MEDIA_TYPE, value):
            raise ValueError(
                f"a panel accepts 'run' or a media type such as 'image/*', not {value!r}"
            )
