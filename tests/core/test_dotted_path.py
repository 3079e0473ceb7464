"""Tests of paths into nested dictionaries and lists."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.config.files import load_config_file
from sacred_core.dotted_path import (
    MISSING,
    ROOT,
    DottedPath,
    find_closest,
    key_in,
    leaves,
    position_in,
)
from sacred_core.masking import mask_value
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import matches, parse

TREE: dict[Any, Any] = {
    "layers": [{"size": 16}, {"size": 32}],
    "by_number": {0: "zero", 7: "seven", -3: "minus three", 1.5: "one and a half"},
    "by_flag": {True: "yes", False: "no", None: "unset"},
    "by_digits": {"0": "a string"},
    "none": None,
}


@pytest.mark.parametrize("text", ["", "a", "a.b", "layers.0.size", "a.-1"])
def test_a_path_is_read_as_it_is_written(text: str) -> None:
    """What a message shows can be used as it is."""
    assert str(DottedPath.parse(text)) == text
    assert repr(DottedPath.parse(text)) == repr(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", TREE),
        ("layers.0.size", 16),
        ("layers.-1.size", 32),
        ("layers.2.size", MISSING),
        ("layers.first", MISSING),
        ("layers.0.size.deep", MISSING),
        ("by_number.0", "zero"),
        ("by_number.7", "seven"),
        ("by_number.-3", "minus three"),
        ("by_number.07", MISSING),
        ("by_number.8", MISSING),
        ("by_flag.True", "yes"),
        ("by_flag.False", "no"),
        ("by_flag.None", "unset"),
        ("by_flag.1", MISSING),
        ("by_flag.0", MISSING),
        ("by_digits.0", "a string"),
        ("none", None),
        ("none.deep", MISSING),
        ("absent", MISSING),
    ],
)
def test_a_part_is_a_key_its_string_or_a_position(text: str, found: Any) -> None:
    """A number, a boolean and None are found by their strings, items by their positions."""
    assert DottedPath.parse(text).find(TREE, MISSING) is found


def test_a_key_with_dots_is_one_part() -> None:
    """A path that is not written may hold any key, as those of quoted parts of queries."""
    assert DottedPath(("a.b", "1.5")).find({"a.b": {1.5: "x"}}) == "x"


@pytest.mark.parametrize(
    "part", ["\u0661", "--1", "-", "\u00b2", "9" * 5_000, "-" + "9" * 5_000, "1 "]
)
def test_only_digits_are_a_position(part: str) -> None:
    """Other forms of an integer are not, and thousands of digits raise nothing."""
    assert position_in([1, 2, 3], part) is None
    assert key_in({1: "a"}, part) == part
    assert position_in([1, 2, 3], "-1") == -1 and key_in({1: "a"}, "1") == 1


def test_a_string_comes_before_the_number_that_it_is_the_string_of() -> None:
    """Of two such keys, which only a record that is read can have, the part means the string."""
    assert key_in({5: "number", "5": "string"}, "5") == "5"


def test_what_contains_an_entry() -> None:
    """A path is inside itself, each of its prefixes and the whole tree."""
    path = DottedPath.parse("a.b.c")
    assert list(map(str, path.prefixes())) == ["a", "a.b", "a.b.c"]
    assert all(path.is_inside(prefix) for prefix in (ROOT, *path.prefixes()))
    assert not path.is_inside(path.below("d")) and path.overlaps(path.below("d"))
    assert not path.overlaps(DottedPath.parse("a.bb"))
    assert not DottedPath.parse("a.bb").is_inside(DottedPath.parse("a.b"))


NUMERIC = [
    ("d.5", {"d": {5: 1}}, {"d": {5: 9}}),
    ("d.5", {"d": {"5": 1}}, {"d": {"5": 9}}),
    ("d.5", {"d": {}}, {"d": {"5": 9}}),
    ("d.-5", {"d": {-5: 1}}, {"d": {-5: 9}}),
    ("d.5.x", {"d": {5: {"x": 1, "y": 2}}}, {"d": {5: {"x": 9, "y": 2}}}),
    ("d.1", {"d": [1, 2]}, {"d": [1, 9]}),
    ("d.-1.x", {"d": [{"x": 1}]}, {"d": [{"x": 9}]}),
    ("d.0.0", {"d": [[1, 2], 3]}, {"d": [[9, 2], 3]}),
    ("5", {5: 1}, {5: 9}),
    ("5.x", {5: {"x": 1}}, {5: {"x": 9}}),
]


def by_command_line(ex: Experiment, path: str, folder: Path) -> Any:
    return ex.run_commandline(["numeric.py", "with", f"{path}=9"])


def by_call(ex: Experiment, path: str, folder: Path) -> Any:
    return ex.run(config_updates={path: 9})


@pytest.mark.parametrize("change", [by_command_line, by_call])
@pytest.mark.parametrize(("path", "config", "expected"), NUMERIC)
def test_a_numeric_part_of_an_update(
    change: Any, path: str, config: dict[Any, Any], expected: dict[Any, Any], tmp_path: Path
) -> None:
    """It reaches an item of a list, the integer key that is there, or else it is a string."""
    ex = Experiment("numeric", interactive=True, save_git_info=False)
    ex.logger = logging.getLogger("numeric")
    ex.add_config(config)
    ex.main(lambda d=None: None)
    assert change(ex, path, tmp_path).config == {**expected, "seed": pytest.approx(0, abs=2**32)}


@pytest.mark.parametrize(
    ("path", "config", "expected"),
    [row for row in NUMERIC if isinstance(row[1].get("d"), dict)],
)
@pytest.mark.parametrize("is_nested", [False, True])
def test_a_numeric_part_in_the_answer_of_a_config_hook(
    path: str, config: dict[Any, Any], expected: dict[Any, Any], is_nested: bool
) -> None:
    """It means what it means in an update of a dictionary."""
    ex = Experiment("hooked", interactive=True, save_git_info=False)
    ex.add_config(config)
    answer: Any = {path: 9}
    if is_nested:
        answer = 9
        for part in reversed(path.split(".")):
            answer = {part: answer}
    ex.config_hook(lambda config, command_name, logger: answer)
    ex.main(lambda d: None)
    assert ex.run().config == {**expected, "seed": pytest.approx(0, abs=2**32)}


def test_a_masked_path_can_be_given_after_with(tmp_path: Path) -> None:
    """What the record names as masked is an update that sets the secret again."""
    config = {"stores": [{"password": "a1"}, {"urls": {7: ["ftp://u:b2@h"]}}]}
    _, paths = mask_value(config)
    assert list(map(str, paths)) == ["stores.0.password", "stores.1.urls.7.0"]

    ex = Experiment("secrets", interactive=True, save_git_info=False)
    ex.add_config(config)
    ex.main(lambda stores: None)
    updates = [f"{path}=given" for path in paths]
    run = ex.run_commandline(["secrets.py", "with", *updates])
    assert [path.find(run.config) for path in paths] == ["given", "given"]


def test_a_queued_run_names_the_secrets_that_are_to_be_given_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """They are named as updates; secrets outside of the configuration are not."""
    ex = Experiment("queued", interactive=True, save_git_info=False)
    ex.add_config(db={"password": "a1"}, keys=[{"api_key": "b2"}])
    ex.main(lambda db, keys: None)
    ex.run(options={"--queue": True}, meta_info={"token": "tok-12345"})
    assert "set db.password, keys.0.api_key again" in caplog.text


@pytest.mark.parametrize("text", ["layers.0.size", "by_number.7", "by_flag.True", "by_digits.0"])
def test_queries_read_what_updates_write(text: str) -> None:
    """An entry has one path, in an update as in a query."""
    value = DottedPath.parse(text).find(TREE)
    run = StoredRun(id=1, status="COMPLETED", config=TREE)
    query = parse(f"config.{text} = {json.dumps(value)}")
    assert matches(query, run, lambda name: None)


def test_each_leaf_is_found_at_its_path() -> None:
    """The paths of all leaves lead to their values."""
    assert all(path.find(TREE, MISSING) is value for path, value in leaves(TREE))
    assert DottedPath.parse("by_number.1.5").find(TREE, MISSING) is MISSING


def test_paths_of_a_file_with_keys_that_are_not_strings(tmp_path: Path) -> None:
    """YAML has integers and booleans as keys; updates reach both."""
    (tmp_path / "odd.yaml").write_text("d: {5: a, true: b, ~: c}\n")
    ex = Experiment("odd", interactive=True, save_git_info=False)
    ex.add_config(load_config_file(tmp_path / "odd.yaml"))
    ex.main(lambda d: None)
    run = ex.run(config_updates={"d.5": 1, "d.True": 2, "d.None": 3})
    assert run.config["d"] == {5: 1, True: 2, None: 3}


def test_the_closest_value_is_that_of_the_entry_or_of_what_contains_it() -> None:
    """The longest path counts; the whole tree has no value."""
    values = {"": "tree", "a": "outer", "a.b": "inner", "ab": "other"}
    found = {path: find_closest(values, path) for path in ("a.b.c", "a.b", "a.c", "b", "")}
    assert found == {"a.b.c": "inner", "a.b": "inner", "a.c": "outer", "b": None, "": None}
