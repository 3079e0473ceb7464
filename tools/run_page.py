"""Run the blocks of a page in order, as its reader would, and compare what they print.

.venv/bin/python tools/run_page.py docs/guide.md          # minutes and commands of each section
.venv/bin/python tools/run_page.py docs/guide.md --write  # update what the blocks print
.venv/bin/python tools/run_page.py --count                # the blocks of all pages, by kind

====================================  ===========================================================
block                                 what happens
====================================  ===========================================================
``python title="train.py"``           is written to this file (any language)
``python title="…" before="LINE"``    is inserted into the file, before this line
``python title="…" from="LINE"``      replaces this line of the file and all after it
``python title="notebook.ipynb"``     is run as a cell of a notebook
``python``                            is executed; all blocks of a page share one namespace
``text``                              is what the ``python`` block or cell before it prints
``console``                           each line after ``$`` is run by one shell; the rest is output
``sh``                                each line is run by this shell; its output is not compared
``json toml yaml csv html query``     is parsed
====================================  ===========================================================

A block in an HTML comment is run, and readers do not see it::

    <!-- Set-up: a store with a run.

    ```sh
    python train.py -F my_runs
    ```
    -->

A comment before a block excludes it: the reason, or the file that runs it::

    <!-- not run: it needs a cluster -->
    <!-- run by: tests/workspace/test_plugin_page.py -->

A comment ``<!-- servers: mongodb s3 -->`` starts servers of `page_servers.py`, whose addresses are
put in place of those of the page. The variable ``CHECKOUT`` is the folder of this checkout, for
set-up.

A command that ends with another exit code than 0 has the comment ``# exit code 2``. A block of
``python`` may fail if a ``text`` block after it shows the error. A line ``...`` in the output
matches any lines, ``…`` any characters of a line. A command with the line ``^C`` in its output is
interrupted when it has printed the lines before. What differs from run to run, or between machines,
is in `VARYING`.

With ``$ python3 -m venv`` in a page, its ``pip`` installs the wheels of this checkout into a new
environment. In other pages ``pip install`` only checks that the packages are installed.
"""

import argparse
import contextlib
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sacred_core.plurals import counted  # noqa: E402
from tools.page_blocks import BLOCK, Block, PageError, blocks, parse_data  # noqa: E402
from tools.page_programs import Interpreter, Notebook, ProgramError, Shell  # noqa: E402
from tools.page_readers import fresh_reader, present_reader, reader_environment  # noqa: E402, F401
from tools.page_servers import running_servers  # noqa: E402

HOME = "/home/ada/line"  # what the page shows as the folder of its reader
HIDDEN = re.compile(r"<!--.*?-->", re.DOTALL)
CODE = re.compile(r"# exit code (\d+)$")
#: The pages whose blocks are run, relative to the checkout.
PAGES = ("*.md", "docs/*.md", "plugins/*/README.md")
#: What is not compared: regular expressions, and what is compared instead.
VARYING: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?", "TIME"),
    (r"\d+:\d\d:\d\d|(?<![\w.])\d+(\.\d+)?[smhd]\b", "DURATION"),
    (r"\d+ \w+ ago\b", "AGE"),
    (r"(?<![\w.])[1-9]\d{3,9}(?![\w.])", "SEED"),
    (r"\d+\.\d{12,}", lambda match: f"{float(match[0]):.10g}"),  # libm differs in the last digit
    (r"\b[0-9a-f]{32}\b", "DIGEST"),
    (r"^ +[~^]+\n", ""),  # below a line of a traceback; they differ between versions of Python
    (r"\d\S* recorded, \d\S* now", "VALUES"),  # of a run that uses noise
    (r"\bnumpy==[\d.]+", "numpy==VERSION"),  # newer on newer versions of Python
    (r"^Host:\n( .*\n)+", "HOST\n"),
    (r"[ ─]{2,}", "  "),  # columns are as wide as what is in them
)


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


