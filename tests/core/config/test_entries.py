"""Tests of dictionaries and lists that cannot be changed."""

import copy
import json
import operator
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from sacred_core.config.entries import ReadOnlyDict, ReadOnlyList, read_only
from sacred_core.exceptions import ReadOnlyConfigError

PLAIN = {"a": 1, "nested": {"list": [3, 1, {"deep": True}]}}

DICT_CHANGES: dict[str, Callable[[Any], Any]] = {
    "set": lambda d: operator.setitem(d, "x", 1),
    "del": lambda d: operator.delitem(d, "a"),
    "|=": lambda d: operator.ior(d, {"x": 1}),
    "update": lambda d: d.update(x=1),
    "setdefault": lambda d: d.setdefault("x", 1),
    "pop": lambda d: d.pop("a"),
    "popitem": lambda d: d.popitem(),
    "clear": lambda d: d.clear(),
}
LIST_CHANGES: dict[str, Callable[[Any], Any]] = {
    "set": lambda v: operator.setitem(v, 0, 1),
    "set slice": lambda v: operator.setitem(v, slice(0, 1), [9]),
    "del": lambda v: operator.delitem(v, 0),
    "del slice": lambda v: operator.delitem(v, slice(None)),
    "+=": lambda v: operator.iadd(v, [1]),
    "*=": lambda v: operator.imul(v, 2),
    "append": lambda v: v.append(1),
    "extend": lambda v: v.extend([1]),
    "insert": lambda v: v.insert(0, 1),
    "pop": lambda v: v.pop(),
    "remove": lambda v: v.remove(1),
    "sort": lambda v: v.sort(key=str),
    "reverse": lambda v: v.reverse(),
    "clear": lambda v: v.clear(),
}


@pytest.fixture
def frozen() -> Any:
    return read_only(copy.deepcopy(PLAIN))


@pytest.mark.parametrize("change", DICT_CHANGES)
@pytest.mark.parametrize("depth", ["top", "nested", "in a list"])
def test_no_dictionary_can_be_changed(frozen: Any, change: str, depth: str) -> None:
    """No dictionary can be changed, at any depth, by any operator, with an error that says what to
    do.
    """
    target = {"top": frozen, "nested": frozen["nested"], "in a list": frozen["nested"]["list"][2]}
    with pytest.raises(ReadOnlyConfigError, match="change a copy"):
        DICT_CHANGES[change](target[depth])
    assert frozen == PLAIN


@pytest.mark.parametrize("change", LIST_CHANGES)
def test_no_list_can_be_changed(frozen: Any, change: str) -> None:
    """Slices, in-place operators and methods."""
    with pytest.raises(ReadOnlyConfigError):
        LIST_CHANGES[change](frozen["nested"]["list"])
    assert frozen == PLAIN


def test_they_are_dictionaries_and_lists(frozen: Any) -> None:
    """`isinstance`, equality, json, unpacking, `|` and `+` take them; results are ordinary."""
    assert isinstance(frozen, dict) and isinstance(frozen["nested"]["list"], list)
    assert json.loads(json.dumps(frozen)) == PLAIN
    merged = frozen | {"x": 1}
    merged["y"] = 2
    assert {**frozen, "x": 1, "y": 2} == merged
    longer = frozen["nested"]["list"] + [9]
    longer.append(10)
    assert [*frozen["nested"]["list"], 9, 10] == longer
    assert frozen["nested"]["list"][:1] == [3]


@pytest.mark.parametrize(
    "copied",
    [
        copy.deepcopy,
        lambda value: pickle.loads(pickle.dumps(value)),
        lambda value: json.loads(json.dumps(value)),
    ],
)
def test_copies_are_ordinary_at_every_depth(frozen: Any, copied: Callable[[Any], Any]) -> None:
    """A copy may be changed and is of the ordinary types."""
    result = copied(frozen)
    assert result == PLAIN
    assert type(result) is dict
    assert type(result["nested"]["list"]) is list
    result["nested"]["list"][2]["deep"] = False
    assert frozen == PLAIN


def test_shallow_copies(frozen: Any) -> None:
    """`copy()` gives a container of the ordinary type."""
    for result in (frozen.copy(), copy.copy(frozen), frozen["nested"]["list"].copy()):
        assert type(result) in (dict, list)


def test_yaml_writes_them_like_ordinary_ones(frozen: Any) -> None:
    """Both dumpers, although they refuse or tag other subclasses."""
    import yaml

    assert yaml.safe_dump(frozen) == yaml.safe_dump(PLAIN)
    assert yaml.dump(frozen) == yaml.dump(PLAIN)


def test_read_only_values_have_types_of_their_own(frozen: Any) -> None:
    """Tuples become read-only lists."""
    assert type(read_only((1, [2]))) is ReadOnlyList
    assert type(read_only((1, [2]))[1]) is ReadOnlyList
    assert type(frozen["nested"]) is ReadOnlyDict
