"""Tests of the buffer of metrics."""

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from sacred_core.exceptions import MetricValueError
from sacred_core.run.metrics import MetricsBuffer


class Scalar:
    """What numpy scalars and one-element tensors look like."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def item(self) -> Any:
        if isinstance(self.value, list):
            raise ValueError("can only convert an array of size 1")
        return self.value


@pytest.fixture
def buffer() -> MetricsBuffer:
    return MetricsBuffer()


def test_points_are_handed_on_once_with_their_position(buffer: MetricsBuffer) -> None:
    """The second drain holds only what is new, and says where it belongs."""
    buffer.log("loss", 3.0)
    buffer.log("loss", 2.0)
    buffer.log("acc", 1)
    first, starts = buffer.drain()
    assert first["loss"]["values"] == [3.0, 2.0]
    assert starts == {"loss": 0, "acc": 0}
    buffer.log("loss", 1.0)
    second, starts = buffer.drain()
    assert second["loss"]["values"] == [1.0]
    assert starts == {"loss": 2}
    assert buffer.drain() == ({}, {})


def test_steps_count_on_from_the_last_one(buffer: MetricsBuffer) -> None:
    """A step that was given moves the counter."""
    for step in (None, None, 10, None):
        buffer.log("loss", 0, step)
    metrics, _ = buffer.drain()
    assert metrics["loss"]["steps"] == [0, 1, 10, 11]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        (0.5, 0.5),
        (True, 1),
        (Scalar(2), 2),
        (Scalar(0.25), 0.25),
        (Fraction(1, 4), 0.25),
        (Decimal("0.5"), 0.5),
    ],
)
def test_numbers_become_int_or_float(buffer: MetricsBuffer, value: Any, expected: Any) -> None:
    """Everything that is one number is stored as a plain one."""
    buffer.log("m", value)
    stored = buffer.drain()[0]["m"]["values"][0]
    assert stored == expected
    assert type(stored) is type(expected)


def test_nan_is_a_value(buffer: MetricsBuffer) -> None:
    """A loss that diverged is logged like any other."""
    buffer.log("m", math.nan)
    assert math.isnan(buffer.drain()[0]["m"]["values"][0])


@pytest.mark.parametrize("value", ["0.5", None, [1], 1j, Scalar([1, 2])])
def test_no_number_is_refused_at_the_call(buffer: MetricsBuffer, value: Any) -> None:
    """The error names the metric."""
    with pytest.raises(MetricValueError, match="metric 'm'"):
        buffer.log("m", value)
    assert buffer.drain() == ({}, {})
