"""Numbers with their nouns in messages: ``1 run``, ``2 runs``."""

import re

_HISSING = re.compile("(s|x|z|ch|sh)$")
_CONSONANT_Y = re.compile("(?<=[^aeiou])y$")


def counted(count: float, noun: str) -> str:
    """Return a number with its noun in the right form.

    Args:
        count: How many there are.
        noun: Its form for one, like ``"run"``, ``"source file"`` or ``"repository"``; the last word
            has a regular plural.
    """
    number = f"{count:g}" if isinstance(count, float) else str(count)
    return f"{number} {noun if count == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """Return the plural of a noun that has a regular one."""
    if _HISSING.search(noun):
        return f"{noun}es"
    return _CONSONANT_Y.sub("ie", noun) + "s"
