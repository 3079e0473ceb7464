"""Tests of finding plugins and asking them."""

import sys
import textwrap
from pathlib import Path

import pytest

from sacred_core.exceptions import PluginClashError
from sacred_core.hooks.discovery import FoundPlugin
from sacred_core.hooks.manager import PluginManager
from sacred_core.hooks.records import CommandSpec, ObserverSpec, resolved, target_name
from sacred_core.settings import SETTINGS

GOOD = """
    from sacred_core import ObserverSpec, hookimpl

    class Bell:
        pass

    @hookimpl
    def sacred_observers():
        yield ObserverSpec(Bell, flags=("--bell",))
"""


class Plugins:
    """Writes plugin modules and returns entry points to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, **sources: str) -> PluginManager:
        for name, source in sources.items():
            (self.folder / f"tried_{name}.py").write_text(textwrap.dedent(source))
            sys.modules.pop(f"tried_{name}", None)
        return PluginManager(
            [FoundPlugin(name, f"tried_{name}", f"acme-{name} 1.0") for name in sources]
        )


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plugins:
    monkeypatch.syspath_prepend(str(tmp_path))
    return Plugins(tmp_path)


def test_plugins_offer_observers(plugins: Plugins) -> None:
    """What the hook yields is found; the plugin is listed with its hooks."""
    manager = plugins(good=GOOD)
    assert [spec.name for spec in manager.observers] == ["Bell"]
    assert manager.plugins[-1].hooks == ("sacred_observers",)
    assert manager.problems == []


def test_the_core_offers_its_own_through_the_same_hooks() -> None:
    """Standard flags and commands come from a plugin named builtin."""
    manager = PluginManager([])
    assert [plugin.name for plugin in manager.plugins] == ["builtin"]
    assert "--loglevel" in {option.name for option in manager.cli_options}
    assert "print_config" in {command.name for command in manager.commands}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import not_installed_anywhere", "No module named 'not_installed_anywhere'"),
        ("1 / 0", "ZeroDivisionError"),
        (GOOD.replace("yield ObserverSpec(Bell", "return dict(x=1 / 0"), "ZeroDivisionError"),
        (
            GOOD.replace("yield ObserverSpec(Bell", "yield dict(b=Bell"),
            "yields ObserverSpec records",
        ),
        (GOOD.replace("def sacred_observers()", "def sacred_observers(nope)"), "nope"),
    ],
)
def test_a_broken_plugin_is_named_and_harms_no_other(
    plugins: Plugins, source: str, reason: str
) -> None:
    """The line says who and why; the others are there."""
    manager = plugins(broken=source, good=GOOD)
    assert [spec.name for spec in manager.observers] == ["Bell"]
    [problem] = manager.problems
    assert "The plugin 'broken' (acme-broken 1.0)" in problem
    assert reason in problem


def test_disabled_plugin_is_not_imported(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    """`SETTINGS.PLUGINS.DISABLE` names it."""
    monkeypatch.setattr(SETTINGS.PLUGINS, "DISABLE", ["off"])
    manager = plugins(off="1 / 0")
    assert manager.plugins[-1].state == "disabled"
    assert manager.problems == []


def test_strict_raises_what_a_plugin_raises(
    plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`SETTINGS.PLUGINS.STRICT` is for continuous integration."""
    monkeypatch.setattr(SETTINGS.PLUGINS, "STRICT", True)
    with pytest.raises(ZeroDivisionError):
        plugins(broken="1 / 0")


def test_a_name_offered_twice_names_both_plugins(plugins: Plugins) -> None:
    """Nobody wins silently."""
    manager = plugins(one=GOOD, two=GOOD)
    with pytest.raises(PluginClashError, match="'one' and 'two' both offer 'Bell'"):
        manager.observers


def test_targets_are_imported_at_first_use() -> None:
    """A dotted target names a module and what is in it."""
    assert resolved("pathlib:Path.cwd") == Path.cwd
    assert resolved(Path) is Path
    assert target_name("a.b:Some.Thing") == "Thing"
    with pytest.raises(ImportError, match="'pathlib' has no 'Nope'"):
        resolved("pathlib:Nope")


def test_records_take_any_iterable_of_flags() -> None:
    """A list is as good as a tuple."""
    assert ObserverSpec("a:B", flags=["-x"]).flags == ("-x",)
    assert CommandSpec("c", "a:B").of_experiments is False
