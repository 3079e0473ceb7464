"""The hook that the board defines for other plugins."""

from collections.abc import Iterable

from sacred_board.records import BoardPanel
from sacred_core import hookspec


@hookspec
def sacred_board_panels() -> Iterable[BoardPanel]:
    """Offer tabs for the page of a run, and viewers for types of files.

    A plugin that works without the board marks its implementation with
    ``@hookimpl(optionalhook=True)``.

    Example:
        ```python
        @hookimpl(optionalhook=True)
        def sacred_board_panels():
            yield BoardPanel("Confusion", "run", "acme.panels:show_confusion")
        ```

    Version added: 0.1.
    """
    raise NotImplementedError
