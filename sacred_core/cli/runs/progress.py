"""A progress bar on the terminal, above which lines can be printed."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import click

#: Moves to the start of the line and clears it.
_CLEAR = "\r\x1b[K"
_UP = "\x1b[A"


@attrs.frozen
class Progress:
    """A progress bar, or none.

    Attributes:
        bar: Of click; None if nothing is shown.
    """

    bar: Any = None

    def advance(self, count: int) -> None:
        """Add to the position."""
        if self.bar is not None:
            self.bar.update(count)

    def show(self, item: str) -> None:
        """Show what is being done."""
        if self.bar is not None:
            self.bar.current_item = item
            self.bar.render_progress()

    def print(self, text: str) -> None:
        """Print a line on stdout in place of the bar, which the next step shows again."""
        if self.bar is not None:
            click.echo(_CLEAR, nl=False, err=True)
        click.echo(text)


def _text(item: Any) -> str | None:
    return None if item is None else str(item)


@contextlib.contextmanager
def progress_bar(
    label: str,
    length: int | None,
    is_wanted: bool = True,
    show_item: Callable[[Any], str | None] = _text,
) -> Iterator[Progress]:
    """Show a progress bar on stderr, if that is a terminal, and remove it at the end.

    Args:
        label: What is done.
        length: The position at the end; None if it is not known: nothing is shown.
        is_wanted: False: nothing is shown.
        show_item: Returns the text of what is being done.
    """
    if not is_wanted or not length or not sys.stderr.isatty():
        yield Progress()
        return
    bar: Any = click.progressbar(
        iterable=None, length=length, label=label, file=sys.stderr, item_show_func=show_item
    )
    with bar:
        yield Progress(bar)
        click.echo(_CLEAR, nl=False, err=True)
    click.echo(_UP, nl=False, err=True)  # click ends a bar with a line feed
