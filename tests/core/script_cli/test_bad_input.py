"""What a user may get wrong, and the sentence that is printed for it.

Each row: the arguments, a part of the message, and, where it is not the usual script, the source
that takes the place of the usual one. Exit code 2, one or two lines, no trace of ours, nothing run.
"""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sacred_core
from sacred_core import Experiment, RunObserver
from sacred_core.testing.effort import examples

SCRIPT = """
    from sacred_core import Experiment, Ingredient

    data = Ingredient("data")
    data.add_config(n=1)
    ex = Experiment("bad_input", ingredients=[data])

    @ex.config
    def cfg():
        a = 1
        d = {"x": 1}
        layers = [1, 2]

    @ex.named_config
    def variant():
        a = 2

    @ex.automain
    def main(a, d, layers, data):
        print("RAN")
"""


def script(body: str) -> str:
    """A script with ``body`` before its end."""
    return textwrap.dedent(SCRIPT).replace("@ex.automain", textwrap.dedent(body) + "\n@ex.automain")


ROWS: list[tuple[str, list[str], str, str | None]] = [
    ("unknown command", ["nope"], "no command 'nope': it has main, print_config", None),
    ("unknown option", ["--nope"], "No such option '--nope'", None),
    ("misspelt option", ["--loglvel=1"], "--loglevel", None),
    ("no argument", ["-l"], "requires an argument", None),
    ("argument of a flag", ["--debug=5"], "'--debug' does not take a value", None),
    ("missing plugin", ["--s3", "x"], "pip install sacred-s3", None),
    ("update without with", ["a=1"], "'a=1' is not a command: config updates go", None),
    ("two commands", ["main", "main"], "unexpected argument 'main'", None),
    ("nothing after with", ["with"], "expected at least one update after 'with'", None),
    ("no name", ["with", "=5"], "'=5' names no entry", None),
    ("empty part", ["with", "d..x=1"], "'d..x=1' names no entry", None),
    ("empty end", ["with", "d.=1"], "'d.=1' names no entry", None),
    ("contradiction", ["with", "d=1", "d.x=2"], "'d.x' reaches into 'd', which another", None),
    ("path into a number", ["with", "a.b=1"], "a.b cannot be set: 'a' is 1", None),
    ("index out of range", ["with", "layers.2=1"], "a list of 2, whose items are 0 to 1", None),
    ("unknown entry", ["with", "aa=1"], "unknown config entry 'aa': not defined", None),
    ("unknown nested", ["with", "data.m=1"], "'data.n'", script("""
        del ex.captured_functions[:]
    """).replace("def main(a, d, layers, data)", "def main(a)")),
    ("forbidden key", ["with", "d.py/x=1"], "'py/x' (at 'd.py/x') has a meaning", None),
    ("named config", ["with", "varaint"], "unknown named configuration 'varaint': did you", None),
    ("missing file", ["with", "nowhere.json"], "'nowhere.json' cannot be read", None),
    ("empty file", ["with", "empty.json"], "'empty.json' cannot be read: Expecting value", None),
    ("invalid file", ["with", "broken.yaml"], "'broken.yaml' cannot be read", None),
    ("no mapping", ["with", "list.json"], "'list.json' holds a list", None),
    ("unknown kind of file", ["with", "x.ini"], "unknown named configuration 'x.ini'", None),
    ("a folder as a file", ["with", "folder.json"], "'folder.json' cannot be read", None),
    ("seed is text", ["with", "seed=abc"], "seed must be an integer, got 'abc'", None),
    ("seed is a fraction", ["with", "seed=1.5"], "seed must be an integer, got 1.5", None),
    ("log level", ["-l", "loud"], "'loud' is not a log level", None),
    ("beat interval", ["-b", "soon"], "--beat_interval must be a number, got 'soon'", None),
    ("beat interval 0", ["-b", "0"], "seconds above 0, got '0'", None),
    ("priority", ["-P", "high"], "--priority must be a number, got 'high'", None),
    ("capture mode", ["-C", "tape"], "--capture is one of no, sys and fd, not 'tape'", None),
    ("enforce clean", ["-e"], "no git repository is recorded", None),
    ("help of nothing", ["help", "nope"], "no command 'nope'", None),
    ("help of two", ["help", "main", "main"], "help takes one command", None),
    ("no main function", [], "no command to run: the experiment 'empty' has no main function", """
        from sacred_core import Experiment
        ex = Experiment("empty")
        ex.run_commandline()
    """),
    ("scope parameter", [], "takes 'nope', which is defined nowhere before it", script("""
        @ex.config
        def second(nope):
            b = nope
    """)),
    ("ingredients in a circle", [], "use each other in a circle", script("""
        data.ingredients.append(ex)
    """)),
    ("two ingredients, one path", [], "two ingredients have the same path 'data'", script("""
        ex.ingredients.append(Ingredient("data"))
    """)),
    ("own flag that is taken", [], "has the flag '-l', which is taken", script("""
        from sacred_core import cli_option
        ex.additional_cli_options.append(cli_option("-l", "--lucky")(lambda args, run: None))
    """)),
    ("setting", [], "SETTINGS.CAPTURE_MODE is one of 'no', 'sys', 'fd', not 'tape'", script("""
        from sacred_core import SETTINGS
        SETTINGS.CAPTURE_MODE = "tape"
    """)),
]  # fmt: skip


