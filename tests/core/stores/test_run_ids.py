"""Tests of ids as stores list them."""

import enum
from typing import Any

import pytest

from sacred_core.exceptions import RunIdError
from sacred_core.stores.run_ids import (
    LARGEST,
    LONGEST,
    RunNames,
    id_order,
    is_valid_id,
    next_number,
    normalize_id,
    validate_id,
)


class Number(enum.IntEnum):
    """An integer of another class, as drivers of databases return."""

    LARGE = 2**40


@pytest.mark.parametrize(
    ("given", "listed"),
    [
        (5, 5), ("5", 5), ("0", 0), ("name", "name"), ("", ""),
        ("007", "007"), ("-5", -5), ("-0", "-0"), ("-05", "-05"),
        ("5.0", "5.0"), ("²", "²"), ("٣", "٣"), (" 5", " 5"),
        (2**63 - 1, 2**63 - 1), (str(2**63 - 1), 2**63 - 1), (2**63, str(2**63)),
        (str(2**63), str(2**63)), ("9" * 5000, "9" * 5000), (-5, -5), (True, "True"),
        (None, "None"),
        (str(-(2**63)), -(2**63)),
        (str(-(2**63) - 1), str(-(2**63) - 1)),
        (Number.LARGE, 2**40), (1.0, "1.0"), ("1_0", "1_0"), ("+1", "+1"), ("1e3", "1e3"),
    ],
)  # fmt: skip
def test_an_id_is_a_number_where_it_is_written_as_one(given: Any, listed: Any) -> None:
    """An id is a number where it is written as one, within 64 bits and in its only spelling;
    everything else stays a string.
    """
    normalized = normalize_id(given)
    assert (normalized, type(normalized)) == (listed, type(listed))


@pytest.mark.parametrize(
    "run_id",
    [
        0, 7, LARGEST, "0", "7", str(LARGEST), "007", "+7", "1e3", "0x1", "1_0", "\u0661", "a",
        "A b", "run-1.5", "a_b", "a.b", "\u00e9t\u00e9", "\U0001f600", "100%", "x" * LONGEST,
        "\u00fc" * (LONGEST // 2), "cone", "com10", "lpt", "(a)", "a+b=c,d;e", "#1", "$a", "~a",
    ],
)  # fmt: skip
def test_a_valid_id_is_returned_as_stores_list_it(run_id: Any) -> None:
    """Integers from 0 to the largest, and strings that each store can have."""
    assert validate_id(run_id) == normalize_id(run_id)
    assert is_valid_id(run_id)


@pytest.mark.parametrize(
    ("run_id", "reason"),
    [
        (-1, "0 to 999999999999999"), ("-1", "0 to"), (LARGEST + 1, "0 to"), (2**63 - 1, "0 to"),
        (2**70, "0 to"), ("9" * 5000, "0 to"), ("", "empty"), ("x" * (LONGEST + 1), "150 bytes"),
        ("\u00fc" * 76, "150 bytes"), (" a", "white space"),
        ("a\u00a0", "white space"), ("1 ", "white space"), ("a\n", "white space"),
        ("a\x1bb", "invisible"), ("a\0b", "invisible"), ("a\u200bb", "invisible"),
        ("a\udce9", "invisible"), ("a\u2028b", "invisible"), ("a\x7fb", "invisible"),
        ("_resources", "begin with"), (".", "begin with"), ("..", "begin with"), ("-f", "begin"),
        ("a.", "end with"), *((f"a{character}b", "contain any of") for character in '/\\:*?"<>|'),
        ("con", "reserved"), ("NUL.txt", "reserved"), ("LPT1", "reserved"), ("e\u0301", "form C"),
    ],
)  # fmt: skip
def test_an_invalid_id_is_refused_in_one_short_sentence(run_id: Any, reason: str) -> None:
    """An invalid id is refused in one short sentence, with the reason, and the id so that it can be
    printed.
    """
    with pytest.raises(RunIdError, match=reason) as caught:
        validate_id(run_id)
    assert not is_valid_id(run_id)
    assert str(caught.value).startswith(("run id '", 'run id "'))
    assert len(str(caught.value)) < 200
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("ids", "number"),
    [
        ([], 1), ([1, 2], 3), (["1", "7", "x"], 8), ([0], 1), ([-5], 1), (["007", "\u0669"], 1),
        ([3, 2**63 - 1], 4), ([3, 2**70, "9" * 5000], 4), ([LARGEST], LARGEST + 1),
        ([LARGEST + 1, 2], 3), ([float("inf"), float("nan"), 3.7, None, 2], 3),
    ],
)  # fmt: skip
def test_the_next_number_follows_the_largest_that_counts(ids: list[Any], number: int) -> None:
    """What is not an integer from 0 to the largest that may be asked for does not count."""
    assert next_number(ids) == number


def test_integers_come_before_strings() -> None:
    """Each kind in its own order."""
    assert sorted(["b", "10", "9", "010", "a"], key=id_order) == ["9", "10", "010", "a", "b"]


def test_an_integer_that_python_does_not_convert_is_no_valid_id() -> None:
    """It has more than 4,300 digits; it is a string nevertheless."""
    assert normalize_id(10**5000) == hex(10**5000)
    with pytest.raises(RunIdError, match="150 bytes"):
        validate_id(10**5000)


def test_names_are_in_the_order_of_ids() -> None:
    """Names of all kinds have the order that sorting by `id_order` gives, also reversed."""
    names = ["10", "9", "0", "007", "-5", "b", "a", "²", "9" * 15, "9" * 16, "9" * 30, "1"]
    found = RunNames.of(["_x", *names], lambda name: name != "_x")
    assert [*found.in_order()] == sorted(names, key=id_order)
    assert [*found.in_order(is_reversed=True)] == sorted(names, key=id_order, reverse=True)


def test_plain_numbers_are_not_examined_one_by_one() -> None:
    """The slow test of names is not called for numbers, of which a folder may have 100,000."""
    asked: list[str] = []
    found = RunNames.of(map(str, range(1, 1000)), lambda name: bool(asked.append(name)))
    assert (len(found.numbers), found.others, asked) == (999, [], [])
