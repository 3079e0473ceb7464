"""Write the pictures of a terminal, docs/pictures/terminal-*.svg, from what commands print.

.venv/bin/python tools/make_terminal_pictures.py

The commands run in a terminal with colours, in a folder with a script and with the runs of
tools/record_page_runs.py.
"""

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sacred_core.terminal import text_width  # noqa: E402
from tools.page_programs import Shell  # noqa: E402
from tools.record_page_runs import record  # noqa: E402
from tools.svg import MONO, style  # noqa: E402

FOLDER = ROOT / "docs" / "pictures"
SCRIPT = """\
from sacred_core import Experiment

ex = Experiment("train")


@ex.config
def config():
    epochs = 10  # passes over the data
    optimizer = {"name": "adam", "rate": 0.001}
    steps = epochs * 100  # in all epochs


@ex.named_config
def quick():
    epochs = 1


@ex.automain
def main(epochs, steps, optimizer):
    print(f"{epochs} epochs, {steps} steps, rate {optimizer['rate']}")
"""
#: The command of each picture, by the name of the picture.
COMMANDS = {
    "run": "python train.py with epochs=2 optimizer.rate=0.01 seed=1 -F runs",
    "config": "python train.py print_config with quick optimizer.rate=1 seed=1 -l ERROR",
    "list": "sacred runs list results --where 'name = mnist'",
    "diff": "sacred runs diff trials 1 2 --only config,code,packages",
}
#: Colours of a terminal, in the light and the dark scheme; those with numbers by the code of ANSI.
COLOURS = {
    "screen": ("#fbfbfa", "#16191e"),
    "edge": ("#c9ced6", "#3a424d"),
    "bar": ("#e8eaee", "#242a32"),
    "dot": ("#b7bec8", "#4a5461"),
    "text": ("#22272e", "#dde2e8"),
    "c31": ("#b3261e", "#ff8a80"),
    "c32": ("#1a6e37", "#6cc98a"),
    "c33": ("#845400", "#e5b567"),
    "c34": ("#1d5fc4", "#8ab6ff"),
    "c35": ("#8e3aa8", "#d79be8"),
    "c36": ("#0b6b78", "#66c8d6"),
    "c90": ("#68707c", "#929cab"),
}
_WIDTH, _HEIGHT = 7.85, 18  # of a character of 13 pixels in the widest font
_TOP, _LEFT = 50, 16
_CODE = re.compile(r"\x1b\[([0-9;]*)m")


def printed_lines(folder: Path, command: str) -> list[str]:
    """Return the lines that a command prints in a terminal, with the codes of their colours."""
    scripts = Path(sys.executable).parent
    path = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    shell = Shell(folder, {"PATH": path, "HOME": str(folder), "TERM": "xterm", "LANG": "C.UTF-8"})
    try:
        printed, code = shell.run(command)
    finally:
        shell.close()
    assert code in (0, 1), printed
    return [line.rstrip() for line in printed.rstrip().splitlines()]


def spans(line: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a line that have one colour, each with the classes of the colour."""
    codes: set[str] = set()
    parts = _CODE.split(line)
    for number, part in enumerate(parts):
        if number % 2 == 0:
            if part:
                yield part, " ".join(sorted(codes))
            continue
        for code in part.split(";"):
            if code in ("", "0"):
                codes.clear()
            elif code == "1":
                codes.add("bold")
            elif f"c{code}" in COLOURS:
                codes = {each for each in codes if each == "bold"} | {f"c{code}"}


def draw(command: str, lines: list[str]) -> str:
    """Return the picture of a terminal in which a command was executed."""
    prompt = f"$ {command}"
    columns = max(text_width(_CODE.sub("", line)) for line in (prompt, *lines))
    width, height = round(2 * _LEFT + _WIDTH * columns), _TOP + _HEIGHT * (len(lines) + 1)
    rules = [
        f"text{{font-family:{MONO};font-size:13px;fill:var(--text);white-space:pre}}",
        ".bold{font-weight:700}",
        *(f".{name}{{fill:var(--{name})}}" for name in COLOURS if name[1:].isdecimal()),
    ]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(prompt)}</title>",
        style(COLOURS, "\n".join(rules)),
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"'
        ' fill="var(--screen)" stroke="var(--edge)"/>',
        f'<path d="M1 28V8.5a7.5 7.5 0 0 1 7.5-7.5H{width - 8.5}a7.5 7.5 0 0 1 7.5 7.5V28z"'
        ' fill="var(--bar)"/>',
        *(f'<circle cx="{20 + 18 * n}" cy="14.5" r="5" fill="var(--dot)"/>' for n in range(3)),
        _text(0, [("$ ", "c90"), (command, "bold")]),
        *(_text(number, list(spans(line))) for number, line in enumerate(lines, 1)),
    ]
    return "\n".join([*parts, "</svg>\n"])


def _text(row: int, parts: list[tuple[str, str]]) -> str:
    words = "".join(
        f'<tspan class="{kind}">{escape(part)}</tspan>' if kind else escape(part)
        for part, kind in parts
    )
    return f'<text x="{_LEFT}" y="{_TOP + _HEIGHT * row}" xml:space="preserve">{words}</text>'


def pictures() -> dict[str, str]:
    """Run all commands and return the pictures by the names of their files."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        folder = Path(name)
        record(["results", "trials"], start, name)
        (folder / "train.py").write_text(SCRIPT)
        return {
            f"terminal-{picture}.svg": draw(command, printed_lines(folder, command))
            for picture, command in COMMANDS.items()
        }


def main() -> None:
    """Write all pictures."""
    for name, content in pictures().items():
        (FOLDER / name).write_text(content, encoding="utf-8")
        sys.stdout.write(f"docs/pictures/{name}\n")


if __name__ == "__main__":
    main()
