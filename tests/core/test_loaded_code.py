"""Tests of programs whose files are edited or reloaded while they run."""

import importlib
import importlib.machinery
import importlib.util
import linecache
import os
import py_compile
import sys
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sacred_core.config.config_scope import ConfigScope, TracedScope
from sacred_core.config.request import Overrides
from sacred_core.exceptions import ConfigScopeError
from sacred_core.testing.memory import Memory, MemoryObserver

SOURCE = """
    from sacred_core import Experiment

    ex = Experiment("edited", save_git_info=False)

    @ex.config
    def scope():
        lr = 0.1  # the rate
        opt = {"name": "sgd", "lr": lr}
        double = 2 * lr

    @ex.main
    def main(lr, opt, double):
        return lr, opt, double
"""
NEW = SOURCE.replace("0.1", "0.7")


class Module:
    """A module on the path, whose file can be edited."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "edited_experiment.py"
        self.write(SOURCE)

    def write(self, source: str, keep_time: bool = False) -> None:
        stat = self.path.stat() if self.path.exists() else None
        self.path.write_text(textwrap.dedent(source))
        if stat is not None:  # editors set another time, unless the clock is coarse
            time = stat.st_mtime_ns + (0 if keep_time else 2_000_000_000)
            os.utime(self.path, ns=(time, time))

    def load(self) -> Any:
        return importlib.import_module("edited_experiment")


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Module]:
    monkeypatch.syspath_prepend(tmp_path)
    yield Module(tmp_path)
    sys.modules.pop("edited_experiment", None)


def recorded(ex: Any, **arguments: Any) -> tuple[Any, list[str]]:
    memory = Memory()
    ex.observers[:] = [MemoryObserver(memory)]
    result = ex.run(**arguments).result
    return result, [name for name, _ in memory.runs[1].run.experiment["sources"]]


@pytest.mark.parametrize("keep_time", [False, True])
def test_a_reloaded_module_runs_with_its_new_values(
    module: Module, keep_time: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """A reloaded module runs with its new values, also where size and time of the file are the
    same.
    """
    loaded = module.load()
    assert recorded(loaded.ex)[0] == (0.1, {"name": "sgd", "lr": 0.1}, 0.2)
    module.write(NEW, keep_time)
    if keep_time:  # Python itself would take the compiled file for current
        Path(importlib.util.cache_from_source(str(module.path))).unlink(missing_ok=True)
    importlib.reload(loaded)
    result, sources = recorded(loaded.ex)
    assert result == (0.7, {"name": "sgd", "lr": 0.7}, 1.4)
    assert sources == ["edited_experiment.py"]
    assert loaded.scope.docs == {"lr": "the rate"}
    assert not [r for r in caplog.records if "has changed" in r.message]


def test_code_that_is_replaced_in_a_scope_is_what_runs(module: Module) -> None:
    """IPython's autoreload sets the `__code__` of old functions."""
    loaded = module.load()
    old = loaded.scope
    module.write(NEW)
    importlib.reload(loaded)
    old.__wrapped__.__code__ = loaded.scope.__wrapped__.__code__
    assert old()["lr"] == 0.7


EDITS: dict[str, Callable[[str], str]] = {
    "value": lambda source: source.replace("0.1", "0.7"),
    "entry": lambda source: source.replace("double = 2 * lr", "triple = 3 * lr"),
    "truncated": lambda source: "",
    "invalid": lambda source: source + "\n    def (",
    "renamed": lambda source: source.replace("def scope", "def other"),
}


def edited_while_loading(module: Module, edit: Callable[[str], str]) -> Any:
    """Load a module whose file is edited by what it imports, as a user does meanwhile."""
    slow = module.path.with_name("slow_import.py")
    new = textwrap.dedent(edit(SOURCE))
    slow.write_text(f"import pathlib\npathlib.Path({str(module.path)!r}).write_text({new!r})\n")
    sys.modules.pop("slow_import", None)
    module.write("    import slow_import\n" + SOURCE)
    linecache.clearcache()
    return module.load()


