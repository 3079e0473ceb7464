"""Tests of definitions in cells: what a cell is, and what it replaces when it is run again."""

import linecache
import sys
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.exceptions import InteractiveError
from sacred_core.interactive import add_definition, code_of, is_cell, is_interactive


@pytest.fixture
def prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process in which a user types the code."""
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)


def functions(
    source: str, filename: str, namespace: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the functions of a cell that ran."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    names = {"__name__": "__main__"} if namespace is None else namespace
    exec(compile(source, filename, "exec"), names)  # the cell
    return {name: each for name, each in names.items() if isinstance(each, FunctionType)}


def test_a_cell_is_code_that_is_not_in_a_file(prompt: None, tmp_path: Path) -> None:
    """A cell that a debugger wrote to a file is one too."""
    file = tmp_path / "module.py"
    file.write_text("x = 1\n")
    linecache.getlines(str(file))
    assert not is_cell(str(file)) and not is_cell(__file__)
    assert is_cell("<stdin>")
    functions("x = 1\n", str(file))
    assert is_cell(str(file))
    linecache.cache.pop(str(file))


def test_a_script_has_no_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code of a string, as a template engine compiles it, is not typed."""
    monkeypatch.delattr(sys, "ps1", raising=False)
    assert not is_interactive() and not is_cell("<string>")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("<1>:def f(): 1", "<2>:def f(): 2", ["<2>"]),
        ("<1>:def f(): 1", "<1>:def f(): 1", ["<1>"]),
        ("<1>:def f(): 1", "<1>:\n\ndef f(): 2", ["<1>", "<1>"]),
        ("<1>:def f(): 1", "<2>:def g(): 1", ["<1>", "<2>"]),
        ("<1>:f = lambda: 1", "<2>:f = lambda: 1", ["<1>", "<2>"]),
    ],
)
def test_a_cell_that_runs_again_replaces_its_definition(
    first: str, second: str, expected: list[str], prompt: None
) -> None:
    """A function of the same name in another version, or at the same line, is the same one."""
    definitions: list[Any] = []
    for cell in (first, second):
        filename, _, source = cell.partition(":")
        (function,) = functions(source, filename).values()
        add_definition(definitions, function)
    assert [each.__code__.co_filename for each in definitions] == expected


def test_a_definition_stays_at_its_place(prompt: None) -> None:
    """Two functions of one name in a cell are both replaced, once the first of them is defined."""
    other, old, older = (
        functions(source, filename)[name]
        for source, filename, name in (
            ("def g(): 1", "<1>", "g"),
            ("def f(): 1", "<2>", "f"),
            ("\ndef f(): 1", "<2>", "f"),
        )
    )
    new = functions("def f(): 2", "<3>")["f"]
    definitions = [old, other, older]
    add_definition(definitions, new)
    assert definitions == [new, other]


def test_functions_of_a_factory_are_different(prompt: None) -> None:
    """What a function defines each time that it is called is not a cell that runs again."""
    source = "def make():\n    def f(): 1\n    return f\n"
    make = functions(source, "<1>")["make"]
    definitions: list[Any] = []
    for _ in range(2):
        add_definition(definitions, make())
    assert len(definitions) == 2


def test_a_script_replaces_nothing() -> None:
    """Two config scopes of one name are both evaluated, as in Sacred."""
    ex = Experiment("name", interactive=True)

    def define(value: int) -> None:
        source = f"def config():\n    entry{value} = {value}\n"
        ex.config(functions(source, f"<cell {value}>")["config"])

    define(1)
    define(2)
    ex.main(lambda: None)
    assert set(ex.run().config) == {"entry1", "entry2", "seed"}


def test_every_kind_of_definition_is_replaced(prompt: None) -> None:
    """Scopes, captured functions, hooks and commands have one version each."""
    ex = Experiment("name", interactive=True)
    source = """
calls = []
@ex.config
def config(): a = {0}
@ex.named_config
def named(): a = {0}
@ex.config_hook
def change(config, command_name, logger): return {{"b": {0}}}
@ex.option_hook
def options(options): calls.append("option {0}")
@ex.pre_run_hook
def before(): calls.append("before {0}")
@ex.post_run_hook
def after(): calls.append("after {0}")
@ex.main
def main(a, b): return (a, b)
"""
    names: dict[str, Any] = {"__name__": "__main__", "ex": ex}
    for version in (1, 2):
        functions(source.format(version), f"<cell {version}>", names)
    assert ex.run().result == (2, 2)
    assert names["calls"] == ["option 2", "before 2", "after 2"]
    assert len(ex.captured_functions) == 3


def test_automain_in_a_cell_is_refused(prompt: None) -> None:
    """Nothing is run or defined; the sentence has what to write."""
    ex = Experiment("name", interactive=True)
    source = "@ex.automain\ndef main(): raise SystemExit\n"
    with pytest.raises(InteractiveError, match=r"use @ex\.main, and start a run with ex\.run\(\)"):
        functions(source, "<cell>", {"__name__": "__main__", "ex": ex})
    assert ex.commands == {} and ex.default_command is None


def test_the_code_of_a_definition() -> None:
    """It is that of the function that was decorated; other objects have none."""
    ex = Experiment("name", interactive=True)
    function = functions("def f(): 1", "<1>")["f"]
    assert code_of(function) is code_of(ex.capture(function)) is function.__code__
    assert code_of({"a": 1}) is None and code_of(print) is None
