"""Run the blocks of a page in order, as its reader would, and compare what they print.

.venv/bin/python tools/run_page.py docs/guide.md          # minutes and commands of each section
.venv/bin/python tools/run_page.py docs/guide.md --write  # update what the blocks print

====================================  ===========================================================
block                                 what happens
====================================  ===========================================================
``python title="train.py"``           is written to this file (any language)
``python title="…" before="LINE"``    is inserted into the file, before this line
``python title="…" from="LINE"``      replaces this line of the file and all after it
``console``                           each line after ``$`` is run by one shell; the rest is output
``python title="notebook.ipynb"``     is run as a cell; a ``text`` block after it is its output
====================================  ===========================================================

A command that ends with another exit code than 0 has the comment ``# exit code 2``. A line ``...``
in the output matches any lines. A command with the line ``^C`` in its output is interrupted when it
has printed the lines before. What differs from run to run, or between machines, is in `VARYING`.
"""

import argparse
import contextlib
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import termios
import time
import venv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = 88
HOME = "/home/ada/line"  # what the page shows as the folder of its reader
BLOCK = re.compile(r"^```(\w+)(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
CODE = re.compile(r"# exit code (\d+)$")
#: Variables with which nox selects an environment, in place of the one of the reader.
SELECTING = ("UV_PROJECT_ENVIRONMENT", "UV_PYTHON")
#: What is not compared: regular expressions, and what is compared instead.
VARYING: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?", "TIME"),
    (r"\d+:\d\d:\d\d|(?<![\w.])\d+(\.\d+)?[smhd]\b", "DURATION"),
    (r"\d+ \w+ ago\b", "AGE"),
    (r"(?<![\w.])[1-9]\d{3,9}(?![\w.])", "SEED"),
    (r"\d+\.\d{12,}", lambda match: f"{float(match[0]):.10g}"),  # libm differs in the last digit
    (r"\b[0-9a-f]{32}\b", "DIGEST"),
    (r"^Host:\n( .*\n)+", "HOST\n"),
    (r"[ ─]{2,}", "  "),  # columns are as wide as what is in them
)


class PageError(Exception):
    """A block failed."""


@dataclass
class Section:
    """A heading of the second level, and what it takes to follow it.

    Attributes:
        title: The heading.
        commands: Number of commands and cells.
        seconds: Measured, of its commands.
        words: Number of words outside of blocks.
        typed: Number of characters of its code and commands, without their output.
    """

    title: str
    commands: int = 0
    seconds: float = 0.0
    words: int = 0
    typed: int = 0

    @property
    def minutes(self) -> float:
        """An estimate for somebody who reads 200 words and types 200 characters in a minute."""
        return self.words / 200 + self.typed / 200 + self.seconds / 60


