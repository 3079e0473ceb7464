"""Tests of one distribution that uses every hook, with a script that does not mention it."""

import json
from typing import Any

import pytest

PLUGIN = """
    import tomllib
    import sys

    import click
    from sacred_core import (
        Aspect, CLIOption, CommandSpec, ConfigSource, Export, HostInfo, KeyCheck, ObserverSpec,
        RunObserver, QueueSource, SecretPattern, SkipHostInfo, StopCheck, hookimpl,
    )

    class LineObserver(RunObserver):
        def __init__(self, path):
            self.path = path

        def started_event(self, config, host_info, meta_info):
            self.line = {"config": config, "host": host_info, "meta": meta_info}

        def completed_event(self, result):
            import json
            with open(self.path, "a") as file:
                file.write(json.dumps({**self.line, "result": result}) + "\\n")

    def load_acme(path):
        return tomllib.loads(path.read_text())

    def skip():
        raise SkipHostInfo

    def set_gpu(argument, run):
        run.meta_info["gpu"] = int(argument)

    @click.command()
    def acme():
        click.echo("acme says hello")

    def shout(message):
        print(message.upper())

    @hookimpl
    def sacred_observers():
        yield ObserverSpec(LineObserver, flags=("-A", "--acme"), metavar="FILE", help="add a line")

    @hookimpl
    def sacred_exports():
        yield Export(load_acme)
        yield Export(shout, module="sacred_core.stflow")

    @hookimpl
    def sacred_key_checks():
        yield KeyCheck("/", "contains a slash")

    @hookimpl
    def sacred_config_sources():
        yield ConfigSource((".acme",), load_acme)

    @hookimpl
    def sacred_host_info():
        yield HostInfo("rack", lambda: 12)
        yield HostInfo("nothing", skip)

    @hookimpl
    def sacred_cli_options():
        yield CLIOption(("--gpu",), set_gpu, metavar="N", help="run on GPU N")

    @hookimpl
    def sacred_commands():
        yield CommandSpec("acme", acme, "say hello")
        yield CommandSpec("shout", shout, "shout the message", of_experiments=True)

    @hookimpl
    def sacred_secrets():
        yield SecretPattern(r"ACME-(?P<secret>[0-9]+)", contains="acme-")

    @hookimpl
    def sacred_compare():
        yield Aspect("rack", lambda run: {"rack": run.run.host["rack"]}, title="Rack")
        yield Aspect("broken", lambda run: {}["nothing"])

    @hookimpl
    def sacred_queue_sources():
        yield QueueSource("empty", lambda store, where: 0)
        yield QueueSource("acme", lambda store, where: 2 if where is None else 1)
        yield QueueSource("broken", lambda store, where: {}["nothing"])

    @hookimpl
    def sacred_stop_checks():
        yield StopCheck("broken", lambda run: {}["nothing"])
        yield StopCheck("acme", lambda run: run.config["message"] == "stop")

    @hookimpl
    def sacred_seed(seed):
        print("seeded with", seed, file=sys.stderr)
"""

SCRIPT = """
from sacred_core import Experiment

ex = Experiment("unchanged")
ex.add_config("conf.acme")


@ex.automain
def main(message):
    return message
"""


@pytest.fixture
def installed(installation: Any) -> Any:
    installation.add("acme", PLUGIN)
    (installation.folder / "script.py").write_text(SCRIPT)
    (installation.folder / "conf.acme").write_text('message = "hello"\n')
    return installation


def test_a_run_uses_everything_that_the_plugin_offers(installed: Any) -> None:
    """Observer with flag, file format, host information, a flag of its own, and the seed."""
    result = installed.run("-A", "lines.jsonl", "--gpu", "3", "with", "seed=7")
    assert result.returncode == 0, result.stderr
    line = json.loads((installed.folder / "lines.jsonl").read_text())
    assert line["result"] == "hello"
    assert line["config"] == {"message": "hello", "seed": 7}
    assert line["host"]["rack"] == 12
    assert "nothing" not in line["host"]
    assert line["meta"]["gpu"] == 3
    assert line["meta"]["options"]["--acme"] == "lines.jsonl"
    assert "seeded with 7" in result.stderr


def test_the_help_shows_its_flags_and_commands(installed: Any) -> None:
    """Those of the observer, its own, and the command of every experiment."""
    usage = installed.run("--help").stdout
    for words in ("-A, --acme FILE", "add a line", "--gpu N", "run on GPU N", "shout"):
        assert words in usage


