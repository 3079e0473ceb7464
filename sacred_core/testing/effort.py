"""How much a test tries: little between two edits, much in a whole check."""

import os

#: The environment variable that asks for a whole check.
VARIABLE = "SACRED_TEST_EXAMPLES"


def examples(quick: int, deep: int) -> int:
    """Return how many examples a test tries.

    Args:
        quick: How many where the environment variable ``SACRED_TEST_EXAMPLES`` is not set.
        deep: How many where it is set; its value is the maximum.
    """
    maximum = os.environ.get(VARIABLE)
    return min(deep, int(maximum)) if maximum else quick
