"""Tests of the comparison of values."""

import math
from typing import Any

import pytest

from sacred_core.rerun.values import Tolerance


@pytest.mark.parametrize(
    ("recorded", "now", "is_equal"),
    [
        (1, 1.0, True),
        (math.nan, math.nan, True),
        (math.inf, math.inf, True),
        (math.inf, -math.inf, False),
        (True, 1, False),
        ("a", "a", True),
        (None, 0, False),
        ([1, {"a": math.nan}], [1.0, {"a": math.nan}], True),
        ([1], [1, 2], False),
        ({"a": 1}, {"b": 1}, False),
        (0.1 + 0.2, 0.3, False),
        (10**400, 10**400, True),
        (10**400, 1.0, False),
    ],
)
def test_exact_comparison(recorded: Any, now: Any, is_equal: bool) -> None:
    """NaN is equal to itself, and numbers of both types by value."""
    tolerance = Tolerance()
    assert tolerance.accepts(recorded, now) == tolerance.accepts(now, recorded) == is_equal
    assert tolerance.largest == 0


def test_tolerance_is_relative_or_absolute() -> None:
    """One of both suffices; the largest relative difference that was accepted is known."""
    tolerance = Tolerance(rtol=0.01, atol=1e-6)
    assert tolerance.accepts([100.0, 0.0], [100.5, 1e-7])
    assert tolerance.largest == 1.0
    assert not tolerance.accepts(100.0, 102.0)
    relative = Tolerance(rtol=0.01)
    assert relative.accepts(200.0, 199.0)
    assert relative.largest == 0.005
    assert not relative.accepts(0.0, 1e-9)
    assert relative.largest == 0.005
