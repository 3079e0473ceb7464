"""The cells of a notebook, or of an interactive session, that an experiment consists of.

These are the cells that define it and its functions, and those that bind the names which these
cells use, in the version that ran last. Nothing of them is executed again.
"""

import ast
import dis
import functools
import linecache
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from types import CodeType, FunctionType
from typing import Any

import attrs

from sacred_core.interactive import is_cell, is_interactive

#: The number of a cell in its file name, or in what IPython calls it.
_NUMBER = re.compile(r"<i?python-input-(\d+)|In ?\[(\d+)\]")
#: Magic commands that run the rest of their cell in the namespace of the notebook.
_RUNNING_MAGIC = frozenset({"capture", "prun", "time"})


@attrs.frozen
class Cell:
    """A cell in the version that ran last.

    Attributes:
        number: The count of its last execution.
        filename: Of its code.
        text: Its source; magic commands are calls of functions of IPython.
    """

    number: int
    filename: str
    text: str

    @property
    def names(self) -> "Names":
        """The names that it binds and uses."""
        return _names_in(self.text)


@attrs.frozen
class Names:
    """Names at the top of a cell.

    Attributes:
        bound: Assigned, imported or defined.
        used_at_once: Used while the cell runs, before it binds them.
        used_later: Used by its functions and classes.
    """

    bound: frozenset[str]
    used_at_once: frozenset[str]
    used_later: frozenset[str]


def find_cells(places: Iterable[tuple[str, str]]) -> list[Cell]:
    """Return the cells of some code and those that they need, in the order of execution.

    Args:
        places: File names and names of functions, or of other code with an empty name.
    """
    session = _Session()
    waiting = [cell for filename, name in places for cell in session.defining(filename, name)]
    found: dict[str, Cell] = {}
    while waiting:
        cell = waiting.pop()
        if cell.filename not in found:
            found[cell.filename] = cell
            waiting += session.needed_by(cell)
    return sorted(found.values(), key=lambda cell: cell.number)


def source_text(cells: Iterable[Cell], notebook: str | None) -> str:
    """Return cells as a Python file in the percent format, which editors show as cells.

    https://jupytext.readthedocs.io/en/latest/formats-scripts.html

    Args:
        cells: In their order.
        notebook: The name of the notebook, if it is known.
    """
    head = f"# The cells of {notebook or 'an interactive session'} that the experiment uses."
    parts = (f"# %%\n{cell.text.strip()}\n" for cell in cells)
    return "\n".join((f"{head}\n", *parts))


def notebook_name() -> str | None:
    """Return the file name of the notebook; None if the editor or server does not pass it."""
    namespace = _namespace()
    paths = (
        namespace.get("__vsc_ipynb_file__"),  # VS Code
        namespace.get("__session__"),  # ipykernel, from the next
        os.environ.get("JPY_SESSION_NAME"),  # Jupyter Server
    )
    for path in paths:
        if isinstance(path, str) and path.endswith(".ipynb"):
            return re.split(r"[/\\]", path)[-1]
    return None


class _Session:
    """The cells that ran in this process."""

    def __init__(self) -> None:
        self.cells = {cell.filename: cell for cell in _executed_cells()}
        self._newest_first = sorted(self.cells.values(), key=lambda cell: -cell.number)
        self._namespace = _namespace()

    def defining(self, filename: str, name: str) -> Iterator[Cell]:
        """Yield the cell of some code; of a function that a magic command ran, by its name."""
        if filename in self.cells:
            yield self.cells[filename]
        elif is_cell(filename):
            yield from self._binding(name)

    def needed_by(self, cell: Cell) -> Iterator[Cell]:
        """Yield the cells that bind what a cell uses."""
        for name in cell.names.used_later:
            value = self._namespace.get(name)
            file = value.__code__.co_filename if isinstance(value, FunctionType) else ""
            yield from [self.cells[file]] if file in self.cells else self._binding(name)
        for name in cell.names.used_at_once:
            yield from self._binding(name, before=cell.number)

    def _binding(self, name: str, before: float = math.inf) -> list[Cell]:
        """Return the last cell that binds a name, if there is one."""
        binding = (
            cell for cell in self._newest_first if cell.number < before and name in cell.names.bound
        )
        return [*islice(binding, 1)]


def _namespace() -> Mapping[str, Any]:
    return vars(sys.modules["__main__"])


def _executed_cells() -> Iterator[Cell]:
    """Yield the cells whose source IPython, or Python from 3.13 on, has for tracebacks."""
    if not is_interactive():
        return
    label = _labels()
    for filename, entry in list(linecache.cache.items()):
        if len(entry) == 4 and entry[1] is None:  # not a file
            number = _NUMBER.search(label(filename) or filename)
            if number is not None:
                yield Cell(int(number[1] or number[2]), filename, "".join(entry[2]))


def _labels() -> Callable[[str], str | None]:
    """Return what maps the file name of a cell to a string like ``In[3]``; None for others."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    format_name = getattr(getattr(shell, "compile", None), "format_code_name", None)

    def label(filename: str) -> str | None:
        found = None if format_name is None else format_name(filename)
        return None if found is None else str(found[1])

    return label


@functools.lru_cache(maxsize=1024)
def _names_in(text: str) -> Names:
    bound: set[str] = set()
    at_once: set[str] = set()
    later: set[str] = set()
    for code in _codes(text):
        for step in dis.get_instructions(code):
            if step.opname in ("STORE_NAME", "STORE_GLOBAL"):
                bound.add(step.argval)
            elif _loads_global(step) and step.argval not in bound:
                at_once.add(step.argval)
        later.update(name for inner in _inner(code) for name in _globals_of(inner))
    return Names(frozenset(bound), frozenset(at_once), frozenset(later))


def _codes(text: str) -> Iterator[CodeType]:
    """Yield the code of a cell, and that which a magic command such as ``%%time`` runs."""
    try:
        tree = ast.parse(text)
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        yield compile(text, "<cell>", "exec", flags, dont_inherit=True)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="run_cell_magic"),
                args=[ast.Constant(value=name), _, ast.Constant(value=str(body))],
            ) if name in _RUNNING_MAGIC:
                yield from _codes(body)


def _inner(code: CodeType) -> Iterator[CodeType]:
    return (each for each in code.co_consts if isinstance(each, CodeType))


def _globals_of(code: CodeType) -> Iterator[str]:
    for step in dis.get_instructions(code):
        if _loads_global(step):
            yield step.argval
    for inner in _inner(code):
        yield from _globals_of(inner)


def _loads_global(step: dis.Instruction) -> bool:
    is_load = step.opname.startswith("LOAD_")
    return is_load and ("GLOBAL" in step.opname or "NAME" in step.opname)
