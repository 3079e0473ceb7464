"""Tests of the record of captured functions that a run called."""

import functools
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment, Ingredient
from sacred_core.stores.captured import CapturedCall
from sacred_core.testing.memory import Memory, MemoryObserver, MemoryStore

HERE = Path(__file__).name


class Recorder:
    """An experiment that is recorded in memory."""

    def __init__(self, *ingredients: Ingredient, **arguments: Any) -> None:
        self.memory = Memory()
        arguments = {"save_git_info": False, **arguments}
        self.ex = Experiment("recorded", ingredients=ingredients, **arguments)
        self.ex.observers.append(MemoryObserver(self.memory))
        self.ex.add_config(rate=0.1, size=3, optimizer={"name": "sgd", "sub": {"momentum": 0.9}})

    def calls(self, main: Callable[..., Any], **arguments: Any) -> list[CapturedCall]:
        """Return what is recorded of a run of ``main``, without ``main`` itself."""
        self.ex.main(main)
        run = self.ex.run(**arguments)
        first, *others = MemoryStore(self.memory).get(run._id).captured
        assert first.name.endswith(main.__qualname__)
        return others

    def entries(self, main: Callable[..., Any], **arguments: Any) -> list[tuple[str, ...]]:
        """Return the entries of each function."""
        return [call.entries for call in self.calls(main, **arguments)]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def test_functions_are_in_the_order_of_their_first_calls(recorder: Recorder) -> None:
    """Each called function is recorded once; one that is not called is not recorded."""

    def first(rate: float) -> None: ...

    def second(size: int, rate: float, other: int = 1) -> None: ...

    def unused(rate: float) -> None: ...

    one, two, three = map(recorder.ex.capture, (first, second, unused))

    def main() -> None:
        assert three.config["rate"] == 0.1  # not a call
        for function in (two, one, two):
            function()

    name = "test_functions_are_in_the_order_of_their_first_calls.<locals>."
    assert recorder.calls(main) == [
        CapturedCall(source=HERE, name=f"{name}second", entries=("size", "rate")),
        CapturedCall(source=HERE, name=f"{name}first", entries=("rate",)),
    ]


def test_arguments_that_every_call_passes_by_position_are_not_received(
    recorder: Recorder,
) -> None:
    """An argument is received if one of the calls does not pass it by position."""

    @recorder.ex.capture
    def always(rate: float, size: int) -> None: ...

    @recorder.ex.capture
    def sometimes(rate: float, size: int) -> None: ...

    def main() -> None:
        always(1)
        always(2, size=3)
        sometimes(1)
        sometimes()

    assert recorder.entries(main) == [("size",), ("rate", "size")]


def test_special_arguments_and_defaults_are_not_entries(recorder: Recorder) -> None:
    """A function without values from the configuration is recorded without entries."""

    @recorder.ex.capture
    def special(_run: Any, _log: Any, _rnd: Any, _seed: int, default: int = 1) -> None: ...

    assert recorder.entries(lambda: special()) == [()]


def test_prefixes_and_whole_configurations_are_paths(recorder: Recorder) -> None:
    """A prefix is part of the path, and ``_config`` is the path of its content."""

    @recorder.ex.capture(prefix="optimizer.sub")
    def below(momentum: float, _config: Any) -> None: ...

    @recorder.ex.capture
    def whole(_config: Any, optimizer: Any) -> None: ...

    def main() -> None:
        below()
        whole()

    assert recorder.entries(main) == [
        ("optimizer.sub.momentum", "optimizer.sub"), ("", "optimizer"),
    ]  # fmt: skip


def test_entries_of_ingredients_have_their_paths() -> None:
    """Also those of ingredients that an ingredient uses, wherever these are."""
    scale, inner, shared = map(Ingredient, ("data.scale", "data.files.csv", "tool"))
    data = Ingredient("data", ingredients=[scale, inner, shared])
    sibling = Ingredient("data.other", ingredients=[inner])
    for each in (data, scale, inner, shared, sibling):
        each.add_config(value=1)

    @data.capture
    def own(value: int, scale: Any, files: Any, tool: Any) -> None: ...

    @data.capture
    def whole(_config: Any) -> None: ...

    @data.capture(prefix="tool")
    def outside(value: int, _config: Any) -> None: ...

    @sibling.capture
    def of_sibling(value: int, files: Any) -> None: ...

    @sibling.capture(prefix="files.csv")
    def below_sibling(value: int) -> None: ...

    def main() -> None:
        for each in (own, whole, outside, of_sibling, below_sibling):
            each()

    assert Recorder(data, sibling).entries(main) == [
        ("data.value", "data.scale", "data.files", "tool"),
        ("data", "tool"),
        ("tool.value", "tool"),
        ("data.other.value", "data.files.csv"),
        ("data.files.csv.value",),
    ]


