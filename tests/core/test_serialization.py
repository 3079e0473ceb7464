"""Tests of turning values into plain data."""

import collections
import functools
import json
import math
import re
import time
from array import array
from collections import ChainMap, OrderedDict
from collections.abc import Iterator
from decimal import Decimal
from enum import Flag, IntEnum
from fractions import Fraction
from itertools import count
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pydantic
import pytest

from sacred_core.jsonpickle_data import decode_jsonpickle
from sacred_core.serialization import (
    NON_FINITE,
    column_json,
    column_values,
    from_json,
    is_same_data,
    key_clash,
    number,
    plain,
    strict_json,
    to_json,
)
from sacred_core.testing import objects as sample_objects
from sacred_core.testing.comparing import assert_same
from sacred_core.testing.objects import objects
from sacred_core.testing.samples import NON_FINITE as NON_FINITE_VALUES
from sacred_core.testing.samples import ODD_POINTS, ODD_VALUES


class Level(IntEnum):
    LOW = 1


class Permission(Flag):
    READ = 1
    WRITE = 2


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
        ({1: "x", ("a", 2): "y"}, {"1": "x", "('a', 2)": "y"}),
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
    """A value that raises when it is read becomes a string with the reason."""
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
        "frame": {"x": {"0": 1, "1": 2}, "y": {"0": "u", "1": "v"}},
        "series": {"a": 1.5, "b": 2.5},
        "index": [1, 2],
        "categories": ["a", "b", "a"],
        "moment": "2026-01-01T00:00:00",
        "span": "0 days 01:00:00",
        "missing": None,
    }


@pytest.mark.parametrize("name", objects())
def test_objects_have_their_documented_form(name: str) -> None:
    """The forms of the table in docs/values.md, types included."""
    value, expected = objects()[name]
    if name == "generator":
        expected = repr(value)
    assert_same(plain(value), expected, name)


def test_models_of_pydantic_are_their_fields() -> None:
    """Extra fields too; what pydantic hides stays hidden."""

    class Model(pydantic.BaseModel, extra="allow"):
        size: int = 3
        key: pydantic.SecretStr = pydantic.SecretStr("hush")

    form = plain(Model(**{"more": (1, 2)}))
    assert form == {"size": 3, "key": "**********", "more": [1, 2]}


class Slots:
    __slots__ = ("missing", "size")

    def __init__(self) -> None:
        self.size = 3


class Named:
    """Has a text of its own."""

    def __init__(self) -> None:
        self.size = 3

    def __repr__(self) -> str:
        return "Named(size=3)"


class Endless(Iterator[int]):
    """A user's iterator without end."""

    def __next__(self) -> int:
        return 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Slots(), {"py/object": f"{Slots.__module__}.Slots", "size": 3}),
        (Named(), "Named(size=3)"),
        (
            functools.partial(json.dumps, 1, indent=2),
            {
                "py/object": "functools.partial",
                "func": "json.dumps",
                "args": [1],
                "keywords": {"indent": 2},
            },
        ),
        (Permission.READ | Permission.WRITE, str(Permission.READ | Permission.WRITE)),
        (array("i", [1, 2]), [1, 2]),
        ({"a": 1}.keys(), ["a"]),
        (memoryview(b"a"), "b'a'"),
        (np.float32, "numpy.float32"),
        (int, "int"),
        ([].append, "list.append"),
        (np.longdouble(1.5), 1.5),
        (np.array([1.5], dtype=np.longdouble), [1.5]),
        (np.array(["2026-01-01"], dtype="datetime64[ns]"), ["2026-01-01T00:00:00.000000000"]),
        (np.array(5, dtype="timedelta64[h]"), "5 hours"),
        (np.array([(1, "a")], dtype=[("x", int), ("y", "U1")]), [[1, "a"]]),
        ({3, 1, 2.5}, [1, 2.5, 3]),
        (time.gmtime(0), [1970, 1, 1, 0, 0, 0, 3, 1, 0]),
        (10**4200 - 1, 10**4200 - 1),
        (10**4200, hex(10**4200)),
        (-(10**4200), hex(-(10**4200))),
        (ChainMap({"a": 1}, {"b": 2}), {"b": 2, "a": 1}),
    ],
)
def test_further_types_are_readable(value: Any, expected: Any) -> None:
    """Further types are readable, as in the table in docs/values.md, types included."""
    assert_same(plain(value), expected, "value")