class Page:
    """A page that is being run in a folder.

    Args:
        text: The page.
        folder: Where its reader works.
        environment: The environment variables of the reader.
        replaced: Strings of the page, such as addresses, and what is used in their place.
    """

    def __init__(
        self,
        text: str,
        folder: Path,
        environment: Mapping[str, str],
        replaced: Mapping[str, str] | None = None,
    ) -> None:
        self._text = text
        self._folder = folder
        self._environment = environment
        self._replaced = replaced or {}
        self._programs = contextlib.ExitStack()
        self._notebook: Notebook | None = None
        self._interpreter: Interpreter | None = None
        #: What the last cell or block of Python printed, and its exit code.
        self._printed: tuple[str, int] | None = None
        self.sections: list[Section] = []

    def run(self) -> str:
        """Run all blocks and return the page with what they printed, unless only `VARYING` differs.

        Raises:
            PageError: A command ended with an exit code that the page does not name, or a block
                cannot be executed.
        """
        with self._programs:
            self._shell = Shell(self._folder, self._environment)
            self._programs.callback(self._shell.close)
            if "UV" in self._environment:
                self._shell.run('pip() { "$UV" -q pip "$@" $UV_OPTIONS; }')
            parts = re.split(r"^(?=## )", self._text, flags=re.MULTILINE)
            filled = "".join(map(self._run_section, parts))
            self._end_code()
        return filled

    def _run_section(self, text: str) -> str:
        title = text.partition("\n")[0].removeprefix("## ")
        words = HIDDEN.sub("", BLOCK.sub("", text)).split()
        self.sections.append(Section(title, words=len(words)))
        began = time.monotonic()
        filled = BLOCK.sub(self._run_block, text)
        self.sections[-1].seconds = time.monotonic() - began
        return filled

    def _run_block(self, match: re.Match[str]) -> str:
        block = Block(match)
        if block.kind != "output":
            self._end_code()
        content = block.content
        match block.kind:
            case "cell" | "code":
                self._run_code(block.kind, content)
            case "file":
                self.sections[-1].typed += len(content)
                write_block(self._folder, self._real(content), block.options)
            case "commands" if block.language == "console":
                commands = re.split(r"^\$ ", content, flags=re.MULTILINE)
                content = "".join(map(self._run_command, filter(None, commands)))
            case "commands":
                for line in re.split(r"(?<!\\)\n", content):
                    if line.strip() and not line.startswith("#"):
                        self._run_command(line)
            case "output" if self._printed is not None:
                content = self._chosen(content, self._printed[0])
                self._printed = None
            case "data":
                parse_data(block.language, content)
            case "output" | "unknown":
                raise PageError(f"a block is not executed: {match[0]}")
        return f"{match[0][: match.start('content') - match.start()]}{content}```"

    def _run_command(self, text: str) -> str:
        command, _, output = text.partition("\n")
        while command.endswith("\\"):
            line, _, output = output.partition("\n")
            command = f"{command}\n{line}"
        self.sections[-1].commands += 1
        self.sections[-1].typed += len(command)
        if interrupted := re.search(r"^\^C$", output, re.MULTILINE):
            lines = output.count("\n", 0, interrupted.start())
            printed = self._shell.interrupt(self._real(command), lines)
            return f"$ {command}\n{self._chosen(output, printed)}"
        printed, code = self._shell.run(self._real(command))
        named = CODE.search(command)
        if code != int(named[1] if named else 0):
            raise PageError(f"'{command}' ended with exit code {code}:\n{printed}")
        if command.startswith("pip install"):
            return f"$ {text}"
        return f"$ {command}\n{self._chosen(output, printed)}"

    def _run_code(self, kind: str, source: str) -> None:
        self.sections[-1].typed += len(source)
        self.sections[-1].commands += 1
        python, _ = self._shell.run("command -v python")
        how = self._folder, self._environment, python.strip()
        if kind == "cell":
            if self._notebook is None:
                self._notebook = Notebook(*how)
                self._programs.callback(self._notebook.close)
            self._printed = self._notebook.run(self._real(source)), 0
            return
        if self._interpreter is None:
            self._interpreter = Interpreter(*how)
            self._programs.callback(self._interpreter.close)
        self._printed = self._interpreter.run(self._real(source))

    def _end_code(self) -> None:
        """Raise an error if code failed and the page does not show what it printed."""
        if self._printed is not None and self._printed[1]:
            raise PageError(f"a block of Python failed:\n{self._printed[0]}")
        self._printed = None

    def _real(self, text: str) -> str:
        for shown, real in self._replaced.items():
            text = text.replace(shown, real)
        return text

    def _chosen(self, expected: str, printed: str) -> str:
        for shown, real in self._replaced.items():
            printed = printed.replace(real, shown)
        return chosen(expected, printed, self._folder)


