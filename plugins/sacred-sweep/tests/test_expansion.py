"""Tests of the points of a sweep: their number, and random ones."""

from typing import Any

import pytest
from sacred_sweep.expansion import MOST_POINTS, check_size, expand
from sacred_sweep.grammar import parse_sweep
from sacred_sweep.spec import choices

from sacred_core.exceptions import UpdateError


def drawn(words: list[str], seed: str = "one") -> list[dict[str, Any]]:
    return list(expand(parse_sweep(words), seed))


def test_more_random_points_begin_with_the_same_ones() -> None:
    """A higher number of points adds some, and changes none; another seed draws others."""
    few = drawn(["lr=uniform(0,1)", "n=[1,2,3]", "random(5)"])
    many = drawn(["lr=uniform(0,1)", "n=[1,2,3]", "random(9)"])
    assert many[:5] == few
    assert len({tuple(point.values()) for point in many}) == 9
    assert drawn(["lr=uniform(0,1)", "n=[1,2,3]", "random(5)"], "two") != few
    assert {point["n"] for point in drawn(["lr=uniform(0,1)", "n=1..3", "random(50)"])} == {1, 2, 3}


def test_random_points_of_lists_are_distinct() -> None:
    """Of lists alone, different combinations are drawn, at most all of them."""
    points = drawn(["a=1..4", "b=1..5", "random(7)"])
    assert len({tuple(point.values()) for point in points}) == 7
    assert drawn(["a=1..4", "b=1..5", "random(12)"])[:7] == points
    assert len(drawn(["a=1..4", "b=1..5", "random(1000)"])) == 20
    extended = drawn(["a=1..5", "b=1..5", "random(12)"])
    assert sum(point in extended for point in points) >= 5


def test_random_points_of_a_huge_grid_are_drawn_without_listing_it() -> None:
    """A grid that has too many points for a list can be drawn from."""
    points = drawn(["a=1..1000000", "b=1..1000000", "random(10)"])
    assert len({tuple(point.values()) for point in points}) == 10


def test_distributions_with_few_values_end() -> None:
    """Where fewer distinct points exist than requested, all of them are points."""
    assert sorted(point["n"] for point in drawn(["n=randint(1,3)", "random(50)"])) == [1, 2, 3]


def test_sizes_are_checked() -> None:
    """More points than the limit need force; seeds count; ranges are not expanded for it."""
    assert check_size(parse_sweep(["a=1..10", "b=1..3"]), seeds=2) == 60
    assert check_size(parse_sweep(["a=1..10", "random(3)"])) == 3
    assert check_size(parse_sweep(["a=1..10", "random(30)"])) == 10
    assert check_size(parse_sweep(["a=uniform(0,1)", "random(30)"]), 2) == 60
    huge = parse_sweep([f"a=1..{MOST_POINTS + 1}"])
    with pytest.raises(UpdateError, match=r"has 100,?001 points, more than 100,000"):
        check_size(huge)
    assert check_size(huge, is_forced=True) == MOST_POINTS + 1
    with pytest.raises(UpdateError, match="more than 100,000"):
        check_size(parse_sweep([f"a=1..{MOST_POINTS}"]), seeds=2)


def test_a_distribution_needs_a_number_of_points() -> None:
    """The message has the distribution, and both ways to use it."""
    with pytest.raises(UpdateError, match=r"lr=uniform\(0, 1\) is a distribution: add random\(N\)"):
        check_size(parse_sweep(["lr=uniform(0,1)"]))


def test_lists_are_choices_for_samplers() -> None:
    """A sampler chooses from lists and distributions, not from entries with common values."""
    found = choices(parse_sweep(["lr=uniform(0,1)", "n=1..3"]))
    assert {path: str(each) for path, each in found.items()} == {
        "lr": "uniform(0, 1)",
        "n": "choice(1, 2, 3)",
    }
    with pytest.raises(UpdateError, match="a, b get their values together"):
        choices(parse_sweep(["zip(a=[1,2],b=[3,4])"]))
