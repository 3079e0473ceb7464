"""Tests of the warning about a script that never runs its experiment."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

WARNING = (
    "Warning: the experiment 'train' was defined, but not run: use @ex.automain in place of "
    "@ex.main, or call ex.run_commandline() at the end of the file\n"
)
#: The definition of an experiment that does not run.
DEFINITION = """
    import os, sys
    from sacred_core import Experiment

    ex = Experiment("train", save_git_info=False)

    @ex.main
    def main():
        pass

"""
OTHER = """
    def start(ex):
        ex.run(options={"--loglevel": "CRITICAL"})
"""


def stderr_of(folder: Path, source: str, *flags: str, **environment: str) -> str:
    """Return what a script prints on stderr; "train.py" is added to the flags of Python."""
    (folder / "train.py").write_text(textwrap.dedent(source))
    (folder / "other.py").write_text(textwrap.dedent(OTHER))
    return subprocess.run(
        [sys.executable, *(flags or ("train.py",))], cwd=folder, env={**os.environ, **environment},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    ).stderr  # fmt: skip


@pytest.mark.parametrize("end", ["", "print('the end')", "os.environ['ANY'] = 'x'"])
def test_a_script_that_never_runs_says_so(tmp_path: Path, end: str) -> None:
    """The warning is printed once, after the last line."""
    assert stderr_of(tmp_path, f"{DEFINITION}    {end}\n") == WARNING


@pytest.mark.parametrize(
    "end",
    [
        "import other; other.start(ex)",
        "Experiment('outer', ingredients=[ex]); import other; other.start(ex)",
        "sys.exit(0)",
        "os._exit(0)",
        "getattr(ex, 'run')",
        "if len(sys.argv) > 1: ex.run()",
        "import atexit, other; atexit.register(lambda: other.start(ex))",
        "import threading, other; threading.Thread(target=other.start, args=(ex,)).start()",
    ],
)
def test_a_script_that_may_run_is_silent(tmp_path: Path, end: str) -> None:
    """Nothing is printed where something else runs it, or the script ends before its last line."""
    assert stderr_of(tmp_path, f"{DEFINITION}    {end}\n") == ""


def test_an_exception_is_printed_alone(tmp_path: Path) -> None:
    """The traceback of a script that fails is not followed by the warning."""
    assert "Warning" not in stderr_of(tmp_path, f"{DEFINITION}    1 / 0\n")


@pytest.mark.parametrize(
    ("flags", "environment"),
    [
        (("-i", "train.py"), {}),
        (("-c", "import train"), {}),
        (("train.py",), {"PYTHONINSPECT": "x"}),
        (("-c", "import multiprocessing as m, train; m.Process(target=train.main).start()"), {}),
    ],
)
def test_no_warning_where_it_can_still_run(
    tmp_path: Path, flags: tuple[str, ...], environment: dict[str, str]
) -> None:
    """An interactive session and an import are silent."""
    assert "Warning" not in stderr_of(tmp_path, DEFINITION, *flags, **environment)


def test_a_child_process_is_silent(tmp_path: Path) -> None:
    """The warning is that of the parent process only."""
    end = "pid = os.fork(); pid and os.wait()"
    assert stderr_of(tmp_path, f"{DEFINITION}    {end}\n") == WARNING
