"""Tests of numbers and other values as people read them."""

import math
from typing import Any

import pytest

from sacred_core.readable_numbers import distinct_digits, number_text, value_text


@pytest.mark.parametrize(
    ("value", "short", "exact"),
    [
        (0.123456789, "0.1235", "0.123456789"), (0.5, "0.5", "0.5"),
        (-0.98765, "-0.9877", "-0.98765"),
        (1.23456e-7, "1.235e-07", "1.23456e-07"), (123.456, "123.5", "123.456"),
        (1234567.8, "1.235e+06", "1234567.8"), (20000.0, "20000", "20000.0"), (0.0, "0", "0.0"),
        (1e6, "1e+06", "1000000.0"), (math.nan, "nan", "nan"), (-math.inf, "-inf", "-inf"),
        (123456789, "123456789", "123456789"), (True, "True", "True"),
        ("0.123456", "0.123456", "0.123456"),
        ([0.123456, 1], "[0.1235, 1]", "[0.123456, 1]"),
        ({"a": {"b": [0.98765]}}, "{'a': {'b': [0.9877]}}", "{'a': {'b': [0.98765]}}"),
        (None, "None", "None"),
    ],
)  # fmt: skip
def test_numbers_have_four_digits_or_all(value: Any, short: str, exact: str) -> None:
    """Floats have four significant digits, also in lists and dictionaries; integers have all."""
    assert number_text(value) == short
    assert number_text(value, None) == exact


def test_strings_have_quotes_among_values() -> None:
    """A value is shown as Python writes it, a cell without quotes."""
    assert value_text("a") == "'a'" and number_text("a") == "a"
    assert value_text(0.98765) == "0.9877" and value_text(0.98765, None) == "0.98765"


def test_what_has_no_text_is_shown_by_its_type() -> None:
    """Deep nesting and integers of thousands of digits are no error."""
    deep: list[Any] = [0.5]
    for _ in range(100_000):
        deep = [deep]
    assert number_text(deep) == "<list>" and value_text(10**5000) == "<int>"


@pytest.mark.parametrize(
    ("values", "digits"),
    [
        ([], 4), ([0.1, 0.2, 0.1], 4), ([0.10001, 0.10002], 5), ([0.123456, 0.123457, "a", 3], 6),
        ([0.1, 0.1 + 2e-17, 0.3], 17), ([math.nan, float("nan"), 1.0], 4),
        ([[0.1], {}], 4), ([[0.10001], [0.10002], 0.5], 5),
        ([{"a": [0.1234561]}, {"a": [0.1234562]}], 7),
        ([[1.0], [1]], 4),
    ],
)  # fmt: skip
def test_different_numbers_look_different(values: list[Any], digits: int) -> None:
    """There are as many digits as it takes to distinguish the floats, and at least four."""
    assert distinct_digits(values) == digits
