"""Tests of configuration files."""

import math
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.config.files import dump_config_file, has_config_suffix, load_config_file
from sacred_core.exceptions import ConfigFileError

ENTRIES = {"foo": 42, "bar": "bäz", "nested": {"list": [1, 2.5, None, True]}}


class Evil:
    """Runs a command when it is unpickled the ordinary way."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.canary),)


@pytest.mark.parametrize("suffix", [".json", ".yaml", ".yml", ".pickle", ".pkl", ".JSON"])
def test_what_is_written_is_read(tmp_path: Path, suffix: str) -> None:
    """Each format retains plain data unchanged."""
    path = tmp_path / f"conf{suffix}"
    dump_config_file(ENTRIES, path)
    assert load_config_file(path) == ENTRIES


def test_add_config_takes_files(tmp_path: Path) -> None:
    """Section 1.3.1: a file is added like the dictionary in it."""
    dump_config_file(ENTRIES, tmp_path / "conf.yaml")
    ex = Experiment("files")
    ex.add_config(str(tmp_path / "conf.yaml"))
    ex.main(lambda foo: foo)
    assert ex.run().result == 42


def test_nothing_in_a_file_is_executed(tmp_path: Path) -> None:
    """Pickles and YAML tags that would call something are errors, and call nothing."""
    canary = tmp_path / "executed"
    (tmp_path / "evil.pickle").write_bytes(pickle.dumps({"a": Evil(canary)}))
    (tmp_path / "evil.yaml").write_text(f"a: !!python/object/apply:os.mkdir ['{canary}']\n")
    for name, message in (
        ("evil.pickle", "only plain data can be read"),
        ("evil.yaml", "python/object"),
    ):
        with pytest.raises(ConfigFileError, match=message):
            load_config_file(tmp_path / name)
    assert not canary.exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", "{", "cannot be read: Expecting property name"),
        ("a.json", "[1]", "contains a list"),
        ("a.yaml", "a: [", "cannot be read"),
        ("a.yaml", "just text", "contains a str"),
        ("a.pickle", "no pickle", "cannot be read"),
        ("a.toml", "a = ", "cannot be read: Invalid value"),
        ("a.toml", "a = 1\na = 2", "Cannot overwrite a value"),
        ("a.ini", "", "files end in .json, .pickle, .pkl, .toml, .yaml, .yml"),
        ("a", "", "the format of"),
    ],
)
def test_a_file_that_is_no_configuration(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    """The error names the file and the reason."""
    (tmp_path / name).write_text(content)
    with pytest.raises(ConfigFileError, match=message) as caught:
        load_config_file(tmp_path / name)
    assert name in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """It is no traceback of the file system's."""
    with pytest.raises(ConfigFileError, match=r"nowhere.json' cannot be read"):
        load_config_file(tmp_path / "nowhere.json")


def test_an_empty_yaml_file_has_no_entries(tmp_path: Path) -> None:
    """Everything commented out is not a mistake."""
    (tmp_path / "a.yaml").write_text("# a: 1\n")
    assert load_config_file(tmp_path / "a.yaml") == {}


def test_suffixes() -> None:
    """What looks like a file is one only with a known suffix."""
    assert has_config_suffix("variant.json")
    assert not has_config_suffix("variant")
    assert not has_config_suffix("v1.2")


YAML_VALUES = {
    "1e-3": 0.001, "1E5": 100000.0, "-2.5e+3": -2500.0, ".5e1": 5.0, "1.e2": 100.0,
    "1.5": 1.5, "17": 17, ".inf": math.inf, "-.inf": -math.inf, "1e400": "1e400",
    "123e456": "123e456", "1e": "1e", "e5": "e5", "1e5x": "1e5x", "'1e5'": "1e5",
    "2024-01-02": "2024-01-02", "2001-12-14t21:59:43.10-05:00": "2001-12-14T21:59:43.100000-05:00",
    "2001-12-14 21:59:43": "2001-12-14T21:59:43", "2024-02-30": "2024-02-30",
    "!!timestamp 2024-1-2": "2024-01-02", "'2024-01-02'": "2024-01-02", "text": "text", "": None,
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), YAML_VALUES.items())
def test_values_of_yaml(tmp_path: Path, text: str, value: Any) -> None:
    """Exponents without a point are numbers, as in YAML 1.2; dates are strings in ISO 8601."""
    path = tmp_path / "a.yaml"
    path.write_text(f"direct: {text}\nnested:\n  - x: {text}\n")
    entries = load_config_file(path)
    assert entries == {"direct": value, "nested": [{"x": value}]}
    assert type(entries["direct"]) is type(value)
    dump_config_file(entries, path)
    assert load_config_file(path) == entries


