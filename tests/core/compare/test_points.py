"""Tests of comparing the points of metrics."""

import math
from typing import Any

import pytest

from sacred_core.compare.points import Parting, find_parting, points_digest

NAN, OTHER_NAN = float("nan"), -float("nan")


def points(values: list[Any], steps: list[Any] | None = None) -> dict[str, Any]:
    return {"steps": [*range(len(values))] if steps is None else steps, "values": values}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([1.5, NAN, 2.0], [1.5, OTHER_NAN, 2.0]),
        ([1, 2, 3], [1.0, 2.0, 3.0]),
        ([1, 2.5, True], [1.0, 2.5, 1]),
        ([0.0], [-0.0]),
        ([2**60, 1.0], [2**60, 1]),
        ([math.inf, -math.inf], [math.inf, -math.inf]),
        ([10**400, "odd", None], [10**400, "odd", None]),
        ([], []),
    ],
)
def test_equal_numbers_are_equal_whatever_their_types(first: list[Any], second: list[Any]) -> None:
    """Integers and floats, both zeros, and NaN; what is not a number is compared as it is."""
    assert points_digest(points(first)) == points_digest(points(second))
    assert find_parting(points(first), points(second)) is None


@pytest.mark.parametrize(
    ("first", "second", "index"),
    [
        ([1.0, 2.0], [1.0, 2.0000000000000004], 1),
        ([2**53, 2**53], [2**53, 2**53 + 1], 1),
        ([2**53 + 1], [2**53 + 2], 0),
        ([NAN, 1.0], [NAN, NAN], 1),
        ([math.inf], [-math.inf], 0),
        ([0.5] * 2500 + [1.0], [0.5] * 2500 + [2.0], 2500),
        ([NAN] * 2500 + [1.0], [OTHER_NAN] * 2500 + [2.0], 2500),
        (["a"], ["b"], 0),
    ],
)
def test_the_first_value_that_differs_is_found(
    first: list[Any], second: list[Any], index: int
) -> None:
    """Also by one bit, beyond what a float can hold, and after equal blocks."""
    assert points_digest(points(first)) != points_digest(points(second))
    expected = Parting(
        index, ((index,), (index,)), (tuple(first[index : index + 1]), tuple(second[index:][:1]))
    )
    found = find_parting(points(first), points(second))
    assert repr(found) == repr(expected)


def test_one_metric_may_be_the_beginning_of_the_other() -> None:
    """The one that ended has neither step nor value there."""
    found = find_parting(points([1.0, 2.0]), points([1.0, 2.0, 3.0]))
    assert found == Parting(2, ((), (2,)), ((), (3.0,)))
    assert find_parting(points([1.0]), points([])) == Parting(0, ((0,), ()), ((1.0,), ()))


def test_steps_are_compared_as_well() -> None:
    """The point is that whose step differs, also where its value does not."""
    found = find_parting(points([1.0, 2.0], [0, 5]), points([1.0, 2.0], [0, 6]))
    assert found == Parting(1, ((5,), (6,)), ((2.0,), (2.0,)))
    one, other = points([1.0], [0]), points([0.0], [1])
    assert points_digest(one) != points_digest(other)


def test_points_in_another_order_are_recognised() -> None:
    """Only if all of them are the same, NaN included."""
    one = points([1.0, NAN, 3.0], [0, 1, 2])
    assert find_parting(one, points([1.0, 3.0, OTHER_NAN], [0, 2, 1])) == Parting(
        1, ((1,), (2,)), (tuple(one["values"][1:2]), (3.0,)), is_reordered=True
    )
    found = find_parting(one, points([1.0, 4.0, NAN], [0, 2, 1]))
    assert found is not None and not found.is_reordered
    swapped = find_parting(points([1.0, 2.0]), points([2.0, 1.0]))
    assert swapped is not None and not swapped.is_reordered
