"""Tests of plugins that are wrong, each a distribution as pip would have installed it."""

import json
import textwrap
from typing import Any

import pytest

from sacred_core.testing.samples import PLUGIN_SOURCE

#: Whole sources of plugins, and what is reported.
SOURCES = {
    "fails on import": ("1 / 0", "it cannot be loaded: ZeroDivisionError: division by zero"),
    "no Python": ("def (", "it cannot be loaded: SyntaxError"),
    "driver missing": (
        "import acme_driver",
        "the library 'acme_driver' that it needs is missing: install it",
    ),
    "ends on import": ("raise SystemExit(0)", "it cannot be loaded: SystemExit: 0; reinstall"),
    "calls sys.exit": ("import sys; sys.exit('no GPU')", "it cannot be loaded: SystemExit: no GPU"),
    "cancels": (
        "import asyncio; raise asyncio.CancelledError('odd')",
        "it cannot be loaded: CancelledError: odd",
    ),
}
#: What is replaced in the source of a sound plugin, by what, and what is reported.
CHANGES = {
    "ends in a hook": ("yield", "raise SystemExit(3); yield", "failed: SystemExit: 3"),
    "raises in a hook": ("yield", "1 / 0; yield", "sacred_observers failed: ZeroDivisionError"),
    "returns nonsense": (
        "ObserverSpec(AcmeObserver, flags=", "dict(flags=",
        "it must yield ObserverSpec records, got {'flags': ('--acme',)}",
    ),
    "returns no iterable": (
        "yield ObserverSpec(AcmeObserver, flags=(\"--acme\",))", "return 3",
        "sacred_observers failed: TypeError",
    ),
    "misspelt hook": (
        "sacred_observers", "sacred_observer",
        "unknown hook 'sacred_observer', did you mean 'sacred_observers'?",
    ),
    "misspelt argument": (
        "sacred_observers()", "sacred_seed(sed)",
        "the hook 'sacred_seed' has no argument 'sed': it takes (seed)",
    ),
    "forgotten decorator": (
        "@hookimpl", "", "the function 'sacred_observers' lacks the decorator @hookimpl",
    ),
    "flag of the core": (
        "--acme", "--loglevel",
        "both offer the flag '--loglevel': switch one off with SACRED_PLUGINS__DISABLE=acme",
    ),
}  # fmt: skip
BAD = SOURCES | {
    kind: (PLUGIN_SOURCE.replace(old, new), reason) for kind, (old, new, reason) in CHANGES.items()
}


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
    """A plugin that requires a newer core is reported, and it is not imported."""
    installation.add("acme", "1 / 0", requires=">=99.1")
    result = installation.run()
    assert result.returncode == 0
    assert "it needs sacred-core>=99.1, and 0.1.0 is installed: pip install -U" in result.stderr


def test_two_plugins_with_one_flag(installation: Any) -> None:
    """A run that does not use it completes; using it names both."""
    installation.add("acme", PLUGIN_SOURCE)
    installation.add("rival", PLUGIN_SOURCE.replace("AcmeObserver", "RivalObserver"))
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
    installation.add("acme", PLUGIN_SOURCE)
    assert "plugin" not in installation.run("-u").stderr


def test_sacred_plugins_lists_states_and_reasons(installation: Any) -> None:
    """For people and, with --json, for programs; `python -m sacred_core` is `sacred`."""
    installation.add("acme", PLUGIN_SOURCE)
    installation.add("broken", "1 / 0")
    installation.add("off", PLUGIN_SOURCE)
    listing = installation.python("-m", "sacred_core", "plugins", SACRED_PLUGINS__DISABLE="off")
    lines = listing.stdout.splitlines()
    assert lines[0] == "builtin (sacred-core 0.1.0):"
    assert lines[lines.index("acme (acme 1.0):") + 1] == "  observer  AcmeObserver: --acme ARG"
    problem = lines[lines.index("broken (broken 1.0, broken):") + 1]
    assert problem.startswith(
        "  problem  it cannot be loaded: ZeroDivisionError: division by zero;"
    )
    assert lines[lines.index("off (off 1.0, disabled):") + 1] == "  offers  nothing"
    data = json.loads(installation.python("-m", "sacred_core", "plugins", "--json").stdout)
    assert {entry["name"]: entry["state"] for entry in data}["broken"] == "broken"


def test_lazy_name_of_a_broken_plugin_reports_the_reason(installation: Any) -> None:
    """`from sacred_core.observers import MongoObserver` reports what is wrong with sacred-mongo."""
    installation.add("sacred_mongo", "1 / 0")
    code = "from sacred_core.observers import MongoObserver"
    result = installation.python("-c", code)
    assert "ImportError: MongoObserver of sacred-mongo cannot be used" in result.stderr
    assert "ZeroDivisionError" in result.stderr


def test_ctrl_c_while_plugins_are_loaded_is_not_a_broken_plugin(installation: Any) -> None:
    """What the user or the system asks for passes."""
    installation.add("acme", "raise KeyboardInterrupt")
    result = installation.run()
    assert result.returncode not in (0, 1, 2)
    assert "acme 1.0" not in result.stderr


