"""The hook that plugins implement to add panels to the board."""

from collections.abc import Iterable

import sacred_board
from sacred_core import hookspec


@hookspec
def sacred_board_panels() -> "Iterable[sacred_board.BoardPanel]":
    """Offer tabs of the page of a run, and viewers for files, as `BoardPanel` records.

    A plugin that works without the board marks its implementation with
    ``@hookimpl(optionalhook=True)``.

    Example:
        ```python
        @hookimpl(optionalhook=True)
        def sacred_board_panels():
            yield BoardPanel("Confusion matrix", "run", "acme.panels:confusion_matrix")
        ```

    Version added: 0.1.
    """
    raise NotImplementedError
