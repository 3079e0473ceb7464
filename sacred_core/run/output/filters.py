"""Filters of recorded output."""

from sacred_core.run.output.screen import Screen


def apply_backspaces_and_linefeeds(text: str) -> str:
    """Return ``text`` as a terminal shows it at the end: what was written over is gone.

    A backspace moves one character back, a carriage return to the beginning of the line; what
    follows replaces what is there. The control sequences of progress bars (the cursor moves up or
    down, a line is erased) are applied, and colours stay with their characters: see
    `sacred_core.run.output.screen.Screen`, which also says how far up the cursor can go.
    """
    if "\b" not in text and "\r" not in text and "\x1b" not in text:
        return text
    screen = Screen()
    screen.feed(text)
    change = screen.take_change()
    return change[0] if change is not None else ""


# The same for a text that arrives piece by piece.
apply_backspaces_and_linefeeds.incremental = Screen  # type: ignore[attr-defined]
