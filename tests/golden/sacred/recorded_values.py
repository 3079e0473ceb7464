"""Values that programs put into ``info``, by the names that the golden data uses.

Used by `make_golden.py`, with the Python of the Sacred release that records them (3.7 and later),
and by the tests.
"""

import collections
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import math
import pathlib
import uuid

import numpy as np
import pandas as pd


class Color(enum.Enum):
    """An enumeration."""

    RED = 1
    BLUE = "blue"


Point = collections.namedtuple("Point", ["x", "y"])


class Names(list):
    """A class derived from list."""


class Table(dict):
    """A class derived from dict."""


class Slots:
    """An object without a dictionary."""

    __slots__ = ("size",)

    def __init__(self):
        self.size = [1]


class Stateful:
    """An object with a state of its own."""

    def __getstate__(self):
        return {"size": [1]}

    def __setstate__(self, state):
        raise AssertionError("what is stored must not be executed")


class Thing:
    """An object of a program."""

    def __init__(self):
        self.size = 3
        self.name = "thing"


def make_values():
    """Return the values by name, new ones at each call."""
    grid = np.arange(24, dtype=np.float64).reshape(4, 6) / 8
    shared = {"a": [1, 2]}
    array = np.linspace(0, 1, 33)
    days = pd.to_datetime(["2020-02-29", "2020-03-01"])
    zone = dt.timezone(dt.timedelta(hours=2))
    return {
        "none": None,
        "integer": 7,
        "float": 0.5,
        "string": "text",
        "unicode": "gr\u00fc\u00dfe \u2713",
        "list": [1, "two", [3.0]],
        "tuple": (1, (2, 3)),
        "set": {5},
        "frozenset": frozenset([5]),
        "range": range(2, 9, 3),
        "complex": 1 + 2j,
        "bytes": b"\x00\x01abc\xff",
        "bytearray": bytearray(b"abc"),
        "nan": math.nan,
        "infinity": math.inf,
        "ordered": collections.OrderedDict([("b", 1), ("a", [2])]),
        "default": collections.defaultdict(list, {"k": [1, 2]}),
        "counter": collections.Counter("aab"),
        "deque": collections.deque([1, 2, 3]),
        "bounded_deque": collections.deque([1, 2], maxlen=2),
        "path": pathlib.PurePosixPath("/data/file.txt"),
        "decimal": decimal.Decimal("1.10"),
        "fraction": fractions.Fraction(1, 3),
        "uuid": uuid.UUID("12345678123456781234567812345678"),
        "date": dt.date(2020, 2, 29),
        "time": dt.time(12, 30, 15, 250),
        "datetime": dt.datetime(2020, 2, 29, 12, 30, 15, 250),
        "datetime_utc": dt.datetime(2020, 2, 29, 12, 30, tzinfo=dt.UTC),
        "datetime_zone": dt.datetime(2020, 2, 29, 12, 30, tzinfo=zone),
        "timedelta": dt.timedelta(days=1, seconds=2, microseconds=3),
        "enum": Color.RED,
        "enum_string": Color.BLUE,
        "namedtuple": Point(1, [2]),
        "object": Thing(),
        "class": Thing,
        "function": make_values,
        "list_subclass": Names([1, "two"]),
        "dict_subclass": Table(a=1),
        "slots": Slots(),
        "state": Stateful(),
        "exception": ValueError("wrong"),
        "time_utc": dt.time(12, 30, tzinfo=dt.UTC),
        "timezone": zone,
        "negative_timedelta": dt.timedelta(microseconds=-1),
        "relative_path": pathlib.PurePosixPath("data/file.txt"),
        "windows_path": pathlib.PureWindowsPath("c:/data/file.txt"),
        "ip_address": ipaddress.ip_address("192.0.2.1"),
        "numbers_set": {3, 1, 2},
        "large_integer": 10**30,
        "float_keys": {0.5: 1, None: 2, True: 3},
        "tuple_keys": {(1, 2): "pair"},
        "date_keys": {dt.date(2020, 2, 29): "leap"},
        "empty": [{}, [], "", ()],
        "nested_dicts": {"b": {"y": 1, "x": [2]}, "a": {"z": {}}},
        "integer_keys": {1: "one", 2: {"3": 4}},
        "np_float32": np.float32(0.25),
        "np_float64": np.float64(0.1),
        "np_int64": np.int64(9),
        "np_bool": np.bool_(True),
        "np_small": np.array([1, 2, 3]),
        "np_empty": np.array([]),
        "np_scalar_array": np.array(2.5),
        "np_large": np.arange(40),
        "np_float_large": np.linspace(0, 1, 50),
        "np_int32": np.arange(20, dtype=np.int32),
        "np_int8": np.arange(20, dtype=np.int8),
        "np_uint16": np.arange(20, dtype=np.uint16),
        "np_float16": np.arange(20, dtype=np.float16),
        "np_bools": np.arange(40) % 3 == 0,
        "np_big_endian": np.arange(20, dtype=">i4"),
        "np_grid": grid.copy(),
        "np_fortran": np.asfortranarray(grid),
        "np_transposed": grid.T,
        "np_slice": np.arange(60)[10:40],
        "np_strided": np.arange(80)[5:75:3],
        "np_reversed": np.arange(30)[::-1],
        "np_column": grid[:, 2],
        "np_strings": np.array(["alpha", "beta"] * 10),
        "np_bytes": np.array([b"ab", b"cde"] * 10),
        "np_complex": np.arange(20) * (1 + 1j),
        "np_nan": np.array([0.0, math.nan, math.inf] * 8),
        "np_datetime": np.arange("2020-01-01", "2020-01-25", dtype="datetime64[D]"),
        "np_complex64": np.complex64(1 + 2j),
        "np_datetime64": np.datetime64("2020-02-29"),
        "np_timedelta64": np.timedelta64(3, "s"),
        "np_text": np.str_("text"),
        "np_binary": np.bytes_(b"ab"),
        "np_small_grid": np.array([[1, 2], [3, 4]]),
        "np_small_complex": np.array([1 + 2j, 2]),
        "np_small_dates": np.array(["2020-02-29", "2020-03-01"], dtype="M8[D]"),
        "np_small_nan": np.array([1.0, math.nan]),
        "np_no_rows": np.zeros((0, 3)),
        "np_uint64": np.arange(20, dtype=np.uint64) + np.uint64(2**63),
        "np_complex_large": np.arange(20, dtype=np.complex64) * (1 + 1j),
        "np_seconds": np.arange("2020-01-01T00:00:00", "2020-01-01T00:00:20", dtype="M8[s]"),
        "np_nanoseconds": np.arange(20).astype("M8[ns]"),
        "np_months": np.arange("2020-01", "2021-12", dtype="M8[M]"),
        "np_durations": np.arange(20).astype("m8[s]"),
        "np_structure": np.array([(1, 0.5), (2, 1.5)] * 10, dtype=[("a", "i4"), ("b", "f8")]),
        "np_fortran_column": np.asfortranarray(np.arange(48.0).reshape(8, 6))[:, 2:5],
        "np_broadcast": np.broadcast_to(np.arange(3.0), (20, 3)),
        "np_reinterpreted": np.arange(20, dtype=np.int64).view(np.int16),
        "np_every_second": np.arange(80.0).reshape(8, 10)[::2, ::-3],
        "np_matrix": np.matrix([[1, 2], [3, 4]]),
        "np_masked": np.ma.array([1, 2, 3], mask=[False, True, False]),
        "np_dtype": np.dtype("float32"),
        "np_many_objects": np.array([None, "a", 1.5, [1]] * 10, dtype=object),
        "np_long_double": np.zeros(20, dtype=np.longdouble),
        "np_objects": np.array([1, "a", None], dtype=object),
        "np_cube": np.arange(27).reshape(3, 3, 3),
        "list_of_arrays": [np.arange(20), np.arange(3)],
        "array_twice": [array, array],
        "views_of_one": [grid, grid.T, grid[1], grid[:, 3]],
        "array_in_dict": {"weights": np.arange(18) / 4, "bias": np.zeros(2)},
        "shared_twice": [shared, {"again": shared}],
        "pd_frame": pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}),
        "pd_frame_long": pd.DataFrame({"a": range(40), "t": ["x", "y"] * 20}),
        "pd_series": pd.Series([1.5, 2.5], index=["x", "y"]),
        "pd_labels": pd.DataFrame({"a": [1.5, math.nan], "b": ["x,y", 'q"']}, index=["r", "s"]),
        "pd_numbered": pd.DataFrame([[1, 2], [3, 4]]),
        "pd_dates": pd.DataFrame({"t": pd.to_datetime(["2020-02-29", "2020-03-01"])}),
        "pd_date_index": pd.DataFrame({"a": [1, 2]}, index=days),
        "pd_booleans": pd.DataFrame({"a": [True, False]}),
        "pd_empty": pd.DataFrame(),
        "pd_categories": pd.DataFrame({"c": pd.Categorical(["x", "y"])}),
        "pd_series_numbered": pd.Series([1, 2, 3], name="n"),
        "pd_series_long": pd.Series(np.arange(40.0)),
        "pd_series_strings": pd.Series(["a", "b"]),
        "pd_index": pd.Index([1, 2]),
        "pd_range": pd.RangeIndex(3),
        "pd_timestamp_utc": pd.Timestamp("2020-02-29 12:30:00", tz="UTC"),
        "pd_timedelta": pd.Timedelta("1d"),
        "pd_interval": pd.Interval(0, 1),
        "pd_timestamp": pd.Timestamp("2020-02-29 12:30:00"),
    }