class Shell:
    """A shell that prints to a terminal, and waits for commands."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._master, terminal = pty.openpty()
        termios.tcsetwinsize(terminal, (40, COLUMNS))
        self._process = subprocess.Popen(
            ["bash", "--norc"], cwd=folder, env=environment,
            stdin=subprocess.PIPE, stdout=terminal, stderr=terminal,
        )  # fmt: skip
        os.close(terminal)

    def run(self, command: str) -> tuple[str, int]:
        """Run a command and return what it prints and its exit code."""
        assert self._process.stdin is not None
        self._write(f"{{ {command}\n}} </dev/null; echo \x1e$?\x1e")
        end = self._read_until(rb"\x1e(\d+)\x1e\r\n$")
        return decoded(end.string[: end.start()]), int(end[1])

    def interrupt(self, command: str, lines: int) -> str:
        """Run a command, press Ctrl-C when it has printed some lines, and return what it prints."""
        self._write(f"set -m; {{ {command}\n}} </dev/null & set +m")
        before = self._read_until(rb"\A(.*\n){%d}" % lines, seconds=60)
        self._write("kill -INT -$!; wait $!; echo \x1e")
        after = self._read_until(rb"\x1e\r\n$")
        return f"{decoded(before.string)}^C\n{decoded(after.string[: after.start()])}"

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def _read_until(self, pattern: bytes, seconds: float | None = None) -> re.Match[bytes]:
        printed = b""
        while not (found := re.search(pattern, printed)):
            if not select.select([self._master], [], [], seconds)[0]:
                raise PageError(f"nothing more was printed for {seconds} s:\n{decoded(printed)}")
            printed += os.read(self._master, 65536)
        return found

    def close(self) -> None:
        """End the shell."""
        self._process.communicate()
        os.close(self._master)


def decoded(printed: bytes) -> str:
    """Return what a terminal printed as lines."""
    return printed.decode().replace("\r\n", "\n")


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


class Page:
    """A page that is being run in a folder.

    Args:
        text: The page.
        folder: Where its reader works.
        environment: The environment variables of the reader.
    """

    def __init__(self, text: str, folder: Path, environment: Mapping[str, str]) -> None:
        self._text = text
        self._folder = folder
        self._environment = environment
        self._notebook: Notebook | None = None
        self._cell_output: str | None = None
        self.sections: list[Section] = []

    def run(self) -> str:
        """Run all blocks and return the page with what they printed, unless only `VARYING` differs.

        Raises:
            PageError: A command ended with an exit code that the page does not name.
        """
        self._shell = Shell(self._folder, self._environment)
        if "UV" in self._environment:
            self._shell.run('pip() { "$UV" -q pip "$@"; }')
        try:
            parts = re.split(r"^(?=## )", self._text, flags=re.MULTILINE)
            return "".join(map(self._run_section, parts))
        finally:
            self._shell.close()
            if self._notebook is not None:
                self._notebook.close()

    def _run_section(self, text: str) -> str:
        title = text.partition("\n")[0].removeprefix("## ")
        self.sections.append(Section(title, words=len(BLOCK.sub("", text).split())))
        began = time.monotonic()
        filled = BLOCK.sub(self._run_block, text)
        self.sections[-1].seconds = time.monotonic() - began
        return filled

    def _run_block(self, block: re.Match[str]) -> str:
        language, written, content = block.groups()
        options = dict(re.findall(r'(\w+)="([^"]+)"', written))
        match language, options.get("title"):
            case "python", "notebook.ipynb":
                self.sections[-1].typed += len(content)
                self._cell_output = self._run_cell(content)
            case _, str(name):
                self.sections[-1].typed += len(content)
                write_block(self._folder / name, content, options)
            case "console", _:
                commands = re.split(r"^\$ ", content, flags=re.MULTILINE)
                content = "".join(map(self._run_command, filter(None, commands)))
            case "text", _ if self._cell_output is not None:
                content = chosen(content, self._cell_output, self._folder)
                self._cell_output = None
        head = block[0].partition("\n")[0]
        return f"{head}\n{content}```"

    def _run_command(self, text: str) -> str:
        command, _, output = text.partition("\n")
        self.sections[-1].commands += 1
        self.sections[-1].typed += len(command)
        if interrupted := re.search(r"^\^C$", output, re.MULTILINE):
            printed = self._shell.interrupt(command, output.count("\n", 0, interrupted.start()))
            return f"$ {command}\n{chosen(output, printed, self._folder)}"
        printed, code = self._shell.run(command)
        named = CODE.search(command)
        if code != int(named[1] if named else 0):
            raise PageError(f"'{command}' ended with exit code {code}:\n{printed}")
        if command.startswith("pip install"):
            return f"$ {text}"
        return f"$ {command}\n{chosen(output, printed, self._folder)}"

    def _run_cell(self, source: str) -> str:
        self.sections[-1].commands += 1
        if self._notebook is None:
            python, _ = self._shell.run("command -v python")
            self._notebook = Notebook(self._folder, self._environment, python.strip())
        return self._notebook.run(source)


def write_block(file: Path, content: str, options: Mapping[str, str]) -> None:
    """Write a block to a file, or to the place in the file that its options name."""
    if "before" in options or "from" in options:
        line = options.get("before") or options["from"]
        old = file.read_text(encoding="utf-8")
        start, found, end = re.split(rf"^({re.escape(line)}\n)", old, flags=re.MULTILINE)
        content = f"{start}{content}" + (f"\n\n{found}{end}" if "before" in options else "")
    file.write_text(content, encoding="utf-8")


def chosen(expected: str, printed: str, folder: Path) -> str:
    """Return ``expected`` if the output is equal to it but for `VARYING`, else the output."""
    printed = re.sub(r"\x1b\[[0-9;]*m", "", printed).replace(str(folder), HOME)
    printed = "".join(f"{line.rstrip()}\n" for line in printed.rstrip().splitlines())
    parts = map(re.escape, re.split(r"^\.\.\.$", compared(expected), flags=re.MULTILINE))
    pattern = "(.*\n)*?".join(part.removeprefix("\\\n") for part in parts)
    return expected if re.fullmatch(pattern, compared(printed)) else printed


def compared(text: str) -> str:
    """Return text without what varies."""
    for pattern, replacement in VARYING:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    return text


def build_wheels(folder: Path) -> None:
    """Build the wheel of each distribution of this checkout."""
    from hatchling.builders.wheel import WheelBuilder

    for project in [ROOT, *ROOT.glob("plugins/*/")]:
        list(WheelBuilder(str(project)).build(directory=str(folder), versions=["standard"]))


def reader_environment(home: Path, path: str, **others: str) -> dict[str, str]:
    """Return the environment of somebody who has never used Sacred."""
    present = {
        name: value
        for name, value in os.environ.items()
        if (name.startswith(("PIP_", "SSL_", "UV_")) and name not in SELECTING)
        or name.lower().endswith("_proxy")
    }
    config = Path("~/.config/pip/pip.conf").expanduser()
    if config.exists():
        present.setdefault("PIP_CONFIG_FILE", str(config))
    for tool in ("pip", "uv"):
        cache = str(Path("~/.cache", tool).expanduser())
        present.setdefault(f"{tool.upper()}_CACHE_DIR", cache)
    fixed = {
        "HOME": str(home), "PATH": path, "LANG": "C.UTF-8", "TERM": "xterm", "NO_COLOR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }  # fmt: skip
    return {**present, **fixed, **others}


def create_environment(folder: Path) -> Path:
    """Create a virtual environment, and return the folder of its commands."""
    venv.create(folder, with_pip=True)
    return folder / "bin"


@contextlib.contextmanager
def fresh_reader(is_fast: bool = False) -> Iterator[tuple[Path, dict[str, str]]]:
    """Yield an empty folder, and an environment in which pip finds the wheels of this checkout.

    Args:
        is_fast: Whether uv installs in place of pip, if there is one: in a tenth of the time.
    """
    with tempfile.TemporaryDirectory() as name:
        home, wheels = Path(name, "home").resolve(), Path(name, "wheels")
        folder = home / "line"
        folder.mkdir(parents=True)
        build_wheels(wheels)
        path = f"{sys.base_prefix}/bin:/usr/bin:/bin"
        links = f"{wheels} {os.environ.get('PIP_FIND_LINKS', '')}".strip()
        found = {"PIP_FIND_LINKS": links, "UV_FIND_LINKS": str(wheels)}
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        if is_fast and uv:
            found["UV"] = uv
        yield folder, reader_environment(home, path, **found)


def main() -> None:
    """Run a page and print the time and the number of commands of each section."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("--write", action="store_true", help="update what the blocks print")
    parser.add_argument("--fast", action="store_true", help="install with uv")
    arguments = parser.parse_args()
    text = arguments.page.read_text(encoding="utf-8")
    with fresh_reader(arguments.fast) as (folder, environment):
        if "$ python3 -m venv" not in text:  # pip must not change the Python of this machine
            scripts = create_environment(folder.parent / "environment")
            environment["PATH"] = f"{scripts}{os.pathsep}{environment['PATH']}"
        page = Page(text, folder, environment)
        filled = page.run()
    sys.stdout.write(f"{table(page.sections)}\n")
    if arguments.write:
        arguments.page.write_text(filled, encoding="utf-8")
    elif filled != text:
        sys.exit("The output differs from the page: see the difference with --write and git diff.")


def table(sections: list[Section]) -> str:
    """Return what it takes to follow the sections that have commands."""
    rows = [each for each in sections if each.commands]
    total = Section("total")
    for name in ("commands", "seconds", "words", "typed"):
        setattr(total, name, sum(getattr(each, name) for each in rows))
    head = ["| section | commands | seconds | minutes, estimated |", "| --- | --- | --- | --- |"]
    lines = [
        f"| {each.title} | {each.commands} | {each.seconds:.1f} | {each.minutes:.0f} |"
        for each in [*rows, total]
    ]
    return "\n".join(head + lines)


if __name__ == "__main__":
    main()
