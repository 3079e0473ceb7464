"""Tests of the distributions of swept entries."""

import math
import random
from typing import Any

import pytest
from sacred_sweep.distributions import (
    Distribution,
    decode_distribution,
    draw_values,
    encode_space,
    new_distribution,
    seeded_generator,
)

from sacred_core.exceptions import UpdateError

ALL: list[tuple[str, list[Any]]] = [
    ("uniform", [-1, 2.5]),
    ("loguniform", [1e-5, 1e-1]),
    ("quniform", [0.1, 1.05, 0.1]),
    ("randint", [1, 3]),
    ("lograndint", [1, 100]),
    ("normal", [5, 0.5]),
    ("choice", ["adam", [1, 2], None]),
]


def drawn(kind: str, arguments: list[Any], count: int = 2000) -> list[Any]:
    generator = random.Random(1)
    return [new_distribution(kind, arguments).draw(generator) for _ in range(count)]


@pytest.mark.parametrize(("kind", "arguments"), ALL)
def test_plain_data_describes_each(kind: str, arguments: list[Any]) -> None:
    """A distribution that was encoded and decoded is equal, and draws the same values."""
    first = new_distribution(kind, arguments)
    second = decode_distribution(first.encode())
    assert first.encode()["kind"] == kind
    assert second == first
    assert first.draw(seeded_generator(1)) == second.draw(seeded_generator(1))


def test_values_are_in_the_range() -> None:
    """Both ends of a range are values, and no value is outside it."""
    assert set(drawn("randint", [1, 3])) == {1, 2, 3}
    assert set(drawn("quniform", [0.1, 0.35, 0.1])) == {0.1, 0.2, 0.3}
    assert set(drawn("quniform", [2, 9, 3])) == {2, 5, 8}
    assert set(drawn("lograndint", [1, 3])) == {1, 2, 3}
    assert {str(value) for value in drawn("choice", ["a", [1]])} == {"a", "[1]"}
    assert all(-1 <= value <= 2 for value in drawn("uniform", [-1, 2]))
    assert all(1e-5 <= value <= 1e-1 for value in drawn("loguniform", [1e-5, 1e-1]))


def test_logarithmic_draws_have_the_logarithm_spread_evenly() -> None:
    """Half of the values are below the geometric mean of the ends."""
    values = drawn("loguniform", [1e-4, 1])
    assert 0.45 < sum(value < 1e-2 for value in values) / len(values) < 0.55
    low = [value for value in drawn("lograndint", [1, 1000]) if value <= 31]
    assert 0.42 < len(low) / 2000 < 0.58


def test_normal_has_mean_and_deviation() -> None:
    """The arguments of normal are its mean and its standard deviation."""
    values = drawn("normal", [5, 0.5])
    mean = sum(values) / len(values)
    assert mean == pytest.approx(5, abs=0.05)
    assert math.sqrt(sum((v - mean) ** 2 for v in values) / len(values)) == pytest.approx(0.5, 0.1)


def test_draws_do_not_depend_on_the_order_of_entries() -> None:
    """The same seed gives the same values for each order of the entries."""
    space = {"b": new_distribution("uniform", [0, 1]), "a": new_distribution("uniform", [0, 1])}
    one = draw_values(space, seeded_generator("x", 3))
    other = draw_values(dict(reversed(space.items())), seeded_generator("x", 3))
    assert one == other
    assert one != draw_values(space, seeded_generator("x", 4))
    assert encode_space(space)["a"] == {"kind": "uniform", "low": 0, "high": 1}


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        ("uniform", [1], "uniform(1) must have 2 arguments: uniform(low, high)"),
        ("uniform", [2, 1], "uniform(2, 1) has no values: write uniform(1, 2)"),
        ("uniform", [0, "x"], "uniform(0, 'x'): 'x' is not a number"),
        ("uniform", [0, True], "uniform(0, True): True is not a number"),
        ("uniform", [0, math.inf], "uniform(0, inf): inf is not a number"),
        ("randint", [0, 1.5], "randint(0, 1.5): 1.5 is not an integer"),
        ("loguniform", [0, 1], "loguniform(0, 1): the lowest value must be above 0"),
        ("lograndint", [0, 1], "lograndint(0, 1): the lowest value must be above 0"),
        ("quniform", [0, 1, 0], "quniform(0, 1, 0): the step must be above 0"),
        ("normal", [0, 0], "normal(0, 0): the standard deviation must be above 0"),
        ("choice", [], "choice() has no values: write choice(VALUE, VALUE, …)"),
    ],
)
def test_wrong_arguments_are_explained(kind: str, arguments: list[Any], message: str) -> None:
    """The message contains the distribution as it was written, and what is wrong."""
    with pytest.raises(UpdateError) as caught:
        new_distribution(kind, arguments)
    assert str(caught.value) == message


def test_unknown_data_are_refused() -> None:
    """Data of another version are not read as a distribution."""
    for data in ({"kind": "beta", "low": 1}, {"kind": "uniform", "low": 1}, {}):
        with pytest.raises(UpdateError, match="is not a distribution of this version"):
            decode_distribution(data)


def test_a_distribution_is_shown_as_it_is_written() -> None:
    """Messages show a distribution like a call."""
    assert str(new_distribution("randint", [1, 3])) == "randint(1, 3)"
    assert str(Distribution("choice", (("a", 2),))) == "choice('a', 2)"
