"""Tests of the checks of Python, packages and plugins."""

import sys
from pathlib import Path

import pytest

from sacred_core.doctor import installation
from sacred_core.doctor.installation import check_packages, check_plugins, check_python
from sacred_core.hooks.discovery import FoundPlugin
from sacred_core.hooks.manager import PluginManager

from .conftest import Install, problems


def _executable(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_version_and_place_of_python_are_found() -> None:
    """They are what `sys` has."""
    first, *_ = check_python()
    assert first.message == f"Python {sys.version.split()[0]}, {sys.executable}"


def test_a_python_of_another_environment_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with pipx: sacred is on the PATH, and python there is another one."""
    own = _executable(tmp_path / "own" / "sacred").parent
    other = _executable(tmp_path / "other" / "python")
    monkeypatch.setattr(sys, "executable", str(own / "python"))
    monkeypatch.setenv("PATH", f"{own}:{other.parent}")
    [(level, message, fix)] = problems(check_python())
    assert level == "warning" and str(other) in message
    assert fix.endswith(f"{other} -m pip install sacred-core")
    _executable(own / "python")
    assert problems(check_python()) == []


def test_no_sacred_on_the_path_is_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment that is not activated may be used by the path of its command."""
    _executable(tmp_path / "other" / "python")
    monkeypatch.setenv("PATH", str(tmp_path / "other"))
    assert problems(check_python()) == []


def test_the_versions_of_own_packages_are_found(install: Install) -> None:
    """Those of plugins are listed beside the core, and have no problem."""
    install("acme", "3.1", plugin="acme = acme")
    first, *rest = check_packages()
    assert "acme==3.1" in first.message and "sacred-core==" in first.message
    assert problems(rest) == []


def test_a_missing_and_an_old_requirement_are_found(install: Install) -> None:
    """Each has the command that installs what is required."""
    requires = ("nosuchlib>=2", "oldlib>=2,<3", "newlib>=1")
    install("acme", requires=requires, plugin="acme = acme")
    install("oldlib", "1.9", folder="b")
    install("newlib", "1.0", folder="c")
    assert problems(check_packages()) == [
        (
            "error",
            "acme 1.0 requires nosuchlib>=2, which is not installed",
            "pip install 'nosuchlib>=2'",
        ),
        (
            "error",
            "acme 1.0 requires oldlib>=2,<3, and 1.9 is installed",
            "pip install 'oldlib>=2,<3'",
        ),
    ]


def test_a_package_that_is_installed_twice_is_found(install: Install) -> None:
    """Both places are named, the used one first."""
    old = install("acme", "1.0", plugin="acme = acme", folder="old")
    new = install("acme", "2.0", plugin="acme = acme", folder="new")
    [(level, message, fix)] = problems(check_packages())
    assert level == "error" and fix.startswith("pip uninstall acme")
    assert message == (
        f"acme is installed more than once: 2.0 in {new}, 1.0 in {old}; the first is used"
    )


PLUGIN = """
from sacred_core import ObserverSpec, hookimpl

@hookimpl
def sacred_observers():
    yield ObserverSpec("acme_observers:AcmeObserver", store="acme_observers:AcmeStore")
"""


def _use(monkeypatch: pytest.MonkeyPatch, *plugins: FoundPlugin) -> None:
    manager = PluginManager(plugins)
    monkeypatch.setattr(installation, "plugin_manager", lambda: manager)


def test_a_library_that_an_observer_needs_is_missing(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plugin can be loaded, but not its observer: that is found once, with its fix."""
    files = {"acme_doctor.py": PLUGIN, "acme_observers.py": "import no_such_library\n"}
    install("acme", plugin="acme = acme_doctor", files=files)
    _use(monkeypatch, FoundPlugin("acme", "acme_doctor", "acme 1.0"))
    assert problems(check_plugins()) == [
        (
            "error",
            "the plugin 'acme' (acme 1.0): the library 'no_such_library' that it needs is missing: "
            "install it, or reinstall the plugin (pip install acme)",
            "pip install --upgrade --force-reinstall acme, or skip the plugin with "
            "SACRED_PLUGINS__DISABLE=acme",
        )
    ]


def test_a_plugin_that_cannot_be_loaded_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its problem is that of `sacred plugins`, and no observer is missed beside it."""
    _use(monkeypatch, FoundPlugin("acme", "no_such_module", "acme 1.0"))
    [(level, message, _)] = problems(check_plugins())
    assert level == "error" and message.startswith("the plugin 'acme' (acme 1.0): ")


def test_no_observer_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the core alone nothing can be recorded; the fix installs the folder observer."""
    _use(monkeypatch)
    [(level, message, fix)] = problems(check_plugins())
    assert level == "warning" and "runs cannot be recorded" in message
    assert fix.startswith("pip install sacred-file")


def test_observers_and_disabled_plugins_are_listed(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is a problem."""
    from sacred_core import SETTINGS

    observers = "class AcmeObserver: pass\nclass AcmeStore: pass\n"
    files = {"acme_fine.py": PLUGIN.replace("_observers:", "_fine_observers:")}
    install("acme", files=files | {"acme_fine_observers.py": observers})
    monkeypatch.setattr(SETTINGS.PLUGINS, "DISABLE", ["off"])
    _use(
        monkeypatch,
        FoundPlugin("acme", "acme_fine", "acme 1.0"),
        FoundPlugin("off", "no_such_module", "off 1.0"),
    )
    assert [each.message for each in check_plugins()] == [
        "disabled by SETTINGS.PLUGINS.DISABLE: off",
        "observers: AcmeObserver",
    ]