def run(folder: Path, source: str | None, args: list[str]) -> "subprocess.CompletedProcess[str]":
    (folder / "script.py").write_text(textwrap.dedent(source or SCRIPT))
    (folder / "empty.json").write_text("")
    (folder / "broken.yaml").write_text("a: [")
    (folder / "list.json").write_text("[1]")
    (folder / "folder.json").mkdir()
    # One plugin is missing, whatever is installed.
    missing = {"SACRED_PLUGINS__DISABLE": "s3"}
    environment = {**os.environ, **missing, "GIT_CEILING_DIRECTORIES": str(folder)}
    return subprocess.run(
        [sys.executable, "script.py", *args],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(("name", "args", "reported", "source"), ROWS, ids=[row[0] for row in ROWS])
def test_it_is_reported_in_a_sentence(
    tmp_path: Path, name: str, args: list[str], reported: str, source: str | None
) -> None:
    """What happened, the value and the way out; nothing of ours, and nothing was run."""
    done = run(tmp_path, source, args)
    assert done.returncode == 2, done.stderr
    assert reported in done.stderr
    assert "Traceback" not in done.stderr
    assert str(Path(sacred_core.__file__).parent) not in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert done.stdout == ""


def test_run_as_a_decorator_is_reported(tmp_path: Path) -> None:
    """The manual itself makes this mistake once (section 1.4.5)."""
    done = run(tmp_path, SCRIPT.replace("@ex.automain", "@ex.run"), [])
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "@ex.run is not a decorator, it runs the experiment: use @ex.main" in done.stderr


class Statuses(RunObserver):
    """Notes which runs began and how they ended."""

    def __init__(self) -> None:
        self.open = 0

    def started_event(self) -> None:
        self.open += 1

    def _closed(self) -> None:
        self.open -= 1

    completed_event = failed_event = interrupted_event = _closed


WORDS = st.one_of(
    st.sampled_from(
        "with main print_config print_named_configs help nope a=1 a=x d.x=2 d= =1 a..b=1 d.x.y=3 "
        "layers.0=5 layers.9=1 seed=1 seed=x variant data.n=3 nowhere.json -u -q -h -p -f --force "
        "-l ERROR INFO -b 5 -b x -P 1 -C no -C sys -c text -n name -i 7 --debug=1 --nope -Z -- - "
        "--origin --help= -l= [] {} '".split()
    ),
    st.text(max_size=6),
)


@settings(
    max_examples=examples(100, 10_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(words=st.lists(WORDS, max_size=7))
def test_any_command_line_ends_well(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    """It runs, or is refused with exit code 2: no trace of ours, no run left RUNNING."""
    namespace: dict[str, Any] = {"__name__": "drawn", "__file__": __file__}
    ex = Experiment("drawn", save_git_info=False)
    ex.add_config(a=1, d={"x": 1}, layers=[1, 2], data={"n": 1})
    ex.add_named_config("variant", a=2)
    ex.main(lambda a, d, layers, data: namespace.get("nothing"))
    statuses = Statuses()
    ex.observers.append(statuses)
    code: Any = 0
    try:
        ex.run_commandline(["drawn.py", *words])
    except SystemExit as error:
        code = error.code
    assert code in (0, 2)
    assert statuses.open == 0
    assert "Traceback" not in capsys.readouterr().err


def test_the_table_holds_enough() -> None:
    """Every kind of mistake that the project has thought of has a row."""
    assert len(ROWS) >= 40
    assert json.dumps([row[0] for row in ROWS])