TARGETS = """
    from sacred_core import CLIOption, CommandSpec, Export, HostInfo, ObserverSpec, hookimpl

    @hookimpl
    def sacred_observers():
        yield ObserverSpec(
            "acme_parts:AcmeObserver", flags=("--acme",), store="acme_parts:AcmeStore",
            schemes=("acme",),
        )

    @hookimpl
    def sacred_exports():
        yield Export("acme_parts:AcmeReader")

    @hookimpl
    def sacred_cli_options():
        yield CLIOption(("--fast",), "acme_parts:fast", is_flag=True)

    @hookimpl
    def sacred_commands():
        yield CommandSpec("acme", "acme_parts:command")
        yield CommandSpec("train", "acme_parts:train", of_experiments=True)

    @hookimpl
    def sacred_host_info():
        yield HostInfo("acme", "acme_parts:gather")
"""
LATE = """
    class AcmeObserver:
        def __init__(self, argument):
            import acme_driver

    AcmeReader = AcmeStore = AcmeObserver

    def fast(argument, run):
        import acme_driver
"""
FAILURES = {
    "import acme_driver": (
        "the library 'acme_driver' that it needs is missing: install it, or reinstall the plugin "
        "(pip install acme)"
    ),
    "raise ImportError('libacme.so.3: cannot open')": (
        "it cannot be loaded: ImportError: libacme.so.3: cannot open; reinstall or remove it"
    ),
    "raise SystemExit(0)": "it cannot be loaded: SystemExit: 0; reinstall or remove it",
    "1 / 0": "it cannot be loaded: ZeroDivisionError: division by zero; reinstall or remove it",
    "": "the module 'acme_parts' has no ",
}
USES = {
    "flag of an observer": ("script.py", "--acme", "x"),
    "flag": ("script.py", "--fast"),
    "command of scripts": ("script.py", "train"),
    "store": ("-m", "sacred_core", "runs", "list", "acme://runs"),
    "command of sacred": ("-m", "sacred_core", "acme"),
    "lazy name": ("-c", "from sacred_core.observers import AcmeObserver"),
    "lazy name of an export": ("-c", "from sacred_core.observers import AcmeReader"),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("failure", FAILURES)
def test_using_what_cannot_be_imported_is_one_line(
    installation: Any, use: str, failure: str
) -> None:
    """Using what cannot be imported is one line, with the distribution, the reason and the fix; the
    exit code is not 0.
    """
    installation.add("acme", TARGETS)
    (installation.folder / "acme_parts.py").write_text(failure + "\n")
    result = installation.python(*USES[use])
    assert result.returncode not in (0, None)
    lines = result.stderr.splitlines()
    if use.startswith("lazy name"):  # Python shows the place; the last line has the reason
        lines = lines[-1:]
        assert "PluginLoadError" in lines[0]
    assert not any(line.startswith("Traceback") for line in lines)
    # Host information, which every run gathers, is a warning of its own.
    found = [line for line in lines if FAILURES[failure] in line and "host info" not in line]
    assert len(found) == 1, result.stderr
    assert "The plugin 'acme' (acme 1.0): " in found[0]


@pytest.mark.parametrize("use", ["flag of an observer", "flag", "store"])
def test_a_driver_that_is_imported_late_is_named_too(installation: Any, use: str) -> None:
    """A driver that is imported late is named too, as where an observer imports the driver of the
    database that the URL names.
    """
    installation.add("acme", TARGETS)
    (installation.folder / "acme_parts.py").write_text(textwrap.dedent(LATE))
    result = installation.python(*USES[use])
    assert result.returncode not in (0, None)
    assert FAILURES["import acme_driver"] in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("failure", FAILURES)
def test_what_cannot_be_imported_harms_no_run_that_does_not_use_it(
    installation: Any, failure: str
) -> None:
    """What cannot be imported harms no run that does not use it, not even where the plugin offers a
    command or host information to every script.
    """
    installation.add("acme", TARGETS)
    (installation.folder / "acme_parts.py").write_text(failure + "\n")
    result = installation.run()
    assert result.returncode == 0, result.stderr
    assert result.stdout == "ran\n"
    assert "Traceback" not in result.stderr


def test_a_python_program_gets_an_import_error(installation: Any) -> None:
    """`ex.run(options=...)` raises it, so that a program can try another observer."""
    installation.add("acme", TARGETS)
    (installation.folder / "acme_parts.py").write_text("import acme_driver\n")
    code = """
        from sacred_core import Experiment
        from sacred_core.exceptions import PluginLoadError, SacredError
        ex = Experiment("x", save_git_info=False)
        ex.main(lambda: None)
        try:
            ex.run(options={"--acme": "x"})
        except ImportError as error:
            assert isinstance(error, PluginLoadError) and isinstance(error, SacredError)
            print("caught")
    """
    (installation.folder / "program.py").write_text(textwrap.dedent(code))
    result = installation.python("program.py")
    assert result.stdout == "caught\n", result.stderr
