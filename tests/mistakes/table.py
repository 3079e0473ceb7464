"""The table of mistakes: what was typed, and what is printed.

Files ``*_rows.py`` in this folder contain the rows, by area: ``TITLE``, ``INTRODUCTION`` and
``ROWS``. ``test_mistakes.py`` tries each row, ``tools/make_mistakes_page.py`` writes
``docs/mistakes.md``.
"""

import importlib
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

HERE = Path(__file__).parent
#: The order of areas on the page; further ones follow by name.
FIRST = (
    "script_rows", "update_rows", "definition_rows", "sacred_rows", "reading_rows", "plugin_rows",
)  # fmt: skip
#: What the page and the rows call the folder in which the commands run.
FOLDER = "/home/ada"
#: In a row: characters of one line that differ between machines or versions.
ANYTHING = "…"
#: A password in a row; it is never printed.
PASSWORD = "hunter2"

SetUp = Callable[[Path], None]

TRAIN = '''\
"""Train a model."""

from sacred_core import Experiment

ex = Experiment("train")


@ex.config
def cfg():
    lr = 0.1
    epochs = 2
    name = "cifar"
    optimizer = {"kind": "adam", "rate": 0.01}
    layers = [64, 10]


@ex.named_config
def quick():
    epochs = 1


@ex.automain
def main(_run, lr, epochs, name, optimizer, layers):
    _run.log_scalar("loss", lr)
    return epochs
'''


@attrs.frozen
class Mistake:
    """One row.

    Attributes:
        what: The mistake in a few words; unique in its file.
        typed: The line in the terminal: ``python train.py ...`` or ``sacred ...``. It is split as
            a shell splits it.
        printed: What is printed: whole lines, in which `ANYTHING` stands for what differs. With an
            exit code that is not 0 they are printed on stderr.
        code: The exit code.
        needs: Functions that prepare the folder; the page has the first line of their docstrings.
        script: The content of ``train.py``.
        alone: Nothing else is printed. If not, the lines are in the output, one after the other.
        in_shell: The line is run by bash, in a process of its own: for pipes, and for what happens
            when Python ends.
        environment: Environment variables; only with ``in_shell``.
    """

    what: str
    typed: str
    printed: str
    code: int = 2
    needs: tuple[SetUp, ...] = ()
    script: str = TRAIN
    alone: bool = True
    in_shell: bool = attrs.field(default=False, kw_only=True)
    environment: dict[str, str] = attrs.field(factory=dict, kw_only=True)

    @property
    def words(self) -> list[str]:
        """What was typed, after ``python`` or with ``sacred``."""
        words = shlex.split(self.typed)
        return words[1:] if words[0] == "python" else words


def areas() -> dict[str, Any]:
    """Return the modules of rows by their names, in the order of the page."""
    names = [path.stem for path in HERE.glob("*_rows.py")]
    names.sort(key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))
    package = __name__.rpartition(".")[0]
    return {name: importlib.import_module(f"{package}.{name}") for name in names}
