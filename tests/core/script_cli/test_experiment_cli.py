"""Tests of whole scripts, run as processes in an empty folder."""

import io
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from sacred_core import Experiment
from sacred_core.script_cli.usage import help_text
from sacred_core.terminal import text_width

Script = Callable[..., subprocess.CompletedProcess[str]]

HELLO_CONFIG = """
    from sacred_core import Experiment

    ex = Experiment('hello_config')

    @ex.config
    def my_config():
        recipient = "world"
        message = "Hello %s!" % recipient

    @ex.automain
    def my_main(message):
        print(message)
"""

FAILING = """
    import os, signal, sys
    from sacred_core import Experiment

    ex = Experiment("failing")

    @ex.command
    def broken():
        raise ValueError("mongodb://u:pw@host")

    @ex.command
    def interrupted():
        raise KeyboardInterrupt

    @ex.command
    def terminated():
        os.kill(os.getpid(), signal.SIGTERM)

    @ex.command
    def left(code):
        sys.exit(code)

    @ex.command
    def missing(nowhere):
        pass

    ex.add_config(code=3)

    @ex.automain
    def main():
        missing()
"""


@pytest.fixture
def script(tmp_path: Path) -> Script:
    def run(source: str, *args: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "hello_config.py"
        file.write_text(textwrap.dedent(source))
        return subprocess.run(
            [sys.executable, file, *args], cwd=tmp_path, capture_output=True, text=True
        )

    return run


def test_hello_config(script: Script) -> None:
    """What section 1.1.3 prints."""
    result = script(HELLO_CONFIG, "with", "recipient=that is cool", "-u")
    assert result.stdout == "Hello that is cool!\n"
    assert result.stderr.splitlines() == [
        "INFO - hello_config - Running command 'my_main'",
        "INFO - hello_config - Started",
        "INFO - hello_config - Completed after 0:00:00",
    ]


def test_print_config(script: Script) -> None:
    """Entries by name, without colour where it is no terminal."""
    result = script(HELLO_CONFIG, "print_config", "with", "seed=746486301")
    assert result.stdout.splitlines() == [
        "Configuration (modified, added, typechanged, doc):",
        "  message = 'Hello world!'",
        "  recipient = 'world'",
        "  seed = 746486301                    # the random seed for this experiment",
    ]
    assert "No observers" not in result.stderr


def test_without_observers_the_script_warns(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The warning names the option to use, and what to install if there is no such option."""
    monkeypatch.setenv("SACRED_PLUGINS__DISABLE", "file")
    assert script(HELLO_CONFIG).stderr.splitlines()[0] == (
        "WARNING - hello_config - No observers have been added to this run: nothing is recorded. "
        "Use -F my_runs to store it in a folder (install it with: pip install sacred-file)"
    )


def test_log_level(script: Script) -> None:
    """`-l ERROR` leaves the program's own output."""
    result = script(HELLO_CONFIG, "-l", "ERROR")
    assert (result.stdout, result.stderr) == ("Hello world!\n", "")


@pytest.mark.parametrize(
    ("args", "fragment"),
    [
        (["nope"], "has no command 'nope': it has my_main, print_config"),
        (["-m", "db"], "pip install sacred-mongo"),
        (["-l", "loud"], "'loud' is not a log level"),
        (["-b", "0"], "seconds above 0, got '0'"),
        (["-C", "tape"], "one of no, sys and fd, got 'tape'"),
        (["with"], "expected at least one update after 'with'"),
    ],
)
def test_misuse_is_one_sentence(
    script: Script, args: list[str], fragment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, no traceback, nothing was run."""
    monkeypatch.setenv("SACRED_PLUGINS__DISABLE", "mongo")
    result = script(HELLO_CONFIG, *args)
    assert result.returncode == 2
    assert fragment in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("args", [["-h"], ["help"], ["--help"]])
def test_help_lists_commands_and_options(script: Script, args: list[str]) -> None:
    """The script's own commands and the standard ones."""
    result = script(HELLO_CONFIG, *args)
    assert result.returncode == 0
    for word in ("Usage: hello_config.py", "my_main", "print_config", "-l, --loglevel LEVEL"):
        assert word in result.stdout


@pytest.mark.parametrize(("width", "longest"), [(40, 40), (80, 80), (160, 100), (None, 100)])
def test_the_help_fits_the_terminal(
    width: int | None, longest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No line of commands and options is wider; a wide terminal and a pipe have 100 columns."""

    class Stdout(io.StringIO):
        def isatty(self) -> bool:
            return width is not None

    monkeypatch.setattr(sys, "stdout", Stdout())
    monkeypatch.setenv("COLUMNS", str(width or 20))
    ex = Experiment("help", interactive=True)
    text = help_text(ex, "train.py")
    lines = [line for line in text.splitlines() if line != ex.doc]  # which is as it was written
    widest = max(map(text_width, lines))
    assert longest * 0.75 < widest <= longest
    assert "-b, --beat_interval SECONDS" in text


def test_help_of_a_command(script: Script) -> None:
    """Its signature and its docstring."""
    result = script(HELLO_CONFIG, "help", "my_main")
    assert result.stdout == "my_main(message)\n"


def test_failure_shows_only_the_users_frames(script: Script) -> None:
    """Exit code 1 and a traceback without ours; secrets in it are the user's own to print."""
    result = script(FAILING, "broken")
    assert result.returncode == 1
    assert "in broken" in result.stderr
    assert "sacred_core" + os.sep not in result.stderr
    assert "ERROR - failing - Failed after 0:00:00!" in result.stderr


def test_debug_leaves_the_exception_alone(script: Script) -> None:
    """With `-d` the whole stack is shown."""
    result = script(FAILING, "broken", "-d")
    assert result.returncode == 1
    assert "sacred_core" + os.sep in result.stderr


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("interrupted", 130),
        ("terminated", 143),
        ("left", 3),
        ("main", 1),
    ],
)
def test_exit_codes(script: Script, command: str, code: int) -> None:
    """Ctrl-C, SIGTERM, `sys.exit(3)` and a failure have different exit codes."""
    assert script(FAILING, command).returncode == code


def test_missing_value_points_at_the_call(script: Script) -> None:
    """The user's line and the sentence, without our frames."""
    result = script(FAILING)
    assert "in main" in result.stderr
    assert "missing() is missing a value for 'nowhere'" in result.stderr
    assert "sacred_core" + os.sep not in result.stderr


def test_a_wrong_setting_in_the_environment_is_one_sentence(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is reported when the script runs, not as a traceback at import."""
    monkeypatch.setenv("SACRED_CAPTURE_MODE", "tape")
    result = script(HELLO_CONFIG)
    assert result.returncode == 2
    assert "SETTINGS.CAPTURE_MODE must be one of 'no', 'sys', 'fd', got 'tape'" in result.stderr
    assert "Traceback" not in result.stderr


def test_ctrl_c_from_outside(tmp_path: Path) -> None:
    """A real SIGINT ends the run with 130."""
    file = tmp_path / "long.py"
    file.write_text(
        "import time\nfrom sacred_core import Experiment\nex = Experiment()\n"
        "@ex.automain\ndef main():\n    print('ready', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, file],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Aborted after" in err
