"""Tests of hooks that plugins define, and of commands in groups of other plugins."""

import json
import re
import textwrap
from typing import Any

import pytest

from sacred_core.exceptions import PluginError
from sacred_core.hooks.manager import PluginManager

HOOKS = '''
    from sacred_core import hookspec

    @hookspec
    def acme_panels():
        """Offer panels.

        Version added: 1.2.
        """

    @hookspec
    def acme_changed(run, what):
        """Called when a run changed.

        Version added: 1.0.
        """
'''
CHARTS = """
    import click
    from sacred_core import CommandSpec, HookSpecs, hookimpl

    @hookimpl
    def sacred_hookspecs():
        yield HookSpecs("acme_hooks")

    @click.group()
    def acme():
        "Manage charts."

    @acme.command("own")
    def own():
        click.echo("own")

    @hookimpl
    def sacred_commands():
        yield CommandSpec("acme", acme, "Manage charts.")
"""
PANELS = """
    import attrs
    import click
    from sacred_core import CommandSpec, hookimpl

    @attrs.frozen
    class Panel:
        name: str

    @hookimpl(optionalhook=True)
    def acme_panels():
        yield Panel("loss")

    @hookimpl(optionalhook=True)
    def acme_changed(what):
        return what * 2

    @click.command()
    def extra():
        click.echo("extra")

    @hookimpl
    def sacred_commands():
        yield CommandSpec("acme extra", extra, "Do more.")
        yield CommandSpec("runs extra", extra, "Do more with runs.")
"""
USE = """
import json, sys
from sacred_core.hooks.manager import plugin_manager
manager = plugin_manager()
import panels_plugin as panels
print(json.dumps({
    "panels": [panel.name for panel in manager.collect("acme_panels", panels.Panel)],
    "called": manager.call("acme_changed", run=1, what=21),
    "problems": manager.problems,
}))
"""

USE_BROKEN = """
from sacred_core.exceptions import PluginError
from sacred_core.hooks.manager import plugin_manager
import panels_plugin as panels
manager = plugin_manager()
try:
    manager.collect("acme_panels", panels.Panel)
    manager.call("acme_changed", run=1, what=2)
except PluginError as error:  # the hook was not added
    print(error)
print(*manager.problems, sep="\\n")
"""


@pytest.fixture
def charts(installation: Any) -> Any:
    """Two plugins, of which one defines hooks that the other implements."""
    installation.add("charts", CHARTS)
    write_hooks(installation, HOOKS)
    installation.add("panels", PANELS)
    return installation


def write_hooks(installation: Any, source: str) -> None:
    (installation.folder / "acme_hooks.py").write_text(textwrap.dedent(source))


def used(installation: Any) -> Any:
    result = installation.python("-c", USE)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_a_plugin_collects_records_and_calls_hooks(charts: Any) -> None:
    """Records come from the plugins that implement its hook; arguments are passed by name."""
    assert used(charts) == {"panels": ["loss"], "called": [42], "problems": []}


def test_hooks_of_plugins_are_listed(charts: Any) -> None:
    """`sacred plugins --hooks` has their arguments, what defines them and who implements them."""
    listing = charts.python("-m", "sacred_core", "plugins", "--hooks").stdout
    assert (
        "acme_changed(run, what) of charts 1.0: panels\n    Called when a run changed." in listing
    )
    data = json.loads(charts.python("-m", "sacred_core", "plugins", "--hooks", "--json").stdout)
    panels = next(hook for hook in data if hook["name"] == "acme_panels")
    assert panels == {
        "name": "acme_panels", "arguments": [], "distribution": "charts 1.0", "version": "1.2",
        "summary": "Offer panels.", "plugins": ["panels"],
    }  # fmt: skip
    assert {hook["name"]: hook["version"] for hook in data}["sacred_seed"] == "0.1"
    plugins = json.loads(charts.python("-m", "sacred_core", "plugins", "--json").stdout)
    [panels] = [plugin for plugin in plugins if plugin["name"] == "panels"]
    assert panels["hooks"] == ["sacred_commands", "acme_panels", "acme_changed"]


ANNOTATED = """
    from collections.abc import Iterable
    import attrs
    from sacred_core import hookspec

    @attrs.frozen
    class Panel:
        title: str
        target: str = "json:dumps"

    @hookspec
    def acme_panels() -> Iterable[Panel]:
        \"\"\"Offer panels.

        Version added: 1.2.
        \"\"\"

    @hookspec
    def acme_texts() -> Iterable[str]:
        \"\"\"Offer texts.

        Version added: 1.2.
        \"\"\"

    @hookspec
    def acme_unknown() -> "Iterable[Nosuch]":
        \"\"\"Offer what has no class.

        Version added: 1.2.
        \"\"\"

    @hookspec
    def acme_changed(run) -> Iterable[Panel]:
        \"\"\"Called when a run changed.

        Version added: 1.2.
        \"\"\"
"""
OFFERING = """
    from acme_hooks import Panel
    from sacred_core import hookimpl

    @hookimpl
    def acme_panels():
        yield Panel("Loss map")
        yield Panel("Image")

    @hookimpl
    def acme_texts():
        raise AssertionError("its records have no class")
"""
OFFERED = """
from sacred_core.hooks.manager import plugin_manager
manager = plugin_manager()
manager.collect_all()
acme = {name: own for name, own in manager.further_records.items() if name.startswith("acme")}
print({hook: [each.title for each in own] for hook, own in acme.items()})
print(*manager.problems, sep="\\n")
"""


