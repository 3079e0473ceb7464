"""Tests of configuration files."""

import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.config.sources import dump_config_file, has_config_suffix, load_config_file
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
    """Each format keeps plain data as it is."""
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
    for name, told in (("evil.pickle", "only plain data is read"), ("evil.yaml", "python/object")):
        with pytest.raises(ConfigFileError, match=told):
            load_config_file(tmp_path / name)
    assert not canary.exists()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.json", "{", "cannot be read: Expecting property name"),
        ("a.json", "[1]", "holds a list"),
        ("a.yaml", "a: [", "cannot be read"),
        ("a.yaml", "just text", "holds a str"),
        ("a.pickle", "no pickle", "cannot be read"),
        ("a.ini", "", "files end in .json, .pickle, .pkl, .yaml, .yml"),
        ("a", "", "the format of"),
    ],
)
def test_a_file_that_is_no_configuration(
    tmp_path: Path, name: str, content: str, told: str
) -> None:
    """The error names the file and the reason."""
    (tmp_path / name).write_text(content)
    with pytest.raises(ConfigFileError, match=told) as caught:
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