def test_its_commands(installed: Any) -> None:
    """One below `sacred`, and one of every experiment, which takes configuration."""
    assert installed.python("-m", "sacred_core", "acme").stdout == "acme says hello\n"
    assert "acme" in installed.python("-m", "sacred_core", "--help").stdout
    assert installed.run("shout").stdout == "HELLO\n"


def test_the_plugin_fulfils_the_contract_except_for_click(installed: Any) -> None:
    """Its one heavy import would be named to its author."""
    (installed.folder / "test_acme.py").write_text(
        "from sacred_core.testing import PluginContract\n"
        "class TestPlugin(PluginContract):\n    distribution = 'acme'\n"
    )
    result = installed.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_acme.py")
    assert "1 failed" in result.stdout
    assert "AssertionError: acme_plugin imports click" in result.stdout


def test_its_secrets_are_masked(installed: Any) -> None:
    """Its secrets are masked, in the configuration, where the run itself sees them, and in what it
    returns.
    """
    result = installed.run("-A", "lines.jsonl", "with", "message=use ACME-4711 now")
    assert result.returncode == 0, result.stderr
    line = json.loads((installed.folder / "lines.jsonl").read_text())
    assert line["config"]["message"] == line["result"] == "use ACME-*** now"


def test_its_aspects_are_compared(installed: Any) -> None:
    """One shows its facts; one that raises is a line with the name of the plugin."""
    code = """
from sacred_core.compare import diff
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

memory = Memory()
for number in (1, 2):
    EventDriver(MemoryObserver(memory)).start(host_info={"rack": number})
found = diff(*MemoryStore(memory).list(), only=["broken", "rack"])
print(*found.lines()[2:], *found.problems, sep="|")
"""
    result = installed.python("-c", code)
    assert result.stdout == (
        "|Rack:|  - rack = 1|  + rack = 2|The plugin 'acme' (acme 1.0): the aspect 'broken' "
        "failed: KeyError: 'nothing'\n"
    ), result.stderr


def test_its_sources_are_asked_for_runs(installed: Any) -> None:
    """The numbers are added; the condition is parsed; one that fails is one warning."""
    code = """
from sacred_core.testing import Memory, MemoryStore
from sacred_core.worker.sources import fill_queue

store = MemoryStore(Memory())
print(fill_queue(store), fill_queue(store, ""), fill_queue(store, "config.lr > 1"))
try:
    fill_queue(store, "config.lr >")
except Exception as error:
    print(type(error).__name__)
"""
    result = installed.python("-c", code)
    assert result.stdout == "2 2 1\nQueryError\n", result.stderr
    assert result.stderr == "The source of queued runs 'broken' failed: KeyError: 'nothing'\n"


def test_its_checks_decide_whether_a_run_should_stop(installed: Any) -> None:
    """The answer is recorded with the name of the check; one that fails is one warning."""
    (installed.folder / "script.py").write_text(
        SCRIPT.replace("(message)", "(message, _run)").replace("message\n", "_run.should_stop()\n")
    )
    for message, expected in (("stop", True), ("go", False)):
        result = installed.run("-A", "lines.jsonl", "with", f"message={message}")
        assert result.stderr.count("The stop check 'broken' failed: KeyError: 'nothing'") == 1
        line = json.loads((installed.folder / "lines.jsonl").read_text().splitlines()[-1])
        assert line["result"] is expected


def test_its_names_are_imported_from_documented_modules(installed: Any) -> None:
    """Each from the module that it is offered in, and from no other."""
    code = """
from sacred_core.observers import LineObserver, load_acme
from sacred_core.stflow import shout
import sacred_core
print(LineObserver.__name__, load_acme.__name__, shout.__name__)
print(hasattr(sacred_core.stflow, "load_acme"), hasattr(sacred_core.observers, "shout"))
"""
    result = installed.python("-c", code)
    assert result.stdout == "LineObserver load_acme shout\nFalse False\n", result.stderr


def test_its_check_of_keys_fails_before_the_run(installed: Any) -> None:
    """The error names the key, its place and the reason."""
    result = installed.run("with", "message={'deep': [{'a/b': 1}]}")
    assert (result.returncode, result.stdout) == (2, "")
    expected = "the configuration key 'a/b' (at 'message.deep.0.a/b') contains a slash: rename it"
    assert expected in result.stderr and "SETTINGS" not in result.stderr
