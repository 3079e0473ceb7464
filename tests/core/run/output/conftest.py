"""Scripts that print, in processes of their own."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

SCRIPT = """
    import ctypes, io, os, subprocess, sys, threading, time
    from sacred_core import Experiment, RunObserver, SETTINGS
    import sacred_core.run.output.spool as reading

    class Record(RunObserver):
        text = ""

        def output_event(self, text, offset):
            if offset < 10_000_000:
                self.text = self.text[:offset] + text

        def join(self):
            with open("record.txt", "w", newline="") as file:
                file.write(self.text)

    SETTINGS.CAPTURE_MODE = "{mode}"
    ex = Experiment("output", save_git_info=False)
    ex.observers.append(Record())

    @ex.automain
    def main(_run):
"""


class Scripts:
    """Runs a main function as a script and returns what was shown and what was recorded."""

    def __init__(self, folder: Path, mode: str) -> None:
        self.folder = folder
        self._head = textwrap.dedent(SCRIPT).replace("{mode}", mode)

    def write(self, body: str) -> list[Any]:
        source = self._head + textwrap.indent(textwrap.dedent(body), "    ")
        (self.folder / "script.py").write_text(source)
        return [sys.executable, "script.py", "-l", "ERROR", "-b", "0.05"]

    def run(self, body: str, **options: Any) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(self.write(body), timeout=60, check=True, **self._options(options))

    def with_head(self, head: str, body: str) -> list[Any]:
        """Write a script with more code in front of its main function; return its command."""
        command = self.write(body)
        path = self.folder / "script.py"
        start, main, rest = path.read_text().partition("@ex.automain")
        path.write_text(start + textwrap.dedent(head) + "\n" + main + rest)
        return command

    def with_long_beats(self, body: str) -> list[Any]:
        """Write a script whose output is read at its end only; return its command."""
        return [*self.write(body)[:-1], "1000"]

    def run_with_head(
        self, head: str, body: str, **options: Any
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run a script with more code in front of its main function."""
        done = self.execute(self.with_head(head, body), **options)
        assert done.returncode == 0, done.stderr
        return done

    def execute(self, command: list[Any], **options: Any) -> "subprocess.CompletedProcess[bytes]":
        """Run a command that need not succeed."""
        return subprocess.run(command, timeout=120, check=False, **self._options(options))

    def follower_ids(self) -> list[int]:
        """Return the processes that show a spool of these scripts now."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                is_follower = b"follower.py" in (path / "cmdline").read_bytes()
                if is_follower and (path / "cwd").readlink() == self.folder:
                    found.append(int(path.name))
        return found

    def followers(self) -> list[int]:
        """Return those that do not end by themselves within a moment."""
        deadline = time.monotonic() + 10
        while (found := self.follower_ids()) and time.monotonic() < deadline:
            time.sleep(0.01)
        return found

    def start(self, body: str, **options: Any) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self.write(body),
            # a shell that started the tests in the background made them ignore it
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            **self._options(options),
        )

    def shown(self, body: str, **options: Any) -> tuple[str, str]:
        process = self.start(body, **options)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        return (out or b"").decode(), (err or b"").decode()

    @property
    def record(self) -> str:
        return (self.folder / "record.txt").read_bytes().decode()

    def _options(self, given: dict[str, Any]) -> dict[str, Any]:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return {"cwd": self.folder, "env": environment, **pipes, **given}


@pytest.fixture
def scripts(tmp_path: Path, request: pytest.FixtureRequest) -> Scripts:
    """Scripts that record in the mode ``MODE`` of the tests' module."""
    return Scripts(tmp_path, request.module.MODE)
