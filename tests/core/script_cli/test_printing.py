"""Tests of output that nothing reads to its end."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

SCRIPT = """
    from sacred_core import Experiment

    ex = Experiment("long", save_git_info=False)
    ex.add_config({f"entry_{number}": "x" * 100 for number in range(3000)})

    @ex.named_config
    def short():
        entry_0 = ""

    @ex.automain
    def main():
        print("short")
"""
COMMANDS = [
    "print_config",
    "print_dependencies",
    "print_named_configs",
    "--help",
    "help main",
    "-p",
]


def run(folder: Path, line: str) -> "subprocess.CompletedProcess[str]":
    """Run a line of bash in which $SCRIPT is the script; the first exit code of a pipe counts."""
    (folder / "long.py").write_text(textwrap.dedent(SCRIPT))
    unbuffered = {"PYTHONUNBUFFERED": ""}
    return subprocess.run(
        ["bash", "-c", f"{line}; exit ${{PIPESTATUS[0]}}"],
        cwd=folder, env={**os.environ, **unbuffered, "SCRIPT": f"{sys.executable} long.py"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("command", [*COMMANDS, ""])
def test_a_closed_pipe_is_not_an_error(tmp_path: Path, command: str) -> None:
    """`| true` closes the pipe before the first line: exit code 0, and no traceback."""
    done = run(tmp_path, f"$SCRIPT {command} -l ERROR | true")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Error" not in done.stderr and "Exception" not in done.stderr, done.stderr


def test_the_first_lines_are_printed(tmp_path: Path) -> None:
    """`| head -1` gets the first line."""
    done = run(tmp_path, "$SCRIPT print_config -l ERROR | head -1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Configuration (modified, added, typechanged, doc):\n"


@pytest.mark.parametrize("command", ["print_config", "-p"])
def test_a_closed_stdout_is_not_an_error(tmp_path: Path, command: str) -> None:
    """`>&-` closes stdout before the start: the command completes."""
    done = run(tmp_path, f"$SCRIPT {command} -l ERROR >&-")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
@pytest.mark.parametrize(("command", "code"), [("print_config", 1), ("--help", 2)])
def test_a_full_disk_is_one_sentence(tmp_path: Path, command: str, code: int) -> None:
    """A disk without space is reported, and not by Python at its end."""
    done = run(tmp_path, f"$SCRIPT {command} -l CRITICAL >/dev/full")
    assert done.stderr == "Error: stdout cannot be written: No space left on device\n"
    assert done.returncode == code


@pytest.mark.parametrize(
    ("command", "target"), [("plugins", "| true"), ("--help", ">&-"), ("--help", ">/dev/full")]
)
def test_the_command_sacred_has_no_traceback(tmp_path: Path, command: str, target: str) -> None:
    """The command `sacred` ends with 0, 1 or 2, and at most one sentence."""
    done = run(tmp_path, f"{sys.executable} -m sacred_core {command} {target}")
    assert done.returncode in (0, 1, 2)
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) <= 1


@pytest.mark.parametrize("stream", ["1", "2"])
def test_output_that_cannot_be_written_does_not_change_the_exit_code(
    tmp_path: Path, stream: str
) -> None:
    """After a signal the exit code is that of the signal, not the 120 of Python."""
    (tmp_path / "ends.py").write_text(
        textwrap.dedent("""
        import contextlib, os, signal, sys
        from sacred_core import Experiment
        ex = Experiment("ends", save_git_info=False)

        @ex.automain
        def main():
            for each in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError):
                    each.write("pending\\n")
            os.kill(os.getpid(), signal.SIGTERM)
        """)
    )
    line = f'"{sys.executable}" ends.py -u -l CRITICAL {stream}> /dev/full'
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 128 + signal.SIGTERM, done.stderr
