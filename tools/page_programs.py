"""The programs that run the blocks of a page: a shell, an interpreter of Python, a notebook."""

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

COLUMNS = 88
#: Seconds after which a command is an error.
PATIENCE = 120.0
#: Ends each output, with an exit code.
END = re.compile(rb"\x1e(\d+)\x1e\r\n$")
#: Executes the files whose names it reads, in one namespace.
INTERPRETER = r"""
import sys, traceback, types
driver, page = sys.modules["__main__"], types.ModuleType("__main__")
sys.modules["__main__"] = page
for line in sys.stdin:
    page.__file__, code = line.strip(), 0
    sys.argv = [page.__file__]
    try:
        exec(compile(open(page.__file__).read(), page.__file__, "exec"), page.__dict__)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException as error:
        code, error.__traceback__ = 1, error.__traceback__.tb_next
        traceback.print_exception(error)
    sys.stderr.flush()
    print(f"\x1e{code}\x1e", flush=True)
"""


class ProgramError(Exception):
    """A program did not end a command in time, or ended itself."""


class Program:
    """A program that prints to a terminal, and waits for commands.

    Args:
        command: The program and its arguments.
        folder: Where it works.
        environment: Its environment variables.
    """

    def __init__(self, command: list[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._main, terminal = pty.openpty()
        termios.tcsetwinsize(terminal, (40, COLUMNS))
        self._process = subprocess.Popen(
            command, cwd=folder, env=environment, start_new_session=True,
            stdin=subprocess.PIPE, stdout=terminal, stderr=terminal,
        )  # fmt: skip
        os.close(terminal)

    def send(self, line: str) -> tuple[str, int]:
        """Send a command and return what is printed until its end, and its exit code.

        Raises:
            ProgramError: The command did not end in time, or the program ended.
        """
        end = self.answer(line, END)
        return decoded(end.string[: end.start()]), int(end[1])

    def answer(self, line: str, pattern: re.Pattern[bytes]) -> re.Match[bytes]:
        """Send a command and return what it has printed when that matches a pattern.

        Raises:
            ProgramError: It did not match in time, or the program ended.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode())
        self._process.stdin.flush()
        printed, last = b"", time.monotonic() + PATIENCE
        while not (found := pattern.search(printed)):
            if part := self._read():
                printed += part
            elif self._process.poll() is not None:
                raise ProgramError(f"the program ended during {line.strip()!r}")
            elif time.monotonic() > last:
                text = printed.decode(errors="replace")
                raise ProgramError(f"{line.strip()!r} did not end in {PATIENCE:.0f} s:\n{text}")
        return found

    def _read(self) -> bytes:
        """Return what was printed in the last half second, or since."""
        with contextlib.suppress(OSError):  # the terminal is closed
            ready, _, _ = select.select([self._main], [], [], 0.5)
            return os.read(self._main, 65536) if ready else b""
        return b""

    def close(self) -> None:
        """End the program, and the programs that it started and that still run."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._main)


class Shell(Program):
    """A shell."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        super().__init__(["bash", "--norc"], folder, environment)

    def run(self, command: str) -> tuple[str, int]:
        """Run a command and return what it prints and its exit code."""
        return self.send(f"{{ {command}\n}} </dev/null; echo \x1e$?\x1e\n")

    def interrupt(self, command: str, lines: int) -> str:
        """Run a command, press Ctrl-C when it has printed some lines, and return what it prints."""
        some = re.compile(rb"\A(.*\n){%d}" % lines)
        before = self.answer(f"set -m; {{ {command}\n}} </dev/null & set +m\n", some)
        after = self.answer("kill -INT -$!; wait $!; echo \x1e$?\x1e\n", END)
        return f"{decoded(before.string)}^C\n{decoded(after.string[: after.start()])}"


def decoded(printed: bytes) -> str:
    """Return what a terminal printed as lines."""
    return printed.decode().replace("\r\n", "\n")


class Interpreter(Program):
    """A process of Python that executes the blocks of a page in one namespace.

    Each block is a file, so that tracebacks and config scopes have its source.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], python: str) -> None:
        super().__init__([python, "-c", INTERPRETER], folder, environment)
        self._folder = folder
        self._blocks = 0

    def run(self, source: str) -> tuple[str, int]:
        """Execute a block and return what it prints and its exit code."""
        self._blocks += 1
        file = self._folder / f"block_{self._blocks}.py"
        file.write_text(source, encoding="utf-8")
        return self.send(f"{file}\n")


class Notebook:
    """A kernel of the Python that the shell finds, started with the first cell."""

    def __init__(self, folder: Path, environment: Mapping[str, str], python: str) -> None:
        import nbformat
        from jupyter_client.kernelspec import KernelSpecManager
        from jupyter_client.manager import AsyncKernelManager
        from nbclient import NotebookClient

        spec = folder / ".kernels" / "page"
        spec.mkdir(parents=True)
        command = f'["{python}", "-m", "ipykernel_launcher", "-f", "{{connection_file}}"]'
        (spec / "kernel.json").write_text(f'{{"argv": {command}, "display_name": "page"}}')
        kernels = KernelSpecManager(kernel_dirs=[str(spec.parent)], ensure_native_kernel=False)
        manager = AsyncKernelManager(kernel_name="page", kernel_spec_manager=kernels)
        self._format = nbformat.v4
        self._client = NotebookClient(self._format.new_notebook(), km=manager, allow_errors=True)
        self._stack = contextlib.ExitStack()
        setup = self._client.setup_kernel(
            cleanup_kc=True, cwd=str(folder), env=dict(environment), stderr=subprocess.DEVNULL
        )
        self._stack.enter_context(setup)

    def run(self, source: str) -> str:
        """Run a cell and return what a reader sees below it."""
        cells = self._client.nb.cells
        cells.append(self._format.new_code_cell(source))
        self._client.execute_cell(cells[-1], len(cells) - 1)
        return "".join(map(shown_output, cells[-1].outputs))

    def close(self) -> None:
        """End the kernel."""
        self._stack.close()


def shown_output(output: Any) -> str:
    """Return the text of an output of a cell."""
    match output["output_type"]:
        case "stream":
            return str(output["text"])
        case "error":
            return "\n".join(output["traceback"]) + "\n"
    return str(output["data"]["text/plain"]) + "\n"
