"""Tests of plain data that is converted only if its value changed."""

import collections
import datetime
import decimal
import functools
import os
import pathlib
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sacred_core.masking import mask_value
from sacred_core.run import plain_copies
from sacred_core.run.plain_copies import PlainCopy
from sacred_core.serialization import plain


class Own:
    def __init__(self) -> None:
        self.x = [1]


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The values that were converted."""
    done: list[Any] = []

    def counted(value: Any) -> Any:
        done.append(value)
        return plain(value)

    monkeypatch.setattr(plain_copies, "plain", counted)
    return done


SAMPLES: dict[str, Callable[[], dict[str, Any]]] = {
    "empty": dict,
    "scalars": lambda: {"a": 1, "b": 2.5, "c": True, "d": None, "e": "text", "f": 10**40},
    "nested": lambda: {"a": {"b": [1, {"c": (2, 3)}]}, "s": {1, 2}},
    "odd numbers": lambda: {"nan": float("nan"), "inf": [float("inf")]},
    "odd text": lambda: {"ä": "\ud800", "password": "x", "url": "http://me:x@h/"},
    "arrays": lambda: {"a": np.arange(6), "b": np.float32(1.5), "c": np.array([[1.0]])},
    "frames": lambda: {"f": pd.DataFrame({"a": [1, 2]}), "s": pd.Series([1.5])},
    "library": lambda: {
        "t": datetime.datetime(2026, 1, 1), "d": decimal.Decimal("1.5"), "p": pathlib.Path("a"),
        "o": collections.OrderedDict(a=1), "c": 2j, "b": b"x",
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", SAMPLES)
def test_what_did_not_change_is_converted_once(kind: str, conversions: list[Any]) -> None:
    """What did not change is converted once, however often it is looked at; each time the result is
    the plain data, with masks.

    An empty dictionary, as `info` is in most runs, is not converted at all.
    """
    copy, value = PlainCopy(), SAMPLES[kind]()
    expected = repr(mask_value(plain(value))[0])
    for _ in range(3):
        assert repr(copy.of(value)) == expected
    assert len(conversions) == (kind != "empty")


def _set(path: str, new: Any) -> Callable[[dict[str, Any]], None]:
    return lambda info: exec(f"info{path} = new", {"info": info, "new": new})


CHANGES: dict[str, tuple[dict[str, Any], Callable[[dict[str, Any]], Any]]] = {
    "entry": ({"a": 1}, _set("['a']", 2)),
    "type of an entry": ({"a": 1}, _set("['a']", 1.0)),
    "a boolean for a number": ({"a": 1}, _set("['a']", True)),
    "sign of zero": ({"a": 0.0}, _set("['a']", -0.0)),
    "new entry": ({"a": 1}, _set("['b']", 2)),
    "entry removed": ({"a": 1, "b": 2}, lambda info: info.pop("b")),
    "order": ({"a": 1, "b": 2}, lambda info: info.update(a=info.pop("a"))),
    "key": ({1: "a"}, lambda info: info.update({2: info.pop(1)})),
    "deep in a list": ({"a": {"b": [1, [2, {"c": 3}]]}}, _set("['a']['b'][1][1]['c']", 4)),
    "list in a tuple": ({"a": ([1], 2)}, lambda info: info["a"][0].append(3)),
    "set": ({"a": {1}}, lambda info: info["a"].add(2)),
    "element of an array": ({"a": np.zeros(9)}, _set("['a'][3]", 1)),
    "shape of an array": ({"a": np.zeros(4)}, lambda info: info["a"].resize((2, 2))),
    "type of an array": ({"a": np.zeros(2)}, _set("['a']", np.zeros(2, "int64"))),
    "view of an array": ({"a": (base := np.zeros(4))[::2]}, lambda info: base.fill(1)),
    "cell of a frame": ({"a": pd.DataFrame({"x": [1, 2]})}, _set("['a'].loc[0, 'x']", 5)),
    "index of a frame": ({"a": pd.DataFrame({"x": [1, 2]})}, _set("['a'].index", [3, 4])),
    "array of objects": ({"a": np.array([[1], None], object)}, lambda i: i["a"][0].append(2)),
    "an own object": ({"a": Own()}, lambda info: info["a"].x.append(2)),
    "argument of a partial": (
        {"a": functools.partial(max, [1])}, lambda info: info["a"].args[0].append(5)
    ),
    "shared list": ({"a": (shared := [1]), "b": shared}, lambda info: info["b"].append(2)),
}  # fmt: skip


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_at_any_depth_is_seen(kind: str) -> None:
    """A change at any depth is seen, and the one after it."""
    value, change = CHANGES[kind]
    copy = PlainCopy()
    before = copy.of(value)
    change(value)
    after = copy.of(value)
    assert repr(after) == repr(mask_value(plain(value))[0])
    assert repr(after) != repr(before) or kind == "type of an array"
    value["later"] = 1
    assert copy.of(value)["later"] == 1


@pytest.mark.parametrize(
    "odd",
    [lambda: 1, threading.Lock(), Own(), object, os, [[[]]], "text"],
    ids=lambda odd: type(odd).__name__,
)
def test_any_value_gives_what_the_conversion_gives(odd: Any) -> None:
    """Any value gives what the conversion gives, also one that cannot be pickled, or whose pickle
    may lack something.
    """
    copy = PlainCopy()
    for _ in range(2):
        assert repr(copy.of({"a": odd})) == repr(mask_value(plain({"a": odd}))[0])


def test_deep_and_recursive_values() -> None:
    """Neither a limit of the pickler nor one of marshal loses them."""
    deep: list[Any] = []
    for _ in range(3000):
        deep = [deep]
    around: dict[str, Any] = {"a": 1}
    around["self"] = around
    for value in ({"a": deep}, around):
        copy = PlainCopy()
        first = copy.of(value)
        assert first.keys() == value.keys()
        assert copy.of(value).keys() == value.keys()


def test_a_receiver_that_changes_its_copy_changes_no_other() -> None:
    """An observer of the user may do what it likes with it."""
    copy, value = PlainCopy(), {"a": [1]}
    for _ in range(3):
        data = copy.of(value)
        data["a"].append(2)
        data.clear()
    assert copy.of(value) == {"a": [1]}


def test_a_value_that_another_thread_changes_is_converted() -> None:
    """Nothing is raised, and the last state is seen."""
    copy, value = PlainCopy(), {"a": 0}
    is_done = threading.Event()

    def change() -> None:
        for number in range(20_000):
            value[f"key {number % 100}"] = number
            if number % 100 == 0:
                value.clear()
        is_done.set()

    thread = threading.Thread(target=change)
    thread.start()
    while not is_done.is_set():
        assert isinstance(copy.of(value), dict)
    thread.join()
    assert copy.of(value) == value