def write_block(folder: Path, content: str, options: Mapping[str, str]) -> None:
    """Write a block to a file, or to the place in the file that its options name."""
    file = folder / options["title"]
    file.parent.mkdir(parents=True, exist_ok=True)
    if "before" in options or "from" in options:
        line = options.get("before") or options["from"]
        old = file.read_text(encoding="utf-8")
        start, found, end = re.split(rf"^({re.escape(line)}\n)", old, flags=re.MULTILINE)
        content = f"{start}{content}" + (f"\n\n{found}{end}" if "before" in options else "")
    file.write_text(content, encoding="utf-8")


def chosen(expected: str, printed: str, folder: Path) -> str:
    """Return ``expected`` if the output is equal to it but for `VARYING`, else the output."""
    printed = re.sub(r"\n\x1b\[A|\x1b\[[?\d;]*[A-Za-z]", "", printed)
    printed = printed.replace(str(folder), HOME).replace(str(folder.parent), str(Path(HOME).parent))
    lines = [line.rpartition("\r")[2].rstrip() for line in printed.rstrip().split("\n")]
    printed = "".join(f"{line}\n" for line in lines) if any(lines) else ""
    first, *others = map(re.escape, re.split(r"^\.\.\.$", compared(expected), flags=re.MULTILINE))
    pattern = "(.*\n)*?".join([first, *(part.removeprefix("\\\n") for part in others)])
    pattern = pattern.replace("…", ".*")
    return expected if re.fullmatch(pattern, compared(printed)) else printed


def compared(text: str) -> str:
    """Return text without what varies."""
    for pattern, replacement in VARYING:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    return text


def follow(text: str, is_fast: bool = False) -> tuple[str, list[Section]]:
    """Run a page as its reader, and return it with what it printed, and its sections.

    Args:
        text: The page.
        is_fast: Whether uv installs in place of pip in a new environment.
    """
    is_fresh = "$ python3 -m venv" in text
    with contextlib.ExitStack() as stack:
        reader = fresh_reader(is_fast) if is_fresh else present_reader()
        folder, environment = stack.enter_context(reader)
        environment["CHECKOUT"] = str(ROOT)
        servers = stack.enter_context(running_servers(text))
        page = Page(text, folder, environment | servers.variables, servers.replaced)
        return page.run(), page.sections


def main() -> None:
    """Run pages and print the time and the number of commands of each section."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("pages", type=Path, nargs="*", metavar="page")
    parser.add_argument("--write", action="store_true", help="update what the blocks print")
    parser.add_argument("--fast", action="store_true", help="install with uv")
    parser.add_argument("--count", action="store_true", help="only print the numbers of blocks")
    arguments = parser.parse_args()
    pages = arguments.pages or [page for each in PAGES for page in sorted(ROOT.glob(each))]
    if arguments.count:
        sys.stdout.write(f"{count(pages)}\n")
        return
    differing = []
    for page in pages:
        text = page.read_text(encoding="utf-8")
        try:
            filled, sections = follow(text, arguments.fast)
        except (PageError, ProgramError) as error:
            sys.exit(f"{page}: {error}")
        sys.stdout.write(f"{page}\n\n{table(sections)}\n")
        if arguments.write:
            page.write_text(filled, encoding="utf-8")
        elif filled != text:
            differing.append(str(page))
    if differing:
        names = ", ".join(differing)
        sys.exit(f"{names}: other output than on the page: compare with --write and git diff")


def count(pages: list[Path]) -> str:
    """Return the number of blocks of each kind, and the reason for each that is not run."""
    found = [(page, each) for page in pages for each in blocks(page.read_text(encoding="utf-8"))]
    kinds = Counter(block.kind for _, block in found)
    lines = [f"{number:5} {kind}" for kind, number in sorted(kinds.items())]
    for page, block in found:
        if block.kind in ("not run", "unknown"):
            reason = block.reason or f"no rule for {block.language}"
            name = page.relative_to(ROOT) if page.is_relative_to(ROOT) else page
            lines.append(f"{name}: {reason}")
    head = f"{counted(len(found), 'block')} of {counted(len(pages), 'page')}"
    return "\n".join([head, *lines])


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