@pytest.mark.parametrize("name", EDITS)
def test_a_file_that_is_edited_while_it_is_loaded(
    module: Module, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The code that was loaded runs, with its values; its new source is not recorded."""
    loaded = edited_while_loading(module, EDITS[name])
    assert "the config scope 'scope' runs as it was loaded" in caplog.text
    result, sources = recorded(loaded.ex)
    assert result == (0.1, {"name": "sgd", "lr": 0.1}, 0.2)
    assert sources == ["slow_import.py"]
    assert "its source is not recorded" in caplog.text
    updated, _ = recorded(loaded.ex, config_updates={"lr": 5, "opt.name": "adam"})
    assert updated == (5, {"name": "adam", "lr": 5}, 10)


def test_lines_that_are_added_above_move_the_scope(
    module: Module, caplog: pytest.LogCaptureFixture
) -> None:
    """The scope is found at its new place: its source is proven."""
    loaded = edited_while_loading(module, lambda source: "\n    # a comment\n\n" + source)
    assert "runs as it was loaded" not in caplog.text
    assert loaded.scope.docs == {"lr": "the rate"}
    assert recorded(loaded.ex, config_updates={"lr": 5})[0][2] == 10


def test_a_file_that_is_edited_after_it_was_loaded_is_not_recorded(
    module: Module, caplog: pytest.LogCaptureFixture
) -> None:
    """The scope runs as loaded; the warning names the file, and comes once a run."""
    loaded = module.load()
    module.write(NEW)
    result, sources = recorded(loaded.ex)
    assert result[0] == 0.1
    assert sources == []
    assert len([r for r in caplog.records if "its source is not recorded" in r.message]) == 1


@pytest.mark.parametrize("keeps_compiled", [True, False])
def test_an_edited_helper_module_is_not_recorded(
    module: Module, tmp_path: Path, keeps_compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether or not Python stores compiled files; one that is as it was is recorded."""
    monkeypatch.setattr(sys, "dont_write_bytecode", not keeps_compiled)
    helper, other = tmp_path / "edited_helper.py", tmp_path / "other_helper.py"
    for path in (helper, other):
        path.write_text("class Net:\n    def size(self):\n        return 1\n")
    module.write("    import edited_helper, other_helper\n" + SOURCE)
    try:
        loaded = module.load()
        for _ in range(100):  # the interpreter specialises the code
            loaded.other_helper.Net().size()
        assert recorded(loaded.ex)[1] == [module.path.name, helper.name, other.name]
        helper.write_text("class Net:\n    def size(self):\n        return 22\n")
        assert recorded(loaded.ex)[1] == [module.path.name, other.name]
        importlib.reload(loaded.edited_helper)
        assert recorded(loaded.ex)[1] == [module.path.name, helper.name, other.name]
    finally:
        sys.modules.pop("edited_helper", None)
        sys.modules.pop("other_helper", None)


def test_code_that_a_loader_changed_is_not_compared(
    module: Module, caplog: pytest.LogCaptureFixture
) -> None:
    """Code that a loader changed is not compared, as pytest and type checkers at run time do: the
    source of the file is taken, as before.
    """

    class Changing(importlib.machinery.SourceFileLoader):
        def source_to_code(self, data: Any, path: Any, **kwargs: Any) -> Any:  # type: ignore[override]
            return compile(bytes(data).replace(b"2 * lr", b"lr * 2"), path, "exec")

    spec = importlib.util.spec_from_loader(
        "edited_experiment", Changing("edited_experiment", str(module.path))
    )
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules["edited_experiment"] = loaded
    spec.loader.exec_module(loaded)
    result, sources = recorded(loaded.ex)
    assert (result[2], sources) == (0.2, ["edited_experiment.py"])
    assert "has changed" not in caplog.text


def test_a_scope_in_a_zip_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its source comes from the archive."""
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("zipped_experiment.py", textwrap.dedent(SOURCE))
    monkeypatch.syspath_prepend(tmp_path / "code.zip")
    loaded = importlib.import_module("zipped_experiment")
    assert loaded.ex.run(config_updates={"lr": 5}).result[2] == 10
    assert loaded.scope.docs == {"lr": "the rate"}


def test_a_scope_without_any_source_is_refused(module: Module, tmp_path: Path) -> None:
    """If there is only the compiled file, the error describes what to do."""
    py_compile.compile(str(module.path), str(tmp_path / "compiled_experiment.pyc"))
    module.path.unlink()
    with pytest.raises(ConfigScopeError, match="is not available: define it in a file"):
        importlib.import_module("compiled_experiment")


# ---- TracedScope -------------------------------------------------------------------------------
def all_kinds() -> None:
    import json  # noqa: F401
    from os import path as joined  # noqa: F401

    def helper(x: int) -> int:
        return x

    a, b = 1, 2
    total = 0
    for i in range(3):
        total += i
    if (c := a + b) > 50:
        big = True
    d = {}
    d["x"] = 1
    d.update(x=2, y=3)
    seen = d["x"]
    squares = [x * a for x in range(3)]
    later = (lambda: a + c)()
    layers = [5]
    layers.append(2)
    _hidden = helper(a)


FIXES: list[dict[str, Any]] = [
    {}, {"a": 10}, {"a": 10, "c": 40, "total": 0}, {"d": {"x": 9}}, {"layers": [1]},
    {"b": 7, "later": None}, {"squares": 3, "i": 7},
]  # fmt: skip


@pytest.mark.parametrize("fixed", FIXES)
def test_a_traced_scope_gives_what_its_source_gives(fixed: dict[str, Any]) -> None:
    """Entries, tools, and what was replaced, for every way to bind a name."""
    by_source, by_trace = ConfigScope(all_kinds), ConfigScope(all_kinds)  # type: ignore[arg-type]
    by_trace.source = TracedScope(all_kinds)  # type: ignore[arg-type]
    one, two = Overrides(dict(fixed)), Overrides(dict(fixed))
    expected, found = by_source.evaluate(one, {}), by_trace.evaluate(two, {})
    assert found.entries == expected.entries
    assert found.extras.keys() == expected.extras.keys()
    assert two.originals.keys() == one.originals.keys()
    assert {name: found.entries[name] for name in fixed if name != "d"} == {
        name: value for name, value in fixed.items() if name != "d"
    }


def test_a_traced_scope_raises_what_the_scope_raises() -> None:
    """A traced scope raises what the scope raises, and the trace function of a debugger is set
    again.
    """

    def scope(a: int) -> None:
        b = 1 / a

    def other() -> int:
        return 3

    def debugger(frame: Any, event: str, argument: Any) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(debugger)
    try:
        with pytest.raises(ZeroDivisionError):
            TracedScope(scope).evaluate({"a": 0}, set(), lambda name, value: value)  # type: ignore[arg-type]
        assert sys.gettrace() is debugger
        with pytest.raises(ConfigScopeError, match="must not return"):
            TracedScope(other).evaluate({}, set(), lambda name, value: value)  # type: ignore[arg-type]
    finally:
        sys.settrace(before)


def test_a_traced_scope_reads_and_fixes_closures() -> None:
    """Names of the function around it are no entries; inner functions see what is fixed."""
    factor = 3

    def scope() -> None:
        a = 1
        twice = (lambda: a * factor)()

    entries = TracedScope(scope).evaluate({}, {"a"}, lambda name, value: 5)  # type: ignore[arg-type]
    assert entries == {"a": 5, "twice": 15}
