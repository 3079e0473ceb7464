"""Tests of finding plugins on ``sys.path``."""

import sys
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from sacred_core.hooks.discovery import FoundPlugin, installed_plugins, version_mismatch

ENTRY_POINTS = """
[console_scripts]
acme = acme:main

[sacred_core]
# a comment
acme = acme.plugin
other= acme.other:Other.plugin [extra]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "not there")])
    return tmp_path


def installed(folder: Path, name: str, text: str = ENTRY_POINTS) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "entry_points.txt").write_text(text)


def test_entry_points_of_the_group_are_found(folder: Path) -> None:
    """Name, module and distribution, without comments, extras and other groups."""
    installed(folder, "acme_plugin-1.2.dist-info")
    assert installed_plugins() == [
        FoundPlugin("acme", "acme.plugin", "acme-plugin 1.2"),
        FoundPlugin("other", "acme.other:Other.plugin", "acme-plugin 1.2"),
    ]


def test_the_first_of_two_installations_counts(folder: Path) -> None:
    """What shadows a package shadows its entry points."""
    sys.path.append(str(folder / "later"))
    installed(folder, "Acme.Plugin-2.0.dist-info", "[sacred_core]\na = new\n")
    installed(folder / "later", "acme_plugin-1.0.dist-info", "[sacred_core]\na = old\n")
    assert [plugin.value for plugin in installed_plugins()] == ["new"]


def test_a_zip_archive_is_read_too(folder: Path) -> None:
    """What `importlib.metadata` finds in it is found."""
    archive = folder / "app.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("acme-1.0.dist-info/METADATA", "Name: acme\nVersion: 1.0\n")
        file.writestr("acme-1.0.dist-info/entry_points.txt", "[sacred_core]\na = acme\n")
    sys.path[:] = [str(archive)]
    assert installed_plugins() == [FoundPlugin("a", "acme", "acme 1.0")]


def test_same_as_importlib_metadata_for_what_is_installed_here() -> None:
    """The standard library's answer is the reference."""
    reference = {(point.name, point.value) for point in entry_points(group="sacred_core")}
    assert {(plugin.name, plugin.value) for plugin in installed_plugins()} == reference


def test_load_returns_what_is_named() -> None:
    """A module, or something in it."""
    assert FoundPlugin("a", "pathlib", "").load() is sys.modules["pathlib"]
    assert FoundPlugin("a", "pathlib:Path.cwd", "").load() == Path.cwd


@pytest.mark.parametrize(
    "requirement", [">=0.1,<0.2", ">=0.1.3,<0.2", "<0.2,>=0.1", ">0.1.2,<=0.2", "", "==0.1.3"]
)
def test_a_version_within_its_bounds_fits(requirement: str) -> None:
    """The version 0.1.3 fulfils each of the requirements."""
    assert version_mismatch(requirement, "0.1.3") == ""


@pytest.mark.parametrize("version", ["0.2", "0.2.0", "0.2.0.dev1", "0.2.1", "0.10.0", "1.0"])
def test_a_core_that_is_too_new_asks_for_another_plugin(version: str) -> None:
    """A version from the upper bound on is refused, and the plugin is to be upgraded."""
    text = version_mismatch(">=0.1,<0.2", version)
    assert text == f"it needs sacred-core>=0.1,<0.2, and {version} is installed: upgrade the plugin"


@pytest.mark.parametrize(
    ("requirement", "version"),
    [(">=0.2,<0.3", "0.1.9"), (">=0.2.1", "0.2"), (">0.1", "0.1.0"), (">=0.10", "0.9.9")],
)
def test_a_core_that_is_too_old_is_to_be_upgraded(requirement: str, version: str) -> None:
    """A version below the lower bound is refused, and the core is to be upgraded."""
    text = version_mismatch(requirement, version)
    assert text.endswith(f"and {version} is installed: pip install -U sacred-core"), text