def test_iterators_are_not_consumed() -> None:
    """Iterators are not consumed, neither in containers nor in attributes of objects."""
    numbers = iter([1, 2])
    holder = Opaque()
    holder.size = numbers  # type: ignore[assignment]
    form = plain({"here": numbers, "there": holder, "endless": Endless(), "count": count(2)})
    assert list(numbers) == [1, 2]
    assert form["here"] == form["there"]["size"] == repr(numbers)
    assert form["count"] == "count(2)" and "Endless object" in form["endless"]


def test_deep_nesting_has_an_end() -> None:
    """Deeper levels are omitted, and the result can be written and read as JSON."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    form = plain(deep)
    depth = 0
    while isinstance(form, list):
        form, depth = form[0], depth + 1
    assert (form, depth) == ("<nested too deeply>", 201)
    assert from_json(to_json(plain(deep))) == plain(deep)


def test_many_objects_that_refer_to_each_other_are_limited() -> None:
    """A graph in which each level is there twice would otherwise take for ever."""
    below = Opaque()
    for _ in range(40):
        above = Opaque()
        above.size = [below, below]  # type: ignore[assignment]
        below = above
    text = to_json(plain(below))
    assert text.count('"py/object"') == 1_000
    assert f'"<{Opaque.__module__}.Opaque>"' in text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({1: "a", "1": "b"}, {"1 (int)": "a", "1": "b"}),
        ({"1": "b", 1: "a"}, {"1": "b", "1 (int)": "a"}),
        ({None: 1, "null": 2}, {"null (NoneType)": 1, "null": 2}),
        ({1: 1, Decimal(2): 2, "2": 3}, {"1": 1, "2 (Decimal)": 2, "2": 3}),
        ({1: "a", "1": "b", "1 (int)": "c"}, {"1 (int 2)": "a", "1": "b", "1 (int)": "c"}),
        (
            {1: "a", "1": "b", "1 (int)": "c", "1 (int 2)": "d"},
            {"1 (int 3)": "a", "1": "b", "1 (int)": "c", "1 (int 2)": "d"},
        ),
        (
            {PurePosixPath("a"): 1, PureWindowsPath("a"): 2},
            {"a": 1, "a (PureWindowsPath)": 2},
        ),
        ({math.nan: 1, math.inf: 2, -math.inf: 3}, {"NaN": 1, "Infinity": 2, "-Infinity": 3}),
        ({False: 1, 2.0: 2}, {"false": 1, "2.0": 2}),
        (
            {(Unspeakable(),): 1},
            {"['<Unspeakable that cannot be stored: ValueError: no text>']": 1},
        ),
    ],
)
def test_no_entry_is_lost_where_keys_become_equal(value: Any, expected: Any) -> None:
    """A string stays as it is; another key has its type added."""
    assert plain(value) == expected
    assert len(plain(value)) == len(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            pd.concat([pd.DataFrame({"x": [1, 2]})] * 2),
            {"columns": ["x"], "index": [0, 1, 0, 1], "data": [[1], [2], [1], [2]]},
        ),
        (
            pd.DataFrame([[1, 2]], columns=["a", "a"]),
            {"columns": ["a", "a"], "index": [0], "data": [[1, 2]]},
        ),
        (
            pd.DataFrame([[1, 2]], columns=[1, "1"]),
            {"columns": [1, "1"], "index": [0], "data": [[1, 2]]},
        ),
        (pd.Series([1, 2], index=["a", "a"]), {"index": ["a", "a"], "data": [1, 2]}),
        (pd.DataFrame(index=[0, 0]), {"columns": [], "index": [0, 0], "data": []}),
        (pd.DataFrame({"x": []}), {"x": {}}),
        (
            pd.DataFrame({"x": [1.5]}, index=pd.MultiIndex.from_tuples([("a", 1)])),
            {"x": {"('a', 1)": 1.5}},
        ),
        (
            pd.Series([None], index=pd.to_datetime(["2026-01-01"])),
            {"2026-01-01T00:00:00": None},
        ),
    ],
)
def test_no_row_or_column_of_pandas_is_lost(value: Any, expected: Any) -> None:
    """Where labels repeat, lists hold columns, index and rows."""
    assert plain(value) == expected


ODD = {
    **ODD_VALUES,
    "quotes": 'say "%json" or "py/tuple"',
    "time of jsonpickle": {
        "py/object": "datetime.datetime",
        "__reduce__": [{"py/type": "datetime.datetime"}, ["B+oBAQAAAAAAAA=="]],
    },
    "numpy": {"py/object": "numpy.ndarray", "values": [1]},
    "key of jsonpickle": {"json://1": [{"py/id": 1}, {"py/type": "int"}, {"py/b64": "YQ=="}]},
    "reference": [{"py/object": "module.Class"}, {"py/id": 1}],
    "other object": {"py/object": "numpy.ndarray", "values": {"a": 1}},
}


@pytest.mark.parametrize("name", ODD)
def test_json_text_is_valid_and_reads_back_equal(name: str) -> None:
    """What JSON lacks, and what a reader may take for something else."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    for value in (ODD[name], {"inside": [ODD[name]]}):
        text = to_json(value)
        json.loads(text.encode("utf-8"), parse_constant=refuse)
        assert_same(from_json(text), value, name)
        assert_same(from_json(text.encode(), decode_jsonpickle), value, name)


