"""Tests of finding plugins on ``sys.path``."""

import sys
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from sacred_core.hooks.discovery import FoundPlugin, installed_plugins

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
