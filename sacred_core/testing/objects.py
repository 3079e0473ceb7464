"""Objects of many types with the plain form that ``docs/values.md`` gives each."""

import enum
import itertools
import uuid
from collections import Counter, OrderedDict, deque, namedtuple
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any

import attrs


class Colour(enum.Enum):
    """Members that are neither strings nor numbers."""

    RED = 1


class Level(enum.IntEnum):
    """Members that are numbers."""

    LOW = 7


class Mode(str, enum.Enum):  # noqa: UP042 - as programs for older Pythons write it
    """Members that are strings."""

    TRAIN = "train"


@dataclass
class Optimizer:
    """Fields with names and values."""

    name: str
    rates: tuple[float, ...]


@attrs.define
class Layer:
    """The same for attrs."""

    size: int


class Opaque:
    """An object of which nothing is known."""

    def __init__(self) -> None:
        self.size = 3


class Broken:
    """Raises whatever it is asked."""

    def __repr__(self) -> str:
        raise ValueError("no text")

    def __len__(self) -> int:
        raise ValueError("no length")

    def __iter__(self) -> Any:
        raise ValueError("no items")

    def tolist(self) -> Any:
        """Raise as an array whose device is gone does."""
        raise ValueError("no list")


class Numbers(list[int]):
    """A list that never ends."""

    def __iter__(self) -> Any:
        return itertools.count()


Point = namedtuple("Point", ["x", "y"])


def objects() -> dict[str, tuple[Any, Any]]:
    """Return by name an object and its plain form."""
    return {**_values(), **_code_and_containers()}


def _values() -> dict[str, tuple[Any, Any]]:
    return {
        "tuple": ((1, (2,)), [1, [2]]),
        "set": ({"b", "a"}, ["a", "b"]),
        "enum": (Colour.RED, "Colour.RED"),
        "number enum": (Level.LOW, 7),
        "string enum": (Mode.TRAIN, "train"),
        "decimal": (Decimal("0.10"), "0.10"),
        "fraction": (Fraction(1, 3), "1/3"),
        "uuid": (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        "dataclass": (Optimizer("sgd", (0.1,)), {"name": "sgd", "rates": [0.1]}),
        "attrs": (Layer(3), {"size": 3}),
        "namedtuple": (Point(1, 2), {"x": 1, "y": 2}),
        "namespace": (SimpleNamespace(a=1), {"a": 1}),
        "deque": (deque([1, 2]), [1, 2]),
        "counter": (Counter("aab"), {"a": 2, "b": 1}),
        "path": (PurePosixPath("/a/caf\udce9"), "/a/caf\udce9"),
        "bytes": (b"a\xff", r"b'a\xff'"),
        "bytearray": (bytearray(b"a"), "b'a'"),
        "date": (date(2026, 1, 2), "2026-01-02"),
        "datetime": (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        "timedelta": (timedelta(hours=1), "1:00:00"),
        "complex": (1 + 2j, "(1+2j)"),
    }


def _code_and_containers() -> dict[str, tuple[Any, Any]]:
    generator = (number for number in itertools.count())
    module = __name__
    return {
        "class": (Opaque, f"{module}.Opaque"),
        "function": (objects, f"{module}.objects"),
        "lambda": (lambda: 0, f"{module}._code_and_containers.<locals>.<lambda>"),
        "range": (range(3), "range(0, 3)"),
        "generator": (generator, repr(generator)),
        "iterator": (itertools.count(5), "count(5)"),
        "exception": (ValueError("broke"), "ValueError('broke')"),
        "object": (Opaque(), {"py/object": f"{module}.Opaque", "size": 3}),
        "broken": (Broken(), "<Broken that cannot be stored: ValueError: no text>"),
        "endless list": (Numbers([1, 1]), [0, 1]),
        "huge integer": (10**5_000, hex(10**5_000)),
        "equal keys": ({1: "a", "1": "b", None: "c"}, {"1 (int)": "a", "1": "b", "null": "c"}),
        "keys": (
            OrderedDict({1.5: 0, True: 0, ("a", 2): 0, Colour.RED: 0, date(2026, 1, 2): 0}),
            {"1.5": 0, "true": 0, "('a', 2)": 0, "Colour.RED": 0, "2026-01-02": 0},
        ),
    }
