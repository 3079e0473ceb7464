"""Tests of plugins that are wrong, each a distribution as pip would have installed it."""

import json
from typing import Any

import pytest

GOOD = """
    from sacred_core import ObserverSpec, hookimpl

    class AcmeObserver:
        pass

    @hookimpl
    def sacred_observers():
        yield ObserverSpec(AcmeObserver, flags=("--acme",))
"""

BAD = {
    "fails on import": ("1 / 0", "it cannot be loaded: ZeroDivisionError: division by zero"),
    "no Python": ("def (", "it cannot be loaded: SyntaxError"),
    "driver missing": (
        "import acme_driver",
        "the library 'acme_driver' that it needs is missing: install it",
    ),
    "raises in a hook": (
        GOOD.replace("yield", "1 / 0; yield"),
        "sacred_observers failed: ZeroDivisionError",
    ),
    "returns nonsense": (
        GOOD.replace("ObserverSpec(AcmeObserver, flags=", "dict(flags="),
        "it yields {'flags': ('--acme',)}, and must yield ObserverSpec records",
    ),
    "returns no iterable": (
        GOOD.replace("yield ObserverSpec(AcmeObserver, flags=(\"--acme\",))", "return 3"),
        "sacred_observers failed: TypeError",
    ),
    "misspelt hook": (
        GOOD.replace("sacred_observers", "sacred_observer"),
        "there is no hook 'sacred_observer', did you mean 'sacred_observers'?",
    ),
    "misspelt argument": (
        GOOD.replace("sacred_observers()", "sacred_seed(sed)"),
        "the hook 'sacred_seed' has no argument 'sed': it takes (seed)",
    ),
    "forgotten decorator": (
        GOOD.replace("@hookimpl", ""),
        "the function 'sacred_observers' lacks the decorator @hookimpl",
    ),
    "flag of the core": (
        GOOD.replace("--acme", "--loglevel"),
        "both offer the flag '--loglevel': switch one off with SACRED_PLUGINS__DISABLE=acme",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_bad_plugin_is_one_line_and_the_run_completes(installation: Any, kind: str) -> None:
    """The line names the distribution and the reason; an unrelated run is not harmed."""
    source, reason = BAD[kind]
    installation.add("acme", source)
    result = installation.run()
    assert result.returncode == 0
    assert result.stdout == "ran\n"
    lines = [line for line in result.stderr.splitlines() if "acme 1.0" in line]
    assert len(lines) == 1, result.stderr
    assert reason in lines[0]
    assert "Traceback" not in result.stderr


def test_plugin_for_a_newer_core(installation: Any) -> None:
    """What pip was told to ignore is said, and it is not imported."""
    installation.add("acme", "1 / 0", requires=">=99.1")
    result = installation.run()
    assert result.returncode == 0
    assert "it needs sacred-core>=99.1, and 0.1.0 is installed: pip install -U" in result.stderr


def test_two_plugins_with_one_flag(installation: Any) -> None:
    """A run that does not use it completes; using it names both."""
    installation.add("acme", GOOD)
    installation.add("rival", GOOD.replace("AcmeObserver", "RivalObserver"))
    assert installation.run().returncode == 0
    result = installation.run("--acme", "x")
    assert result.returncode == 2
    assert "'acme' (acme 1.0) and 'rival' (rival 1.0) both offer the flag" in result.stderr
    assert "Traceback" not in result.stderr


def test_disabled_plugin_is_silent(installation: Any) -> None:
    """The environment variable that the messages name works."""
    installation.add("acme", "1 / 0")
    result = installation.run(SACRED_PLUGINS__DISABLE="acme")
    assert result.returncode == 0
    assert "acme" not in result.stderr


def test_strict_stops_at_the_first_problem(installation: Any) -> None:
    """For continuous integration: exit code 2 and the line."""
    installation.add("acme", "1 / 0")
    result = installation.run(SACRED_PLUGINS__STRICT="1")
    assert result.returncode == 2
    assert "Error: The plugin 'acme' (acme 1.0): it cannot be loaded" in result.stderr
    assert "Traceback" not in result.stderr


def test_nothing_is_written_for_plugins_that_are_well(installation: Any) -> None:
    """No line about plugins without a reason."""
    installation.add("acme", GOOD)
    assert "plugin" not in installation.run("-u").stderr


def test_sacred_plugins_lists_state_hooks_and_reasons(installation: Any) -> None:
    """For people and, with --json, for programs; `python -m sacred_core` is `sacred`."""
    installation.add("acme", GOOD)
    installation.add("broken", "1 / 0")
    installation.add("off", GOOD)
    listing = installation.python("-m", "sacred_core", "plugins", SACRED_PLUGINS__DISABLE="off")
    lines = listing.stdout.splitlines()
    assert "builtin (sacred-core 0.1.0), loaded: sacred_config_sources" in lines[0]
    assert "acme (acme 1.0), loaded: sacred_observers" in lines
    assert "broken (broken 1.0), broken: no hooks" in lines
    assert "    it cannot be loaded: ZeroDivisionError: division by zero" in listing.stdout
    assert "off (off 1.0), disabled: no hooks" in lines
    data = json.loads(installation.python("-m", "sacred_core", "plugins", "--json").stdout)
    assert {entry["name"]: entry["state"] for entry in data}["broken"] == "broken"


def test_lazy_name_of_a_broken_plugin_says_why(installation: Any) -> None:
    """`from sacred_core.observers import MongoObserver` tells what is wrong with sacred-mongo."""
    installation.add("sacred_mongo", "1 / 0")
    code = "from sacred_core.observers import MongoObserver"
    result = installation.python("-c", code)
    assert "ImportError: MongoObserver of sacred-mongo cannot be used" in result.stderr
    assert "ZeroDivisionError" in result.stderr
