"""Tests of the tree of settings."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from sacred_core.exceptions import SettingError
from sacred_core.settings import SETTINGS, Settings, SettingsGroup


@pytest.fixture
def settings() -> Settings:
    return Settings()


def test_attribute_and_key_are_the_same_entry(settings: Settings) -> None:
    """What is set by key is read by attribute, and the other way round."""
    settings["HOST_INFO"]["INCLUDE_GPU_INFO"] = False
    settings.CONFIG.READ_ONLY_CONFIG = False
    assert settings.HOST_INFO.INCLUDE_GPU_INFO is False
    assert settings["CONFIG"]["READ_ONLY_CONFIG"] is False


def test_two_trees_share_no_list(settings: Settings) -> None:
    """A list is copied: changing one tree leaves the defaults alone."""
    settings.HOST_INFO.CAPTURED_ENV.append("HOME")
    assert Settings().HOST_INFO.CAPTURED_ENV == []


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("DEFAULT_BEAT_INTERVAL", "soon", "must be of type float"),
        ("CAPTUREMODE", "sys", "has no entry 'CAPTUREMODE': did you mean 'CAPTURE_MODE'?"),
        ("capture_mode", "sys", "did you mean 'CAPTURE_MODE'?"),
        ("XYZ", 1, "it has CAPTURE_MODE, DEFAULT_BEAT_INTERVAL"),
        ("CONFIG", {}, "must be of type ConfigSettings"),
    ],
)
def test_wrong_entry_is_refused(settings: Settings, name: str, value: Any, reason: str) -> None:
    """An unknown name, type or choice is an error that lists what is allowed."""
    with pytest.raises(SettingError, match=reason):
        settings[name] = value


def test_a_value_that_is_none_of_the_choices_is_refused_in_use(settings: Settings) -> None:
    """It may be set, as a script may set it before anybody looks; using it is an error."""
    assert settings.valid("DISCOVER_SOURCES") == "imported"
    assert settings.valid("DEFAULT_BEAT_INTERVAL") == 10.0
    settings.CAPTURE_MODE = "tape"
    with pytest.raises(
        SettingError, match="CAPTURE_MODE must be one of 'no', 'sys', 'fd', got 'tape'"
    ):
        settings.valid("CAPTURE_MODE")


def test_a_tree_has_the_methods_of_a_dictionary(settings: Settings) -> None:
    """`get`, `keys`, `values`, `items`, `in`, `len`, `dict` and `**`, as in Sacred."""
    assert settings.get("CAPTURE_MODE") == settings.CAPTURE_MODE
    assert settings.get("NOPE") is None
    assert settings.CONFIG.get("NOPE", 3) == 3
    assert "CONFIG" in settings.keys()  # noqa: SIM118 - the method is tested
    assert ("CONFIG", settings.CONFIG) in settings.items()
    assert settings.values() == [value for _, value in settings.items()]
    assert "CONFIG" in settings
    assert "NOPE" not in settings
    assert len(settings) == len(settings.keys()) == len(dict(settings))
    assert dict(settings.HOST_INFO.items()) == {**settings.HOST_INFO}


def test_a_group_shows_its_entries(settings: Settings) -> None:
    """A group shows its entries, by name and value."""
    settings.HOST_INFO.CAPTURED_ENV = ["HOME"]
    shown = repr(settings.HOST_INFO)
    assert shown.startswith("SETTINGS.HOST_INFO(INCLUDE_GPU_INFO=True, ")
    assert shown.endswith("CAPTURED_ENV=['HOME'])")


def test_several_entries_are_set_at_once(settings: Settings) -> None:
    """Several entries are set at once, as a dictionary, also of groups, as pairs, as another tree,
    and as keywords.
    """
    other = Settings()
    other.SECRETS.KEYS = ["pin"]
    settings.update({"CAPTURE_MODE": "no", "CONFIG": {"READ_ONLY_CONFIG": False}})
    settings.update([("DISCOVER_SOURCES", "none")], DEFAULT_BEAT_INTERVAL=2)
    settings.update(SECRETS=other.SECRETS)
    settings.HOST_INFO.update(INCLUDE_GPU_INFO=False)
    assert (settings.CAPTURE_MODE, settings.DISCOVER_SOURCES) == ("no", "none")
    assert settings.DEFAULT_BEAT_INTERVAL == 2.0
    assert settings.CONFIG.READ_ONLY_CONFIG is False
    assert settings.CONFIG.ENFORCE_KEYS_NO_EQUALS is True
    assert settings.SECRETS.KEYS == ["pin"]
    assert settings.SECRETS is not other.SECRETS
    assert settings.HOST_INFO.INCLUDE_GPU_INFO is False


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ({"NOPE": 1}, "SETTINGS has no entry 'NOPE'"),
        ({"CONFIG": {"NOPE": 1}}, "SETTINGS.CONFIG has no entry 'NOPE'"),
        ({"CONFIG": 1}, "must be of type ConfigSettings"),
        ({"DEFAULT_BEAT_INTERVAL": "soon"}, "must be of type float"),
    ],
)
def test_several_entries_are_checked(
    settings: Settings, entries: dict[str, Any], reason: str
) -> None:
    """Each as if it were set alone."""
    with pytest.raises(SettingError, match=reason):
        settings.update(entries)


def test_unknown_entry_is_a_key_error_and_an_attribute_error(settings: Settings) -> None:
    """Both notations raise what Python raises for a missing name."""
    with pytest.raises(KeyError):
        settings["NONE"]
    with pytest.raises(AttributeError):
        settings.NONE


def test_environment_sets_nested_entries(settings: Settings) -> None:
    """Groups are joined by two underscores, lists are separated by commas."""
    settings.update_from(
        {
            "SACRED_CAPTURE_MODE": "no",
            "SACRED_DEFAULT_BEAT_INTERVAL": "0.5",
            "SACRED_PLUGINS__DISABLE": "acme, other",
            "SACRED_PLUGINS__STRICT": "1",
        }
    )
    assert settings.CAPTURE_MODE == "no"
    assert settings.DEFAULT_BEAT_INTERVAL == 0.5
    assert settings.PLUGINS.DISABLE == ["acme", "other"]
    assert settings.PLUGINS.STRICT is True


def test_environment_error_names_the_value(settings: Settings) -> None:
    """A number that is none is quoted."""
    with pytest.raises(SettingError, match="must be a number, got 'soon'"):
        settings.update_from({"SACRED_DEFAULT_BEAT_INTERVAL": "soon"})


def test_every_setting_is_documented() -> None:
    """Each has its row in docs/settings.md, and there is no other."""
    text = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z_.]+)` \|", text, re.M)
    names = []
    for name in SETTINGS:
        value = SETTINGS[name]
        is_group = isinstance(value, SettingsGroup)
        names += [f"{name}.{entry}" for entry in value] if is_group else [name]
    assert sorted(rows) == sorted(names)


def test_documented_defaults_are_those_of_the_code() -> None:
    """Each default in docs/settings.md that is a Python value is that of a new process."""
    text = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z_.]+)` \| `([^`]+)` \|", text, re.M)
    documented = {name: ast.literal_eval(default) for name, default in rows}
    new = Settings()
    defaults = {}
    for name in documented:
        value: Any = new
        for part in name.split("."):
            value = value[part]
        defaults[name] = value
    assert len(documented) > 20
    assert documented == defaults
