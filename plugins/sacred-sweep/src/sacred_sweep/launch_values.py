"""How launchers read the strings of their arguments and options.

Each function raises ValueError with what the value must be.
"""

import math
import os


def read_count(text: str) -> int:
    """Return a number of workers, processors or the like."""
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text) < 1_000_000:
        raise ValueError("an integer from 1")
    return int(text)


def read_integer(text: str) -> int:
    """Return an integer."""
    try:
        return int(text)
    except ValueError:
        raise ValueError("an integer") from None


def read_number(text: str) -> float:
    """Return a number that is not negative."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise ValueError("a number from 0")
    return number


def read_choice(text: str) -> bool:
    """Return what ``yes`` or ``no`` mean."""
    if text not in ("yes", "no"):
        raise ValueError("yes or no")
    return text == "yes"


def read_string(text: str) -> str:
    """Return a string that is not empty, and has one line."""
    if not text or not text.isprintable():
        raise ValueError("a string of printable characters")
    return text


def read_path(text: str) -> str:
    """Return the path of a folder; ``~`` is that of the user."""
    return os.path.expanduser(read_string(text))  # noqa: PTH111 - Path raises for a missing home


def read_resources(text: str) -> dict[str, float]:
    """Return what each worker takes of an engine, as in ``GPU=1`` or ``GPU=1;MEM=8e9``.

    Raises:
        ValueError: the string has another form.
    """
    pairs = [part.partition("=") for part in text.split(";")]
    try:
        return {read_string(name.strip()): read_number(value) for name, _, value in pairs}
    except ValueError:
        raise ValueError("NAME=NUMBER, several separated by ';'") from None
