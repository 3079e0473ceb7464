"""Rules of a contract that do not apply to a backend."""

from typing import NoReturn

#: How the reason begins for which pytest reports such a rule as skipped.
NOT_APPLICABLE = "not applicable: "


def skip_rule(reason: str) -> NoReturn:
    """End a rule that does not apply; pytest reports it as skipped.

    Args:
        reason: What the backend does not have, such as ``"the store has no writers"``.
    """
    __tracebackhide__ = True
    import pytest

    pytest.skip(f"{NOT_APPLICABLE}{reason}")