def test_private_names_of_a_scope_are_not_entries(recorder: Recorder) -> None:
    """What functions take by name but is not recorded is not an entry of the configuration."""

    @recorder.ex.config
    def scope() -> None:
        _private = 1

    @recorder.ex.capture
    def function(_private: int, rate: float) -> None: ...

    assert recorder.entries(lambda: function()) == [("rate",)]


def test_entries_of_one_function_that_is_captured_twice_are_joined(recorder: Recorder) -> None:
    """The record has each function once, whatever prefixes it is captured with."""

    def function(rate: float = 1, momentum: float = 1) -> None: ...

    plain, below = (
        recorder.ex.capture(function),
        recorder.ex.capture(function, prefix="optimizer.sub"),
    )

    def main() -> None:
        plain()
        below()

    assert recorder.entries(main) == [("rate", "optimizer.sub.momentum")]


def test_decorated_functions_have_the_place_of_the_inner_function(recorder: Recorder) -> None:
    """The source is that of the decorated function, not of the decorator; so is the name."""

    @recorder.ex.capture
    @functools.cache
    def cached(rate: float) -> None: ...

    (call,) = recorder.calls(lambda: cached())
    assert (call.source, call.name.rpartition(".")[2], call.entries) == (HERE, "cached", ("rate",))


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Any]:
    """Return a function that writes a module with a function, and imports it."""

    def load(path: Path) -> Any:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("def function(rate): ...\n")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, path.stem, module)
        spec.loader.exec_module(module)
        return module

    return load


def test_functions_that_are_not_in_a_recorded_source_have_no_source(
    recorder: Recorder, load: Callable[[Path], Any], tmp_path: Path
) -> None:
    """The source is None for a file that is not recorded, and for code without a file."""
    namespace: dict[str, Any] = {}
    exec("def made(rate): ...", namespace)
    elsewhere = load(tmp_path / "elsewhere_of_executed.py").function
    functions = [recorder.ex.capture(each) for each in (elsewhere, namespace["made"], tuple)]
    calls = recorder.calls(lambda: [function() for function in functions])
    assert [(call.source, call.name) for call in calls] == [
        (None, "function"), (None, "made"), (None, "tuple"),
    ]  # fmt: skip


def test_functions_of_a_module_that_is_imported_late(
    load: Callable[[Path], Any], tmp_path: Path
) -> None:
    """The source of a function is its name among the sources, below the folder."""
    recorder = Recorder(base_dir=str(tmp_path))

    def main() -> None:
        recorder.ex.capture(load(tmp_path / "pack" / "late_of_executed.py").function)()

    (call,) = recorder.calls(main)
    assert (call.source, call.name) == (str(Path("pack", "late_of_executed.py")), "function")


def test_functions_that_are_pickled_for_other_processes_are_recorded(recorder: Recorder) -> None:
    """They are called in another process, and have all entries that they were pickled with."""
    function = recorder.ex.capture(_of_other_process)

    def main() -> None:
        function.__reduce__()

    assert recorder.entries(main) == [("rate", "size")]


def _of_other_process(rate: float, size: int) -> None: ...


def test_hooks_and_failed_runs_are_recorded(recorder: Recorder) -> None:
    """Captured hooks come before the command; a run that fails has what it called."""

    @recorder.ex.pre_run_hook
    def before(size: int) -> None: ...

    @recorder.ex.main
    def main(rate: float) -> None:
        raise ValueError("broke")

    with pytest.raises(ValueError, match="broke"):
        recorder.ex.run()
    calls = MemoryStore(recorder.memory).get(1).captured
    assert [call.entries for call in calls] == [("size",), ("rate",)]


def test_runs_without_calls_record_nothing(recorder: Recorder) -> None:
    """A queued run has called no function, and each run has its own calls only."""
    recorder.ex.main(lambda rate: None)
    recorder.ex.run(options={"--queue": True})
    recorder.ex.run()
    store = MemoryStore(recorder.memory)
    assert "captured" not in store.get(1).experiment
    assert [call.entries for call in store.get(2).captured] == [("rate",)]
