"""Tests of the canonical bytes of values and points."""

import hashlib
import json
import math
import random
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sacred_core.stores.canonical import PointsDigest, canonical_json, digest_data
from sacred_core.stores.folder_format import parse_time
from sacred_core.stores.times import TimeColumn, column_of_seconds, milliseconds, to_milliseconds

START = datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)
NAN = struct.unpack("<d", b"\1\0\0\0\0\0\xf8\xff")[0]  # another one than that of `math`


def reference(points: dict[str, list[Any]]) -> str:
    """Return the digest of points as docs/copying-runs.md describes it, value by value."""
    total = hashlib.sha256()
    times = [(time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
             for time in points["timestamps"]]  # fmt: skip
    columns = [points["steps"], points["values"], times]
    for start in range(0, len(times), 1000):
        blocks = [column[start : start + 1000] for column in columns]
        total.update(struct.pack("<Q", len(blocks[0])))
        for block in blocks:
            if all(type(value) is float for value in block):
                total.update(b"d")
                for value in block:
                    is_nan = value != value
                    total.update(struct.pack("<d", math.nan if is_nan else value))
            elif all(type(value) is int and -(2**63) <= value < 2**63 for value in block):
                total.update(b"q" + b"".join(struct.pack("<q", value) for value in block))
            else:
                text = json.dumps(block, sort_keys=True, separators=(",", ":")).encode()
                total.update(b"j" + struct.pack("<Q", len(text)) + text)
    return total.hexdigest()


def points(values: list[Any], steps: list[Any] | None = None) -> dict[str, list[Any]]:
    times = [START + timedelta(microseconds=700 * number) for number in range(len(values))]
    return {"steps": steps or [*range(len(values))], "values": values, "timestamps": times}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None, 1.0]}, '{"a":[true,null,1.0],"b":1}'),
        ([-0.0, 1e16, 5e-324, 0.1], "[-0.0,1e+16,5e-324,0.1]"),
        ([math.nan, math.inf, -math.inf, "NaN"], '[NaN,Infinity,-Infinity,"NaN"]'),
        ("ä\ud800 \U0001f600\n", '"\\u00e4\\ud800 \\ud83d\\ude00\\n"'),
        (2**70, str(2**70)),
        ((1, {2}), "[1,[2]]"),
    ],
)
def test_canonical_json_is_strict_about_types_and_not_about_order(value: Any, text: str) -> None:
    """Keys are sorted, nothing but ASCII is written, and integers differ from floats."""
    assert canonical_json(value) == text
    assert digest_data(value) == hashlib.sha256(text.encode()).hexdigest()


def test_a_pair_of_surrogates_is_the_character_that_it_stands_for() -> None:
    """JSON reads such a pair as one character, so that some stores return that."""
    assert canonical_json("\ud83d\ude00") == canonical_json("\U0001f600")


@pytest.mark.parametrize(
    "values",
    [
        [0.5] * 3,
        [1, 2, 3],
        [1, 2.0],
        [math.nan, 1.0, math.inf],
        [NAN, -math.inf, math.inf],
        [True, None, "text", [1], {"b": 1, "a": 2}],
        [2**63 - 1, -(2**63)],
        [2**63],
        [n / 7 for n in range(1000)],
        [n / 7 for n in range(2001)],
        [0.5] * 1000 + [1] * 1000 + ["x"],
    ],
    ids=str,
)
def test_the_digest_of_points_is_that_of_the_description(values: list[Any]) -> None:
    """Floats and integers are packed, other values are JSON, in blocks of 1,000 points."""
    digest = PointsDigest()
    digest.add(points(values))
    assert digest.hexdigest() == reference(points(values))
    assert digest.points == len(values)


def test_parts_of_any_length_have_the_same_digest() -> None:
    """It makes no difference in which parts points are added, and reading the digest neither."""
    draw = random.Random(1)
    values = [draw.choice([draw.random(), 1, math.nan]) for _ in range(5_300)]
    whole = points(values, [draw.random() for _ in values])
    digest, start = PointsDigest(), 0
    while start < len(values):
        stop = start + draw.choice([0, 1, 999, 1000, 1001, 2500])
        digest.add({name: column[start:stop] for name, column in whole.items()})
        digest.hexdigest()
        start = stop
    assert digest.hexdigest() == reference(whole)


def test_each_column_counts() -> None:
    """Another step, value or time has another digest; a time within the millisecond has not."""

    def digest(**changed: list[Any]) -> str:
        found = PointsDigest()
        found.add({**points([0.5, 1.5]), **changed})
        return found.hexdigest()

    same = [START + timedelta(microseconds=98), START + timedelta(microseconds=700)]
    assert digest(timestamps=same) == digest()
    others = [
        digest(steps=[0, 2]), digest(values=[0.5, 1.25]), digest(values=[0.5, 2]),
        digest(steps=[0.0, 1.0]), digest(timestamps=[START, START + timedelta(seconds=1)]),
    ]  # fmt: skip
    assert len({digest(), *others}) == 6


def test_floats_of_numpy_are_floats() -> None:
    """What a store returns as NumPy's numbers has the digest of Python's."""
    numpy = pytest.importorskip("numpy")
    digest = PointsDigest()
    digest.add(points(list(numpy.array([0.1, 0.2]))))
    assert digest.hexdigest() == reference(points([0.1, 0.2]))


@pytest.mark.parametrize(
    "stored",
    [
        ["2026-01-02T03:04:05.678901", "2026-01-02T03:04:06"],
        ["2026-01-02T03:04:05.678901+00:00", "2026-01-02T05:04:06+02:00"],
        ["2026-01-02T03:04:05.678901", "2026-01-02T05:04:06+02:00"],
        ["2026-01-02T03:04:05.678901", "no time"],
        ["2026-01-02T03:04:05.678901", None],
    ],
    ids=str,
)
def test_times_are_milliseconds_rounded_down(stored: list[Any]) -> None:
    """Columns of strings, with and without zones, give what their times give; None stays."""
    expected = [1767323045678, None if stored[1] in (None, "no time") else 1767323046000]
    column = TimeColumn(2, lambda: stored, parse_time)
    assert to_milliseconds(column) == expected
    assert to_milliseconds([*column]) == expected


def test_times_of_numbers_are_milliseconds() -> None:
    """Columns of microseconds and of seconds, and times before 1970, are rounded down."""
    micros = TimeColumn(2, lambda: [1767323045678901, None], lambda each: None, unit="us")
    assert to_milliseconds(micros) == [1767323045678, None]
    from array import array

    assert to_milliseconds(column_of_seconds(array("d", [1767323045.6789]))) == [1767323045678]
    assert milliseconds(datetime(1969, 12, 31, 23, 59, 59, 999_500, UTC)) == -1
    assert milliseconds(datetime(1970, 1, 1, 0, 0, 1)) == 1000
    assert milliseconds(None) is None
