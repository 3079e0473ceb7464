"""Tests of finding plugins and asking them."""

import sys
import textwrap
from pathlib import Path

import pytest

from sacred_core.exceptions import PluginClashError, PluginError
from sacred_core.hooks.discovery import FoundPlugin
from sacred_core.hooks.manager import PluginManager
from sacred_core.hooks.records import CommandSpec, ObserverSpec
from sacred_core.hooks.targets import resolve_target, target_name
from sacred_core.settings import SETTINGS
from sacred_core.testing.samples import PLUGIN_SOURCE


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


def observers_of(manager: PluginManager) -> list[str]:
    """Return the names of observers, without the store of archives."""
    return [spec.name for spec in manager.observers if spec.target is not None]


def test_plugins_offer_observers(plugins: Plugins) -> None:
    """What the hook yields is found; the plugin is listed with its hooks."""
    manager = plugins(good=PLUGIN_SOURCE)
    assert observers_of(manager) == ["AcmeObserver"]
    assert manager.plugins[-1].hooks == ("sacred_observers",)
    assert manager.problems == []


def test_the_core_offers_its_own_through_the_same_hooks() -> None:
    """Standard flags and commands come from a plugin named builtin."""
    manager = PluginManager([])
    assert [plugin.name for plugin in manager.plugins] == ["builtin"]
    assert "--loglevel" in {option.name for option in manager.cli_options}
    assert "print_config" in {command.name for command in manager.commands}


def test_the_owner_of_a_flag_is_the_plugin_that_offers_it(plugins: Plugins) -> None:
    """It is known without asking the hooks before; of what nobody offers there is none."""
    manager = plugins(good=PLUGIN_SOURCE)
    owner = manager.owner("flag", "--acme")
    assert owner is not None and owner.name == "good"
    owner = manager.owner("subcommand", "runs list")
    assert owner is not None and owner.name == "builtin"
    assert manager.owner("flag", "--other") is None


def test_one_hook_that_fails_leaves_the_other_plugins(plugins: Plugins) -> None:
    """Every implementation is called on its own."""
    manager = plugins(broken=PLUGIN_SOURCE.replace("yield", "1 / 0; yield"), good=PLUGIN_SOURCE)
    assert observers_of(manager) == ["AcmeObserver"]
    [problem] = manager.problems
    assert problem.startswith(
        "The plugin 'broken' (acme-broken 1.0): sacred_observers failed: Zero"
    )


def test_disabled_plugin_is_not_imported(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that `SETTINGS.PLUGINS.DISABLE` names is not imported."""
    monkeypatch.setattr(SETTINGS.PLUGINS, "DISABLE", ["off"])
    manager = plugins(off="1 / 0")
    assert manager.plugins[-1].state == "disabled"
    assert manager.problems == []


def test_strict_raises_what_a_plugin_raises(
    plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`SETTINGS.PLUGINS.STRICT` is for continuous integration."""
    monkeypatch.setattr(SETTINGS.PLUGINS, "STRICT", True)
    with pytest.raises(PluginError, match=r"'broken'.*ZeroDivisionError"):
        plugins(broken="1 / 0")


def test_of_two_plugins_that_offer_one_name_neither_wins(plugins: Plugins) -> None:
    """Using it is an error that names both; everything else works."""
    manager = plugins(one=PLUGIN_SOURCE, two=PLUGIN_SOURCE)
    assert observers_of(manager) == ["AcmeObserver"]
    message = r"'one' \(acme-one 1.0\) and 'two' \(acme-two 1.0\) both offer the flag '--acme'"
    with pytest.raises(PluginClashError, match=message):
        manager.check_single("flag", "--acme")
    manager.check_single("flag", "--loglevel")


ASPECT = """
    from sacred_core import Aspect, hookimpl

    @hookimpl
    def sacred_compare():
        yield Aspect("rack", dict)
"""


def test_two_aspects_of_one_name_are_reported(plugins: Plugins) -> None:
    """Selecting it is an error; those of the core stay as they are."""
    manager = plugins(one=ASPECT, two=ASPECT, three=ASPECT.replace("rack", "config"))
    assert [aspect.name for aspect in manager.aspects].count("rack") == 1
    assert [aspect.name for aspect in manager.aspects].count("config") == 1
    with pytest.raises(PluginClashError, match="both offer the aspect 'rack'"):
        manager.check_single("aspect", "rack")
    manager.check_single("aspect", "config")
    assert "three" in manager.problems[-1]


def test_the_name_of_an_aspect_is_a_word(plugins: Plugins) -> None:
    """Others could not be selected with ``--only``."""
    manager = plugins(odd=ASPECT.replace("rack", "Rack, 1"))
    assert "rack" not in {aspect.name for aspect in manager.aspects}
    [problem] = manager.problems
    assert "the name of an aspect is a word of a-z, 0-9, '_' and '-', not 'Rack, 1'" in problem


def test_the_flags_of_the_core_stay_usable(plugins: Plugins) -> None:
    """A plugin that offers one of them is reported, and its offer is ignored."""
    manager = plugins(greedy=PLUGIN_SOURCE.replace("--acme", "--loglevel"))
    assert len(manager.cli_options) > 10
    assert observers_of(manager) == []
    manager.check_single("flag", "--loglevel")
    assert "both offer the flag '--loglevel'" in manager.problems[0]


def test_seed_reaches_every_plugin_even_if_one_fails(plugins: Plugins) -> None:
    """The notice hook is called on each in its own try."""
    seeding = """
        from sacred_core import hookimpl
        seeds = []

        @hookimpl
        def sacred_seed(seed):
            seeds.append(seed)
    """
    manager = plugins(broken=seeding.replace("seeds.append(seed)", "1 / 0"), good=seeding)
    manager.seed(7)
    assert sys.modules["tried_good"].seeds == [7]
    assert "sacred_seed failed: ZeroDivisionError" in manager.problems[0]


def test_trace_lists_what_is_loaded(
    plugins: Plugins, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`SETTINGS.PLUGINS.TRACE` shows it on stderr."""
    monkeypatch.setattr(SETTINGS.PLUGINS, "TRACE", True)
    plugins(good=PLUGIN_SOURCE)
    assert "loading good = tried_good (acme-good 1.0)" in capsys.readouterr().err


def test_targets_are_imported_at_first_use() -> None:
    """A dotted target names a module and what is in it."""
    assert resolve_target("pathlib:Path.cwd") == Path.cwd
    assert resolve_target(Path) is Path
    assert target_name("a.b:Some.Thing") == "Thing"
    with pytest.raises(ImportError, match="'pathlib' has no 'Nope'"):
        resolve_target("pathlib:Nope")


def test_records_take_any_iterable_of_flags() -> None:
    """A list is as good as a tuple."""
    assert ObserverSpec("a:B", flags=["-x"]).flags == ("-x",)
    assert CommandSpec("c", "a:B").of_experiments is False
