"""Tests of the documented functions over dotted paths; results are those of Sacred 0.8.7."""

from typing import Any

import pytest

from sacred_core import utils
from sacred_core.exceptions import ConfigPathError

TREE = {"a": {"b": {"c": 1}}, "items": [{"x": 1}], "none": None}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b.c", 1), ("a.b", {"c": 1}), ("", TREE), ("none", None),
        ("a.z", "default"), ("z.y", "default"), ("a.b.c.d", "default"), ("items.0", "default"),
    ],
)  # fmt: skip
def test_get_by_dotted_path(path: str, found: Any) -> None:
    """The entry, or the default where the path leads to nothing."""
    assert utils.get_by_dotted_path(TREE, path, "default") == found


def test_get_by_dotted_path_without_a_default() -> None:
    """Then it is None."""
    assert utils.get_by_dotted_path(TREE, "a.z") is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.c.d", {"a": {"b": 1, "c": {"d": 5}}, "q": 3}),
        ("a.b", {"a": {"b": 5}, "q": 3}),
        ("a", {"a": 5, "q": 3}),
        ("new", {"a": {"b": 1}, "q": 3, "new": 5}),
    ],
)
def test_set_by_dotted_path(path: str, expected: dict[str, Any]) -> None:
    """The dictionary is changed, and what is missing on the way is added."""
    tree: dict[str, Any] = {"a": {"b": 1}, "q": 3}
    utils.set_by_dotted_path(tree, path, 5)
    assert tree == expected


def test_set_by_dotted_path_does_not_replace_a_value_on_the_way() -> None:
    """It is an error that is also a `TypeError`, and names both."""
    with pytest.raises(ConfigPathError, match=r"'a\.q\.r\.s' cannot be set: 'a\.q' is 3") as caught:
        utils.set_by_dotted_path({"a": {"q": 3}}, "a.q.r.s", 1)
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize(
    ("tree", "update", "expected"),
    [
        ({"a": {"b": 1}}, {"c": 2, "a": {"d": 3}}, {"a": {"b": 1, "d": 3}, "c": 2}),
        ({"a": {"b": 1}}, {"a": 5}, {"a": 5}),
        ({"a": 5}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": None}, {"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 1}}}),
    ],
)
def test_recursive_update(
    tree: dict[str, Any], update: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Dictionaries are merged at every depth; the changed one is returned."""
    assert utils.recursive_update(tree, update) is tree
    assert tree == expected


def test_recursive_update_shares_nothing_with_the_update() -> None:
    """A later change of the result leaves the update as it is."""
    update = {"a": {"b": 1}}
    utils.recursive_update({}, update)["a"]["b"] = 2
    assert update == {"a": {"b": 1}}


def test_iterate_flattened() -> None:
    """Leaves by dotted path, sorted; lists and empty dictionaries are leaves."""
    tree = {"b": {"z": 1, "c": {}}, "a": 2, "items": [1]}
    assert list(utils.iterate_flattened(tree)) == [
        ("a", 2), ("b.c", {}), ("b.z", 1), ("items", [1]),
    ]  # fmt: skip


def test_iterate_flattened_with_keys_that_are_no_strings() -> None:
    """They are shown as strings."""
    assert list(utils.iterate_flattened({2: {True: "x"}, "1": 0})) == [("1", 0), ("2.True", "x")]  # type: ignore[dict-item]


def test_iter_prefixes() -> None:
    """The prefixes come from the shortest to the path itself; an empty path has none."""
    assert list(utils.iter_prefixes("a.b.c")) == ["a", "a.b", "a.b.c"]
    assert list(utils.iter_prefixes("")) == []


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        (("a", "b", "c"), "a.b.c"),
        (("", "b"), "b"),
        (("a", ""), "a"),
        ((), ""),
        (("a.", "b"), "a.b"),
    ],
)
def test_join_paths(parts: tuple[str, ...], path: str) -> None:
    """Empty parts and dots at the ends are skipped."""
    assert utils.join_paths(*parts) == path


@pytest.mark.parametrize(
    ("prefix", "path", "expected"),
    [
        ("a", "a.b", True),
        ("a", "ab", False),
        ("", "x", True),
        ("a.b", "a", False),
        ("a", "a", True),
    ],
)
def test_is_prefix(prefix: str, path: str, expected: bool) -> None:
    """Only whole names count."""
    assert utils.is_prefix(prefix, path) is expected


@pytest.mark.parametrize(
    ("dotted", "nested"),
    [
        (
            {"a.b": 1, "a": {"c": 2}, "x.y.z": 3, "d": {"e.f": 4}},
            {"a": {"c": 2, "b": 1}, "d": {"e": {"f": 4}}, "x": {"y": {"z": 3}}},
        ),
        ({"a": {}, "a.b": 1}, {"a": {"b": 1}}),
        ({}, {}),
    ],
)
def test_convert_to_nested_dict(dotted: dict[str, Any], nested: dict[str, Any]) -> None:
    """Dotted keys at any depth become dictionaries; what was given is not changed."""
    before = str(dotted)
    assert utils.convert_to_nested_dict(dotted) == nested
    assert str(dotted) == before