@pytest.mark.parametrize("value", ["1e-3", "1E5", "2024-01-02", "1", "nan", ".nan", "null", "~"])
def test_strings_stay_strings_in_yaml(tmp_path: Path, value: str) -> None:
    """What would be read as something else is written in quotes."""
    dump_config_file({"a": value}, tmp_path / "a.yaml")
    assert load_config_file(tmp_path / "a.yaml") == {"a": value}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.yaml", "a: 1\nb: 2\na: 3\n", "duplicate key 'a' in line 3, first in line 1"),
        ("a.yaml", "x:\n  - {b: 1,\n     b: 2}\n", "duplicate key 'b' in line 3, first in line 2"),
        ("a.yaml", "1: a\n0x1: b\n", "duplicate key 1 in line 2, first in line 1"),
        ("a.yaml", "a: &a {x: 1}\nb:\n  <<: *a\n  x: 2\n  x: 3\n", "duplicate key 'x' in line 5"),
        ("a.json", '{"a": 1,\n "b": 2,\n "a": 3}', "duplicate key 'a' in line 3"),
        (
            "a.json",
            '{"x": [{"b": 1},\n {"b": 1,\n\n "\\u0062" : 2}]}',
            "duplicate key 'b' in line 4",
        ),
        ("a.json", '{"a": "{\\"a\\": 1, \\"a\\": 2",\n"c": {"a": 1}, "a": 2}', "'a' in line 2"),
    ],
)
def test_a_duplicate_key_is_an_error_with_its_line(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    """Otherwise one of the two values would be lost."""
    (tmp_path / name).write_text(content)
    with pytest.raises(ConfigFileError, match=f"cannot be read: .*{message}"):
        load_config_file(tmp_path / name)


def test_a_merge_key_may_be_overridden(tmp_path: Path) -> None:
    """What `<<` brings is not a duplicate, also where it is merged twice."""
    (tmp_path / "a.yaml").write_text(
        "last:\n  deep:\n    base: &a {x: 1, y: 1}\n    more: &b\n      <<: *a\n      x: 2\n"
        "  other:\n    <<: *b\n    y: 3\n"
    )
    entries = load_config_file(tmp_path / "a.yaml")
    assert entries["last"]["deep"]["more"] == {"x": 2, "y": 1}
    assert entries["last"]["other"]["y"] == 3


@pytest.mark.parametrize(
    ("name", "content"), [("a.json", '{"a": 1}'), ("a.yaml", "a: 1\n"), ("a.toml", "a = 1\n")]
)
def test_a_byte_order_mark_is_skipped(tmp_path: Path, name: str, content: str) -> None:
    """Windows editors write one."""
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + content.encode())
    assert load_config_file(tmp_path / name) == {"a": 1}


def test_integer_keys_at_the_top(tmp_path: Path) -> None:
    """They are entries: updates, named files, hooks and dictionaries reach them."""
    (tmp_path / "a.yaml").write_text("1: a\n2: {x: 3}\n")
    (tmp_path / "b.yaml").write_text("1: b\n2: {x: 4}\n")
    ex = Experiment("integers", save_git_info=False)
    ex.add_config(str(tmp_path / "a.yaml"))
    ex.main(lambda _config: {key: _config[key] for key in (1, 2)})
    assert ex.run().result == {1: "a", 2: {"x": 3}}
    assert ex.run(config_updates={"1": "u", "2.x": 5}).result == {1: "u", 2: {"x": 5}}
    assert ex.run(config_updates={1: "u"}).result == {1: "u", 2: {"x": 3}}
    run = ex.run(named_configs=[str(tmp_path / "b.yaml")])
    assert run.result == {1: "b", 2: {"x": 4}}
    assert run.config_modifications.modified == {"1", "2.x"}
    assert run.config_modifications.origins["1"].name.endswith("b.yaml")
    run = ex.run(named_configs=[str(tmp_path / "b.yaml")], config_updates={"1": 7})
    assert run.config_modifications.typechanged == {"1": (str, int)}
    ex.config_hook(_integer_hook)
    run = ex.run()
    assert (run.result, run.config.keys()) == ({1: "h", 2: {"x": 6}}, {1, 2, "seed"})


def _integer_hook(config: Any, command_name: str, logger: Any) -> Any:
    return {1: "h", "2.x": 6}
