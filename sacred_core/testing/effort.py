"""How much a test tries: little between two edits, much in a whole check."""

import os

#: The environment variable that asks for a whole check.
VARIABLE = "SACRED_TEST_EXAMPLES"


def examples(quick: int, deep: int) -> int:
    """Return how many examples a test tries.

    Args:
        quick: How many where the environment variable ``SACRED_TEST_EXAMPLES`` is not set.
        deep: How many at most where it is set, to a number of examples. A test that takes each
            n-th example gives a smaller number than ``quick``, and always gets it.
    """
    number = os.environ.get(VARIABLE)
    return max(min(quick, deep), min(deep, int(number))) if number else quick