def test_records_of_hooks_of_plugins_are_listed(installation: Any) -> None:
    """The annotation of a hook names them; `sacred plugins` has them, and what is wrong."""
    installation.add("charts", CHARTS)
    write_hooks(installation, ANNOTATED)
    installation.add("panels", OFFERING)
    plugins = json.loads(installation.python("-m", "sacred_core", "plugins", "--json").stdout)
    by_name = {plugin["name"]: plugin for plugin in plugins}
    assert by_name["panels"]["records"] == {"acme_panels": ["Loss map", "Image"]}
    assert by_name["charts"]["records"] == {}
    listing = installation.python("-m", "sacred_core", "plugins").stdout
    assert re.search(r"acme panels +Loss map, Image", listing)
    assert "its records have no class" not in listing
    installation.add("wrong", OFFERING.replace('yield Panel("Image")', "yield 3"))
    printed = installation.python("-c", OFFERED).stdout
    assert printed.startswith("{'acme_panels': ['Loss map', 'Image']")
    assert "acme_panels failed: TypeError: it must yield Panel records, got 3" in printed


def test_optional_hooks_need_no_specification(installation: Any) -> None:
    """An optional implementation is no mistake where the plugin with the hook is missing."""
    installation.add(
        "panels", PANELS.replace('yield CommandSpec("acme extra", extra, "Do more.")', "")
    )
    result = installation.run()
    assert result.returncode == 0
    assert "plugin" not in result.stderr.lower()


@pytest.mark.parametrize(
    ("file", "change", "problem"),
    [
        ("panels", ("(optionalhook=True)\n    def acme_panels", "\n    def acme_panel"),
         "unknown hook 'acme_panel', did you mean 'acme_panels'?"),
        ("panels", ("acme_changed(what)", "acme_changed(wat)"),
         "the hook 'acme_changed' has no argument 'wat': it takes (run, what)"),
        ("panels", ('yield Panel("loss")', "yield 3"),
         "acme_panels failed: TypeError: it must yield Panel records, got 3"),
        ("panels", ("what * 2", "1 / 0"), "acme_changed failed: ZeroDivisionError"),
        ("charts", ('"acme_hooks"', '"acme_hooks_missing"'),
         "sacred_hookspecs failed: ModuleNotFoundError: No module named 'acme_hooks_missing'"),
        ("charts", ('HookSpecs("acme_hooks")', "3"), "sacred_hookspecs failed: TypeError"),
        ("charts", ('"acme_hooks"', '"json"'),
         "the module json has no function with the decorator @hookspec"),
        ("acme_hooks", ("acme_changed", "sacred_seed"),
         "the hook 'sacred_seed' is defined by sacred-core 0.1.0 already"),
        ("acme_hooks", ("Version added: 1.2.", ""),
         "the docstring of the hook 'acme_panels' has no 'Version added: ...'"),
    ],
)  # fmt: skip
def test_mistakes_with_hooks_of_plugins_are_reported(
    installation: Any, file: str, change: tuple[str, str], problem: str
) -> None:
    """They are checked as hooks of the core are; each is one line, and no run is affected."""
    sources = {"charts": CHARTS, "acme_hooks": HOOKS, "panels": PANELS}
    assert change[0] in sources[file]
    sources[file] = sources[file].replace(*change)
    installation.add("charts", sources["charts"])
    write_hooks(installation, sources["acme_hooks"])
    installation.add("panels", sources["panels"])
    result = installation.python("-c", USE_BROKEN)
    assert result.returncode == 0, result.stderr
    assert problem in result.stdout
    assert installation.run().returncode == 0


def test_commands_are_added_to_groups(charts: Any) -> None:
    """A name of several words is a command of the group, whether it is of the core or a plugin."""
    for words, printed in (
        (("acme", "own"), "own\n"), (("acme", "extra"), "extra\n"), (("runs", "extra"), "extra\n"),
    ):  # fmt: skip
        result = charts.python("-m", "sacred_core", *words)
        assert (result.returncode, result.stdout) == (0, printed)
    listing = charts.python("-m", "sacred_core", "acme", "--help").stdout
    assert "extra  Do more." in listing
    assert "own" in listing
    of_runs = charts.python("-m", "sacred_core", "runs", "--help").stdout
    assert re.search(r"^  extra +Do more with runs\.$", of_runs, re.MULTILINE)
    assert "acme extra" not in charts.python("-m", "sacred_core", "--help").stdout


def test_a_command_of_the_core_is_not_replaced(installation: Any) -> None:
    """A plugin that adds one of the same name is reported, and the core's is used."""
    installation.add("panels", PANELS.replace("runs extra", "runs list").replace("acme extra", "x"))
    result = installation.python("-m", "sacred_core", "runs", "list", ".")
    assert "both offer the subcommand 'runs list'" in result.stderr
    assert "extra" not in result.stdout


def test_an_unknown_hook_is_an_error() -> None:
    """The message has the hooks that there are."""
    with pytest.raises(
        PluginError, match=r"hook 'acme' does not exist: hooks are sacred_observers, "
    ):
        PluginManager([]).call("acme")
