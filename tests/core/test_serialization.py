"""Tests of turning values into plain data."""

import json
import math
from collections import OrderedDict
from enum import IntEnum
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sacred_core.serialization import NON_FINITE, number, plain, strict_json


class Level(IntEnum):
    LOW = 1


class Opaque:
    def __init__(self) -> None:
        self.size = 3


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, (2,)), [1, [2]]),
        ({3}, [3]),
        (OrderedDict(a=1), {"a": 1}),
        (PurePosixPath("/a/b"), "/a/b"),
        (Level.LOW, 1),
        ({1: "x", ("a", 2): "y"}, {1: "x", "('a', 2)": "y"}),
    ],
)
def test_plain_converts(value: Any, expected: Any) -> None:
    """Containers, paths and subclasses of plain types become plain data."""
    result = plain(value)
    assert result == expected
    assert type(result) is type(expected)


def test_plain_shares_nothing_mutable() -> None:
    """Changing the original later leaves the plain copy alone."""
    original = {"a": [1]}
    copy = plain(original)
    original["a"].append(2)
    assert copy == {"a": [1]}


def test_plain_ends_at_a_container_inside_itself() -> None:
    """A list that contains itself is marked instead of followed for ever."""
    loop: list[Any] = [1]
    loop.append(loop)
    assert plain(loop) == [1, "<recursion>"]


def test_plain_turns_objects_into_json_data() -> None:
    """Other objects become jsonpickle's dictionaries, which JSON can hold."""
    assert json.loads(strict_json(plain(Opaque())))["size"] == 3


def test_strict_json_has_no_bare_nan() -> None:
    """NaN and the infinities are written as text, and read back as numbers."""
    text = strict_json({"v": [math.nan, math.inf, -math.inf, 1.5]})

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    values = json.loads(text, parse_constant=refuse)["v"]
    assert values == [*NON_FINITE, 1.5]
    assert [repr(number(v)) for v in values] == ["nan", "inf", "-inf", "1.5"]


class Unspeakable:
    """Raises whatever is asked of it."""

    def __reduce_ex__(self, protocol: object) -> str:
        raise ValueError("no pickle")

    def __repr__(self) -> str:
        raise ValueError("no text")


class Gone(dict[str, int]):
    """A mapping whose backend went away."""

    def items(self) -> Any:
        raise OSError("backend is gone")


def test_one_bad_value_costs_no_other() -> None:
    """What raises when it is looked at becomes a text that tells why."""
    assert plain({"good": 1, "bad": Unspeakable(), "gone": Gone(), "last": [2]}) == {
        "good": 1,
        "bad": "<Unspeakable that cannot be stored: ValueError: no text>",
        "gone": "<Gone that cannot be stored: OSError: backend is gone>",
        "last": [2],
    }


def test_numpy_becomes_lists_and_numbers() -> None:
    """Readable whatever the size, of every kind (section 1.10.3)."""
    values = {
        "matrix": np.arange(6).reshape(2, 3),
        "large": np.zeros(100_000),
        "scalar": np.float32(0.5),
        "flag": np.bool_(True),
        "no dimension": np.array(5),
        "texts": np.array(["a", "b"]),
        "mixed": np.array([1, "b", None], dtype=object),
        "masked": np.ma.masked_array([1, 2], mask=[0, 1]),
        "days": np.array(["2026-01-01"], dtype="datetime64[D]"),
        "day": np.datetime64("2026-01-01"),
        "complex": np.complex128(1 + 2j),
    }
    assert plain(values) == {
        "matrix": [[0, 1, 2], [3, 4, 5]],
        "large": [0.0] * 100_000,
        "scalar": 0.5,
        "flag": True,
        "no dimension": 5,
        "texts": ["a", "b"],
        "mixed": [1, "b", None],
        "masked": [1, None],
        "days": ["2026-01-01"],
        "day": "2026-01-01",
        "complex": "(1+2j)",
    }


def test_pandas_becomes_dictionaries_and_lists() -> None:
    """Frames by column, series by key; what is missing stays so (section 1.10.3)."""
    values = {
        "frame": pd.DataFrame({"x": [1, 2], "y": ["u", "v"]}),
        "series": pd.Series([1.5, 2.5], index=["a", "b"]),
        "index": pd.Index([1, 2]),
        "categories": pd.Categorical(["a", "b", "a"]),
        "moment": pd.Timestamp("2026-01-01"),
        "span": pd.Timedelta("1h"),
        "missing": pd.NA,
    }
    assert plain(values) == {
        "frame": {"x": {0: 1, 1: 2}, "y": {0: "u", 1: "v"}},
        "series": {"a": 1.5, "b": 2.5},
        "index": [1, 2],
        "categories": ["a", "b", "a"],
        "moment": "2026-01-01T00:00:00",
        "span": "0 days 01:00:00",
        "missing": None,
    }
