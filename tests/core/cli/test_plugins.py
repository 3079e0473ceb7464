"""Tests of ``sacred plugins``."""

import json
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from sacred_core import (
    Aspect,
    CLIOption,
    CommandSpec,
    ConfigSource,
    Export,
    HostInfo,
    ObserverSpec,
    QueueSource,
    StopCheck,
    hookimpl,
)
from sacred_core.cli.plugins import plugins
from sacred_core.hooks.discovery import FoundPlugin
from sacred_core.hooks.lookup import KNOWN_NAMES
from sacred_core.hooks.manager import PluginManager

OFFERED: dict[str, list[Any]] = {
    "sacred_observers": [
        ObserverSpec(
            "acme:AcmeObserver", ("-A", "--acme"), "FILE", "append to FILE", "acme:Store", ("acme",)
        ),
        ObserverSpec("acme:BellObserver"),
    ],
    "sacred_exports": [Export("acme:AcmeReader")],
    "sacred_config_sources": [ConfigSource((".acme", ".acm"), "acme:load")],
    "sacred_cli_options": [
        CLIOption(("-G", "--gpu"), metavar="N", help="use GPU N"),
        CLIOption(("--quick",), is_flag=True),
    ],
    "sacred_commands": [
        CommandSpec("acme", "acme:main", "Manage accounts."),
        CommandSpec("plot", "acme:plot", of_experiments=True),
    ],
    "sacred_compare": [Aspect("rack", "acme:facts")],
    "sacred_queue_sources": [QueueSource("rack", "acme:fill")],
    "sacred_stop_checks": [StopCheck("budget", "acme:is_spent")],
    "sacred_host_info": [HostInfo("rack", "acme:rack")],
}


def _returning(records: list[Any]) -> Callable[[], list[Any]]:
    return lambda: records


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call ``sacred plugins`` where only the plugin acme, which offers everything, is installed."""
    module: Any = ModuleType("acme_everything")
    for hook, records in OFFERED.items():
        setattr(module, hook, hookimpl(_returning(records)))
    monkeypatch.setitem(sys.modules, "acme_everything", module)
    manager = PluginManager([FoundPlugin("acme", "acme_everything", "acme-runs 2.1")])
    monkeypatch.setattr("sacred_core.cli.plugins.plugin_manager", lambda: manager)

    def call(*arguments: str, columns: int = 80) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        result = CliRunner().invoke(plugins, arguments)
        assert result.exit_code == 0, result.output
        return str(result.output)

    return call


def test_a_plugin_is_shown_with_what_it_offers(listed: Any) -> None:
    """Its version, observers with flags and help, locations, formats, options and commands."""
    assert """
acme (acme-runs 2.1):
  observer   AcmeObserver: -A, --acme FILE
             append to FILE
  locations  acme://
  observer   BellObserver
  names      sacred_core.observers.AcmeReader
  formats    .acme, .acm (configuration files)
  options    -G/--gpu, --quick
  commands   sacred acme, SCRIPT plot
  aspects    rack (of sacred runs diff)
  sources    rack (of runs, for sacred worker)
  checks     budget (of _run.should_stop)
""" in listed()


def test_the_core_is_shown_too(listed: Any) -> None:
    """The formats and options of the core are those of a plugin."""
    first = listed().partition("\n\n")[0]
    assert first.startswith("builtin (sacred-core ")
    assert ".json, .yaml, .yml" in first and "-l/--loglevel" in first and "sacred runs" in first


def test_official_plugins_that_are_missing_are_shown_with_their_command(listed: Any) -> None:
    """Each has its names, its flags and the command that installs it."""
    printed = listed(columns=120)
    assert (
        """
mongo (sacred-mongo, not installed):
  names    sacred_core.observers.MongoObserver, sacred_core.observers.QueuedMongoObserver
  options  -m/--mongo_db
  install  pip install sacred-mongo
"""
        in printed
    )
    for known in KNOWN_NAMES:
        assert f"pip install {known.distribution}\n" in printed
        assert f"{known.module}.{known.name}" in printed


def test_a_broken_plugin_is_not_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An official plugin that is installed and cannot be imported is shown with its problem."""
    manager = PluginManager([FoundPlugin("mongo", "no_such_module", "sacred-mongo 3.0")])
    monkeypatch.setattr("sacred_core.cli.plugins.plugin_manager", lambda: manager)
    printed = CliRunner().invoke(plugins).output
    assert "mongo (sacred-mongo 3.0, skipped):\n  problem  " in printed
    assert "pip install sacred-mongo\n" not in printed


def test_lines_fit_the_terminal(listed: Any) -> None:
    """No line is longer than the terminal is wide, unless it is one word."""
    for line in listed(columns=60).splitlines():
        assert len(line) <= 60 or " " not in line.strip()


def test_json_has_every_record(listed: Any) -> None:
    """The JSON has the same by kind, the hooks, and no command for what is installed."""
    [acme] = [plugin for plugin in json.loads(listed("--json")) if plugin["name"] == "acme"]
    assert acme == {
        "name": "acme",
        "distribution": "acme-runs 2.1",
        "state": "loaded",
        "observers": [
            {
                "name": "AcmeObserver", "flags": ["-A", "--acme"], "metavar": "FILE",
                "help": "append to FILE", "schemes": ["acme"],
            },
            {"name": "BellObserver", "flags": [], "metavar": "ARG", "help": "", "schemes": []},
        ],
        "names": ["sacred_core.observers.AcmeReader"],
        "formats": [".acme", ".acm"],
        "options": [
            {"flags": ["-G", "--gpu"], "metavar": "N", "help": "use GPU N"},
            {"flags": ["--quick"], "metavar": None, "help": ""},
        ],
        "commands": [
            {"name": "sacred acme", "help": "Manage accounts."},
            {"name": "SCRIPT plot", "help": ""},
        ],
        "aspects": ["rack"],
        "queue_sources": ["rack"],
        "stop_checks": ["budget"],
        "records": {},
        "hooks": sorted(OFFERED, key=acme["hooks"].index),
        "problems": [],
        "install": None,
    }  # fmt: skip
    assert len(acme["hooks"]) == len(OFFERED)


def test_json_has_missing_plugins(listed: Any) -> None:
    """Their state is missing, and they have the command that installs them."""
    [slack] = [p for p in json.loads(listed("--json")) if p["name"] == "slack"]
    assert slack["state"] == "missing" and slack["install"] == "pip install sacred-slack"
    assert slack["names"] == ["sacred_core.observers.SlackObserver"]
