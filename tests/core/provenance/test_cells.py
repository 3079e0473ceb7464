"""Tests of which cells of a notebook an experiment consists of."""

import linecache
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.provenance.cells import find_cells, notebook_name, source_text
from sacred_core.provenance.generated import add_generated, content_path
from sacred_core.provenance.sources import md5_of, stored_version
from sacred_core.testing.memory import Memory, MemoryObserver, MemoryStore

Execute = Callable[[str], str]


@pytest.fixture
def execute(monkeypatch: pytest.MonkeyPatch) -> Iterator[Execute]:
    """Run the source of a cell as IPython does, and return the file name of its code."""
    main = SimpleNamespace(__name__="__main__")
    numbers: dict[str, int] = {}

    def label(filename: str) -> tuple[str, str] | None:
        return ("Cell", f"In[{numbers[filename]}]") if filename in numbers else None

    shell = SimpleNamespace(compile=SimpleNamespace(format_code_name=label))
    monkeypatch.setattr(sys, "ps1", "In : ", raising=False)
    monkeypatch.setitem(sys.modules, "__main__", main)  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))  # type: ignore[arg-type]
    count = 0

    def run(source: str) -> str:
        nonlocal count
        count += 1
        filename = f"/tmp/ipykernel_1/{hash(source)}.py"
        numbers[filename] = count
        lines = source.splitlines(keepends=True)
        linecache.cache[filename] = (len(source), None, lines, filename)
        exec(compile(source, filename, "exec"), vars(main))  # the cell
        return filename

    yield run
    for filename in numbers:
        linecache.cache.pop(filename, None)


def texts(*places: str | tuple[str, str]) -> list[str]:
    """Return the sources of the cells of some code."""
    pairs = [place if isinstance(place, tuple) else (place, "") for place in places]
    return [cell.text for cell in find_cells(pairs)]


def test_cells_that_bind_what_is_used(execute: Execute) -> None:
    """Imports, constants, functions and classes, also indirectly; attributes are not names."""
    cells = [
        "import math\nfrom os import path as p\n",
        "unused = radius = 3\n",
        "class Circle:\n    def area(self):\n        return math.pi * size(self)\n",
        "def size(it):\n    return p.join(str(SIDE))\n",
        "SIDE = 2\n",
        "other = 1\n",
    ]
    for cell in cells:
        execute(cell)
    last = execute("def main(it):\n    other = it.unused\n    return Circle().area()\n")
    assert texts(last) == [cells[0], cells[2], cells[3], cells[4], linecache_text(last)]


def linecache_text(filename: str) -> str:
    return "".join(linecache.getlines(filename))


def test_what_runs_later_uses_the_latest_version(execute: Execute) -> None:
    """What ran at once used the version before it."""
    execute("def early(): return 1\nrate = 1\n")
    at_once = execute("table = [early(), rate]\n")
    execute("rate = 2\n")
    later = execute("def use():\n    return rate\n")
    execute("rate = 3\n")
    assert texts(later) == [linecache_text(later), "rate = 3\n"]
    assert texts(at_once) == ["def early(): return 1\nrate = 1\n", linecache_text(at_once)]


def test_a_cell_that_runs_again_is_the_latest(execute: Execute) -> None:
    """Also if its source did not change."""
    first = "rate = 1\n"
    execute(first)
    execute("rate = 2\n")
    user = execute("def use():\n    return rate\n")
    assert texts(user) == ["rate = 2\n", linecache_text(user)]
    execute(first)
    assert texts(user) == [linecache_text(user), first]


def test_a_function_is_that_which_the_name_has_now(execute: Execute) -> None:
    """A cell that failed before it defined a function did not replace it."""
    good = "def step():\n    return 1\n"
    execute(good)
    user = execute("def use():\n    return step()\n")
    with pytest.raises(ZeroDivisionError):
        execute("1 / 0\ndef step():\n    return 2\n")
    assert texts(user) == [good, linecache_text(user)]


@pytest.mark.parametrize(
    ("magic", "is_python"), [("time", True), ("capture", True), ("writefile", False)]
)
def test_magic_commands_that_run_a_cell(magic: str, is_python: bool, execute: Execute) -> None:
    """What they run binds and uses names, and defines functions; what others take is no code."""
    execute("def get_ipython(): return Shell\n")
    execute("class Shell:\n    def run_cell_magic(*args): pass\n")
    execute("factor = 2\n")
    body = "def half(x):\n    return x / factor\n"
    timed = f"get_ipython().run_cell_magic({magic!r}, '', {body!r})\n"
    execute(timed)
    found = texts(("<timed exec>", "half"))
    assert (timed in found and "factor = 2\n" in found) is is_python


def test_code_that_is_in_a_file_or_is_unknown_has_no_cell(execute: Execute) -> None:
    """Neither has a file that was imported, nor code that no cell binds."""
    execute("x = 1\n")
    assert texts((__file__, "x"), ("<stdin>", "unknown"), ("<string>", "")) == []


