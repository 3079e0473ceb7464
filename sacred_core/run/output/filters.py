"""Filters of recorded output."""


def apply_backspaces_and_linefeeds(text: str) -> str:
    """Return ``text`` as a terminal shows it: what was written over is gone.

    A backspace moves one character back, a carriage return to the beginning of the line; what
    follows replaces what is there.
    """
    if "\b" not in text and "\r" not in text:
        return text
    return "\n".join(map(_shown, text.split("\n")))


def _shown(line: str) -> str:
    if "\b" not in line and "\r" not in line:
        return line
    shown: list[str] = []
    position = 0
    for sign in line:
        if sign == "\b":
            position = max(0, position - 1)
        elif sign == "\r":
            position = 0
        else:
            shown[position : position + 1] = [sign]
            position += 1
    return "".join(shown)


# A finished line stays as it is: only the text from the last unfinished line on is looked at.
apply_backspaces_and_linefeeds.incremental = True  # type: ignore[attr-defined]
