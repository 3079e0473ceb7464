"""Numbers with their nouns in messages: ``1 run``, ``2 runs``."""

_HISSING = ("s", "x", "z", "ch", "sh")
_VOWELS = "aeiou"


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
    if noun.endswith(_HISSING):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in _VOWELS:
        return f"{noun[:-1]}ies"
    return f"{noun}s"