@pytest.mark.parametrize("source", ["await wait(x)\n", "x = [y for y in x]\n", "del x\nx += 1\n"])
def test_every_cell_can_be_read(source: str, execute: Execute) -> None:
    """Also one with `await` at its top, and one that uses what it binds."""
    execute("x = [1]\n")
    filename = "/tmp/ipykernel_1/odd.py"
    execute("pass\n")
    linecache.cache[filename] = (len(source), None, [source], "<ipython-input-9-abc>")
    linecache.cache["<ipython-input-9-abc>"] = linecache.cache.pop(filename)
    try:
        assert texts("<ipython-input-9-abc>") == ["x = [1]\n", source]
    finally:
        linecache.cache.pop("<ipython-input-9-abc>")


def test_python_s_own_prompt_has_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """From Python 3.13 on, which has the source of each input."""
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    for number, source in enumerate(["rate = 1\n", "def use():\n    return rate\n"]):
        filename = f"<python-input-{number}>"
        entry = (len(source), None, source.splitlines(keepends=True), filename)
        monkeypatch.setitem(linecache.cache, filename, entry)
    assert texts("<python-input-1>") == ["rate = 1\n", "def use():\n    return rate\n"]


def test_a_script_has_none(execute: Execute, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is looked for where no user types."""
    cell = execute("x = 1\n")
    monkeypatch.delattr(sys, "ps1")
    assert find_cells([(cell, "")]) == []


def test_the_text_can_be_executed(execute: Execute) -> None:
    """Cells are separated by the comment that editors know, with the name of the notebook above."""
    execute("import math  \n\n\n")
    cells = find_cells([(execute("x = math.pi"), "")])
    text = source_text(cells, "a b.ipynb")
    assert text.startswith("# The cells of a b.ipynb ")
    assert text.endswith("\n\n# %%\nimport math\n\n# %%\nx = math.pi\n")
    assert "interactive session" in source_text(cells, None)


@pytest.mark.parametrize(
    ("names", "environment", "expected"),
    [
        ({}, None, None),
        ({"__vsc_ipynb_file__": "/home/me/a.ipynb"}, "/home/me/b.ipynb", "a.ipynb"),
        ({"__vsc_ipynb_file__": "C:\\me\\a.ipynb"}, None, "a.ipynb"),
        ({"__session__": "notes/c.ipynb"}, None, "c.ipynb"),
        ({"__session__": "console-1"}, "/home/me/b.ipynb", "b.ipynb"),
        ({"__session__": 5}, "/home/me/console-1-0c6a", None),
    ],
)
def test_the_name_of_the_notebook(
    names: dict[str, Any],
    environment: str | None,
    expected: str | None,
    execute: Execute,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """VS Code and Jupyter pass it; a console has none."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    if environment is not None:
        monkeypatch.setenv("JPY_SESSION_NAME", environment)
    vars(sys.modules["__main__"]).update(names)
    assert notebook_name() == expected


def test_an_experiment_in_cells_has_a_source(
    execute: Execute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is below the base folder, though there is no such file, and its content is stored."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.chdir(tmp_path)
    execute("from sacred_core import Experiment\n")
    execute("ex = Experiment('fit', interactive=True)\n")
    execute("ex.add_config(lr=1)\n")
    execute("@ex.main\ndef main(lr):\n    return lr\n")
    ex: Experiment = vars(sys.modules["__main__"])["ex"]
    info = ex.get_experiment_info()
    ((name, md5),) = info["sources"]
    assert name == info["mainfile"] == "fit.cells.py"
    version = stored_version(Path(info["base_dir"], name), md5)
    assert version is not None
    with version.open() as file:
        text = file.read().decode()
    assert text.count("# %%\n") == 4 and "ex.add_config(lr=1)" in text
    assert list(tmp_path.iterdir()) == []
    assert [source.digest for source in ex.sources] == [md5]


def test_captured_functions_of_cells_are_in_the_source_of_the_cells(
    execute: Execute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their source is the one with all cells."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.chdir(tmp_path)
    execute("from sacred_core import Experiment\n")
    execute("ex = Experiment('fit', interactive=True)\n")
    execute("@ex.main\ndef main(lr=1):\n    return lr\n")
    memory = Memory()
    ex: Experiment = vars(sys.modules["__main__"])["ex"]
    ex.observers.append(MemoryObserver(memory))
    ex.run()
    (call,) = MemoryStore(memory).get(1).captured
    assert (call.source, call.name, call.entries) == ("fit.cells.py", "main", ())


def test_generated_sources_are_found_by_their_digests(tmp_path: Path) -> None:
    """Each version is found; another digest, or none, means the file of the user."""
    path = tmp_path / "cells.py"
    versions = [add_generated(path, text) for text in ("one", "two\udc80", "one")]
    assert versions[0] == versions[2] != versions[1]
    first, second = (content_path(path, md5) for md5 in versions[:2])
    assert (first.read_text(), second.read_text()) == ("one", "two\\udc80")
    assert md5_of(first) == versions[0]
    assert content_path(path, "0" * 32) == content_path(path, None) == path
    assert not path.exists()
