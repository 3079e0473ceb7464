"""Filters and masks the recorded text, and returns only the changes for observers."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from sacred_core.loggers import own_logger
from sacred_core.masking import mask_text, unfinished_secret

if TYPE_CHECKING:
    from sacred_core.run.output.screen import Screen

_logger = own_logger(__name__)
Filter = Callable[[str], str]
#: A filter that is given the whole text runs when that has grown by this factor, and at the end.
_GROWTH = 1.5


def apply_backspaces_and_linefeeds(text: str) -> str:
    """Return ``text`` as a terminal shows it at the end: what was written over is gone.

    A backspace moves one character back, a carriage return to the beginning of the line; what
    follows replaces what is there. The control sequences of progress bars (the cursor moves up or
    down, a line is erased) are applied, and colours stay with their characters: see
    `sacred_core.run.output.screen.Screen`, which also documents how far up the cursor can go.
    """
    if "\b" not in text and "\r" not in text and "\x1b" not in text:
        return text
    screen = _screen()
    screen.feed(text)
    change = screen.take_change()
    return change[0] if change is not None else ""


def _screen(*arguments: Filter) -> "Screen":
    from sacred_core.run.output.screen import Screen  # few runs need it

    return Screen(*arguments)


# The same for a text that arrives piece by piece.
apply_backspaces_and_linefeeds.incremental = _screen  # type: ignore[attr-defined]


class OutputFilter:
    """The output of one run, as it is fed piece by piece; each piece costs its own length.

    A filter may have an attribute ``incremental``: a class like
    `sacred_core.run.output.screen.Screen`, which is fed each piece once. Any other filter is called
    with the whole text, at geometrically growing lengths and at the end.
    """

    def __init__(self, output_filter: Filter | None) -> None:
        self._held = ""  # what may be the beginning of a secret
        incremental = getattr(output_filter, "incremental", None)
        self._shown: _Unfiltered | _WholeText | Screen
        if output_filter is None:
            self._shown = _Unfiltered()
        elif incremental is not None:
            self._shown = incremental(mask_text)
        else:
            self._shown = _WholeText(output_filter)

    @property
    def pending(self) -> tuple[int, str]:
        """The number of characters sent to observers, and the raw text after them."""
        return self._shown.length, self._shown.held + self._held

    def feed(self, text: str, final: bool) -> tuple[str, int] | None:
        """Add ``text``; return the changed text and its offset, or None.

        Args:
            text: What was recorded since the last call.
            final: Nothing more will come: nothing is held back.
        """
        if not text and not final:
            return None
        text = self._held + text
        ready = len(text) if final else unfinished_secret(text)
        self._held = text[ready:]
        if isinstance(self._shown, _WholeText):
            self._shown.feed(text[:ready])
            self._shown.is_due = final
        else:
            self._shown.feed(mask_text(text[:ready]))
        return self._shown.take_change()


class _Unfiltered:
    """The text as it is."""

    held = ""

    def __init__(self) -> None:
        self.length = 0
        self._new = ""

    def feed(self, text: str) -> None:
        self._new += text

    def take_change(self) -> tuple[str, int] | None:
        new, offset = self._new, self.length
        self._new = ""
        self.length += len(new)
        return (new, offset) if new else None


class _WholeText:
    """The text as a user's function returns it."""

    def __init__(self, output_filter: Filter) -> None:
        self._filter = output_filter
        self._parts: list[str] = []  # the filtered text, then what came since
        self._filtered_length = 0
        self._new_length = 0
        self._shown = ""
        #: The filter is to be called even if little has come since.
        self.is_due = False

    @property
    def length(self) -> int:
        return len(self._shown)

    @property
    def held(self) -> str:
        """The text that the filter has not received."""
        return "".join(self._parts[1:])

    def feed(self, text: str) -> None:
        self._parts.append(text)
        self._new_length += len(text)

    def take_change(self) -> tuple[str, int] | None:
        is_due = self._new_length > (_GROWTH - 1) * self._filtered_length
        if not is_due and not self.is_due:
            return None
        text = "".join(self._parts)
        self._parts, self._filtered_length, self._new_length = [text], len(text), 0
        before, self._shown = self._shown, filter_output(text, self._filter)
        from sacred_core.run.output.screen import difference

        return difference(before, self._shown)


def filter_output(text: str, output_filter: Filter | None) -> str:
    """Return the whole of ``text`` as observers receive it."""
    return mask_text(text if output_filter is None else _apply_filter(text, output_filter))


def _apply_filter(text: str, output_filter: Filter) -> str:
    """Apply the user's function; where it fails, the text is not changed."""
    try:
        filtered = output_filter(text)
        if isinstance(filtered, str):
            return filtered
        problem = f"returned {filtered!r:.100}, which is not a string"
    except Exception as error:  # noqa: BLE001 - the user's code
        problem = f"raised {type(error).__name__}: {error}"
    _warn_once(f"The output filter {output_filter!r} {problem}: the output is not filtered")
    return text


@functools.lru_cache(maxsize=16)
def _warn_once(message: str) -> None:
    _logger.warning(message)