def test_foreign_tags_are_read_as_they_are() -> None:
    """What another program wrote under our tag, and what Sacred wrote under its own."""
    for text in ('{"%json": "no json"}', '{"%json": 1}', '{"%json": "1", "more": 2}'):
        assert from_json(text) == json.loads(text)
    tagged = '{"a": [{"py/tuple": [1, {"py/set": [2]}]}], "b": {"%json": "NaN"}}'
    read = from_json(tagged, decode_jsonpickle)
    assert read["a"] == [[1, [2]]] and math.isnan(read["b"])
    assert from_json('"NaN"') == "NaN"


@pytest.mark.parametrize("values", [[], [1.5, 2], ODD_POINTS, NON_FINITE_VALUES, ["NaN", "a"]])
def test_columns_of_metrics_read_back_equal(values: list[Any]) -> None:
    """Numbers are spelled as in earlier releases, and strings stay strings."""
    text = column_json(values)
    assert_same(column_values(json.loads(text)), values, "values")
    assert column_json(NON_FINITE_VALUES) == '["NaN", "Infinity", "-Infinity"]'


NAMES = {
    **vars(sample_objects),
    **vars(collections),
    **{kind.__name__: kind for kind in (Decimal, Fraction, PurePosixPath, UUID, count)},
    "np": np,
    "pd": pd,
}


def documented() -> list[tuple[str, str]]:
    """Return the pairs of values and forms of docs/values.md."""
    page = Path(__file__).parents[2] / "docs" / "values.md"
    return re.findall(
        r"^\|(?: [^|]+ \|)? `(.+?)` \| `(.+)` \|$", page.read_text("utf-8"), re.MULTILINE
    )


@pytest.mark.parametrize(("value", "expected"), documented())
def test_the_table_of_values_is_true(value: str, expected: str) -> None:
    """Each example of docs/values.md has the form beside it."""
    assert_same(plain(eval(value, NAMES)), eval(expected), value)


def test_the_table_of_values_is_tested() -> None:
    """Both tables with examples are found."""
    assert len(documented()) >= 30


@pytest.mark.parametrize(
    ("keys", "clash"),
    [(["a", "b", 1], None), ([1, "1"], (1, "1")), (["a", None, "null"], (None, "null"))],
)
def test_keys_that_clash_are_found(keys: list[Any], clash: Any) -> None:
    """The first two that are stored as one string."""
    assert key_clash(keys) == clash


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        (1, 1, True), (1, 1.0, False), (1, True, False), (0.0, False, False), ("1", 1, False),
        (None, None, True), ([1, "a"], [1, "a"], True), ([1], [1, 1], False), ([1], [1.0], False),
        ({"a": 1}, {"a": 1}, True), ({"a": 1}, {"a": True}, False), ({"a": 1}, {"b": 1}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, False), ({"a": [{"b": 1}]}, {"a": [{"b": 1}]}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False), ([], {}, False),
    ],
)  # fmt: skip
def test_values_that_are_stored_alike_are_the_same(first: Any, second: Any, is_same: bool) -> None:
    """Values that are stored alike are the same, at every depth with their types, and dictionaries
    with the order of their keys.
    """
    assert is_same_data(first, second) is is_same
    assert is_same_data(second, first) is is_same
