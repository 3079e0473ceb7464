"""Tests of the standard commands, of commands of a script's own, and of logging."""

import json
import logging
import os
import pty
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from sacred_core import Experiment
from sacred_core.config.contributions import ConfigSummary
from sacred_core.script_cli.config_text import ADDED, MODIFIED, RESET, TYPECHANGED, render_config
from sacred_core.terminal import text_width

SCRIPT = """
    from sacred_core import Experiment

    ex = Experiment("commands")

    @ex.config
    def cfg():
        a = 1
        d = {"foo": 1, "bar": 2}

    @ex.named_config
    def rude():
        '''A rude named config'''
        a = 2

    @ex.automain
    def main(a, d):
        print("main", a)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(SCRIPT))
    return path


@pytest.fixture
def ex() -> Experiment:
    experiment = Experiment("commands")
    experiment.add_config(a=1, d={"foo": 1, "bar": 2}, same=0)
    experiment.main(lambda a, d: a)
    return experiment


def run(script: Path, *args: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, script, *args],
        cwd=script.parent,
        capture_output=True,
        text=True,
        check=True,
        **options,
    )


def test_colours_of_print_config(ex: Experiment) -> None:
    """Modified blue, added green, type-changed red; a group with changes is blue, too."""
    run = ex.run(config_updates={"a": 2, "d.foo": True, "d.baz": 3})
    lines = render_config(run.config, run.config_modifications, True).splitlines()
    assert f"{MODIFIED}  a = 2{RESET}" in lines
    assert f"{MODIFIED}  d:{RESET}" in lines
    assert f"{ADDED}    baz = 3{RESET}" in lines
    assert f"{TYPECHANGED}    foo = True{RESET}" in lines
    assert "    bar = 2" in lines
    assert (MODIFIED, ADDED, TYPECHANGED) == ("\x1b[34m", "\x1b[32m", "\x1b[31m")


def test_signs_of_print_config(ex: Experiment) -> None:
    """Without colours, signs mark what is modified, added and type-changed; the title has them."""
    run = ex.run(config_updates={"a": 2, "d.foo": True, "d.baz": 3})
    run.config_modifications.docs["d.foo"] = "a comment"
    lines = render_config(run.config, run.config_modifications, False).splitlines()
    assert lines[0] == "Configuration (* modified, + added, ! typechanged, doc):"
    for line in (r"  a = 2 {31}# \*", r"  d: {34}# \*", r"    baz = 3 {27}# \+",
                 r"    foo = True {24}# ! a comment", r"    bar = 2", r"  same = 0"):  # fmt: skip
        assert any(re.fullmatch(line, each) for each in lines), line
    coloured = render_config(run.config, run.config_modifications, True)
    assert not re.search(r"[#(] ?[*+!]", coloured), "with colours there are no signs"


def test_there_are_no_signs_without_changes(ex: Experiment) -> None:
    """The title is that of Sacred, and no entry has a sign."""
    run = ex.run()
    text = render_config(run.config, run.config_modifications, False)
    assert text.splitlines()[0] == "Configuration (modified, added, typechanged, doc):"
    assert not re.search(r"# [*+!]", text)


def test_long_values_are_indented() -> None:
    """Further lines of a value are below its first one, its entries in their order."""
    layers = [{"size": number, "activation": "relu", "bias": True} for number in range(2)]
    summary = ConfigSummary(docs={"group.layers": "from the input"})
    text = render_config({"group": {"layers": layers}}, summary, False)
    assert text.splitlines()[2:] == [
        "    layers = [{'size': 0, 'activation': 'relu', 'bias': True},",
        "              {'size': 1, 'activation': 'relu', 'bias': True}]  # from the input",
    ]


@pytest.mark.parametrize("name", ["学習率", "lr"])
def test_comments_are_aligned(name: str) -> None:
    """Comments begin in one column of the screen, also after wide characters."""
    summary = ConfigSummary(docs={name: "comment"})
    line = render_config({name: 1}, summary, False).splitlines()[1]
    assert text_width(line[: line.index("#")]) == 38


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({"TERM": "xterm"}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colour_is_for_terminals(script: Path, environment: dict[str, str], coloured: bool) -> None:
    """On a terminal there is colour, unless NO_COLOR is set or TERM is dumb; else signs."""
    main, terminal = pty.openpty()
    command = [sys.executable, script, "print_config", "with", "a=2"]
    with subprocess.Popen(
        command, stdout=terminal, stderr=subprocess.DEVNULL, env={**os.environ, **environment}
    ) as process:
        process.wait(30)
    os.close(terminal)
    shown = os.read(main, 10_000).decode()
    os.close(main)
    assert ("\x1b[34m" in shown) is coloured
    assert ("# *" in shown) is not coloured
    piped = run(script, "print_config", "with", "a=2").stdout
    assert "\x1b" not in piped and "# *" in piped


def test_save_config(script: Path) -> None:
    """The file is JSON by default, otherwise in the format of the suffix, without the name of the
    file itself.
    """
    run(script, "save_config", "with", "a=5", "seed=1")
    expected = {"a": 5, "d": {"foo": 1, "bar": 2}, "seed": 1}
    assert json.loads((script.parent / "config.json").read_text()) == expected
    run(script, "save_config", "with", "a=5", "seed=1", "config_filename=mine.yaml")
    assert yaml.safe_load((script.parent / "mine.yaml").read_text()) == expected


def test_print_named_configs(script: Path, tmp_path: Path) -> None:
    """Named configurations are printed with their docstrings, or that there are none."""
    assert run(script, "print_named_configs").stdout.splitlines() == [
        "Named Configurations (doc):",
        "  rude  # A rude named config",
    ]
    bare = tmp_path / "bare.py"
    bare.write_text("from sacred_core import Experiment\nex = Experiment()\n"
                    "@ex.automain\ndef main():\n    pass\n")  # fmt: skip
    assert run(bare, "print_named_configs").stdout.splitlines()[1] == "  No named configs"


def test_help_of_a_command(capsys: pytest.CaptureFixture[str], ex: Experiment) -> None:
    """The help of a command is as section 1.4.3 prints it."""

    @ex.command
    def scream(loud: bool = True) -> None:
        """
        scream, and shout, and let it all out ...
        """

    with pytest.raises(SystemExit) as exit_info:
        ex.run_commandline("x.py help scream")
    assert exit_info.value.code == 0
    output = capsys.readouterr().out
    assert "scream(loud: bool = True)" in output
    assert "\n  scream, and shout, and let it all out ..." in output


def test_custom_commands(ex: Experiment) -> None:
    """They take entries, below a prefix too, and may leave observers out."""
    heard: list[str] = []

    class Listener:
        def started_event(self, command: str) -> None:
            heard.append(command)

    ex.observers.append(Listener())

    @ex.command(prefix="d")
    def inside(foo: int, bar: int) -> int:
        return foo + bar

    @ex.command(unobserved=True)
    def helper(a: int) -> int:
        return a

    assert ex.run("inside", {"d.foo": 5}).result == 7
    assert ex.run_command("helper").result == 1
    assert heard == ["inside"]


def test_print_config_first(script: Path) -> None:
    """With `-p` the configuration comes before what the command prints."""
    out = run(script, "-p").stdout
    assert out.index("  a = 1") < out.index("main 1")


def test_pdb_starts_where_the_command_failed(script: Path) -> None:
    """After the failure was recorded; the variables of the user's frame are there."""
    script.write_text(script.read_text().replace('print("main", a)', "a.nope"))
    done = subprocess.run(
        [sys.executable, script, "-D"],
        input="p ('value of a', a)\nq\n",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "('value of a', 1)" in done.stdout
    assert "Failed after" in done.stderr


@pytest.mark.parametrize(
    ("level", "debugging", "started"),
    [("DEBUG", True, True), ("20", False, True), ("warning", False, False), ("40", False, False)],
)
def test_log_levels(script: Path, level: str, debugging: bool, started: bool) -> None:
    """Names in any case, and numbers (section 1.8.1)."""
    body = "def main(a, d, _log):\n    _log.debug('debugging')"
    script.write_text(script.read_text().replace("def main(a, d):", body))
    log = run(script, "-l", level).stderr
    assert ("debugging" in log) is debugging
    assert ("Started" in log) is started


def test_log_level_of_one_run(ex: Experiment) -> None:
    """It is set for the run and given back afterwards (section 1.8.2)."""
    logger = logging.getLogger("tests.level")
    logger.setLevel(logging.INFO)
    ex.logger = logger
    levels: list[int] = []
    ex.main(lambda: levels.append(logger.level))
    ex.run(options={"--loglevel": "ERROR"})
    ex.run()
    assert levels == [logging.ERROR, logging.INFO]


def test_loggers_of_functions(ex: Experiment) -> None:
    """Children of the experiment's logger, named like the functions."""
    ex.logger = logging.getLogger("mine")
    ex.main(lambda _log: _log)
    log = ex.run().result
    assert log.parent is ex.logger
    assert log.name == "mine.<lambda>"


def test_the_users_logging_is_left_alone(tmp_path: Path) -> None:
    """Handlers that are set up get our lines; none is added or removed."""
    script = tmp_path / "logging_script.py"
    script.write_text(
        "import logging\nfrom sacred_core import Experiment\n"
        "logging.basicConfig(filename='own.log', level='INFO', format='OWN %(message)s')\n"
        "ex = Experiment()\n@ex.automain\ndef main(_log):\n    _log.info('hello')\n"
        "    print(len(logging.root.handlers))\n"
    )
    done = run(script)
    assert done.stdout == "1\n"
    assert done.stderr == ""
    assert "OWN hello\n" in (tmp_path / "own.log").read_text()


def test_two_runs_log_once_each(script: Path) -> None:
    """In one process no line is doubled."""
    script.write_text(
        textwrap.dedent(SCRIPT).replace("@ex.automain", "@ex.main") + "\nex.run()\nex.run()\n"
    )
    lines = run(script).stderr.splitlines()
    assert sum("Started" in line for line in lines) == 2
