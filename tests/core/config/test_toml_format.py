"""Tests of configurations in TOML."""

import math
import sys
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.config.files import dump_config_file, load_config_file
from sacred_core.exceptions import ConfigFileError

ENTRIES: dict[str, Any] = {
    "group": {"deep": {"x": 1}, "list": [1, 2.5, [True, "a"], {"k": "v"}]},
    "text": 'quoted " and\nbäd\\',
    "after a group": 1,
    "big": 2**40,
    "rate": 1e-30,
    "inf": math.inf,
    "empty": {},
    "nothing": [],
}
#: Libraries that write, in the order in which they are used.
LIBRARIES = ("tomli_w", "tomlkit")


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_is_written_is_read(
    tmp_path: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either library writes plain data so that it is read unchanged."""
    pytest.importorskip(library)
    for other in set(LIBRARIES) - {library}:
        monkeypatch.setitem(sys.modules, other, None)
    dump_config_file(ENTRIES, tmp_path / "a.toml")
    assert load_config_file(tmp_path / "a.toml") == ENTRIES


def test_dates_are_strings(tmp_path: Path) -> None:
    """Dates and times are strings in ISO 8601, as in YAML, in tables and lists too."""
    path = tmp_path / "a.toml"
    path.write_text(
        "day = 2024-01-02\nhour = 07:30:00\nall = [2024-01-02T07:30:00Z]\n"
        "[table]\nlocal = 2024-01-02 07:30:00\n"
    )
    assert load_config_file(path) == {
        "day": "2024-01-02",
        "hour": "07:30:00",
        "all": ["2024-01-02T07:30:00+00:00"],
        "table": {"local": "2024-01-02T07:30:00"},
    }


def test_without_a_library_the_command_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error has the command that installs a library; no file is made."""
    for library in LIBRARIES:
        monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigFileError, match=r"\(install one with: pip install tomli-w\)"):
        dump_config_file({"a": 1}, tmp_path / "a.toml")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"a": None}, "'a' is None, for which TOML has no value"),
        ({"a": {"b": [1, None]}}, r"'a\.b\.1' is None"),
        ({"a": {1: 2}}, r"the key 1 at 'a\.1' is not a string"),
    ],
)
def test_what_toml_lacks_is_named(tmp_path: Path, entries: dict[str, Any], message: str) -> None:
    """None and keys that are not strings are errors that name the entry; no file is made."""
    with pytest.raises(ConfigFileError, match=f"cannot be written: {message}.*use a .yaml file"):
        dump_config_file(entries, tmp_path / "a.toml")
    assert list(tmp_path.iterdir()) == []


def test_a_toml_file_is_a_configuration(tmp_path: Path) -> None:
    """It can be added, and applied as a named configuration."""
    (tmp_path / "a.toml").write_text("lr = 0.1\n[optimizer]\nrate = 1\n")
    (tmp_path / "b.toml").write_text("[optimizer]\nrate = 2\n")
    ex = Experiment("toml", save_git_info=False)
    ex.add_config(str(tmp_path / "a.toml"))
    ex.main(lambda lr, optimizer: (lr, optimizer["rate"]))
    assert ex.run().result == (0.1, 1)
    assert ex.run(named_configs=[str(tmp_path / "b.toml")]).result == (0.1, 2)
