"""Tests of functions that take arguments from the configuration."""

import asyncio
import copy
import inspect
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sacred_core import SETTINGS, Experiment
from sacred_core.exceptions import ConfigError, MissingConfigError, ReadOnlyConfigError


@pytest.fixture
def ex() -> Experiment:
    experiment = Experiment("captured")
    experiment.add_config(foo=42, bar="baz", nested={"deep": {"x": 1}}, layers=[1, 2])
    return experiment


def result_of(ex: Experiment, main: Any, **updates: Any) -> Any:
    ex.main(main)
    return ex.run(config_updates=updates).result


def test_priority_of_arguments(ex: Experiment) -> None:
    """Passed wins over configured, configured over the default (section 1.2.4)."""

    @ex.capture
    def some_function(a: Any, foo: Any, bar: Any = 10) -> Any:
        return a, foo, bar

    def main() -> Any:
        return [some_function(1, 2, 3), some_function(1), some_function(1, bar=12)]

    assert result_of(ex, main) == [(1, 2, 3), (1, 42, "baz"), (1, 42, 12)]


def test_missing_value_is_a_type_error_that_names_it(ex: Experiment) -> None:
    """The error names the argument, the function, and where the argument was searched."""

    @ex.capture
    def some_function(a: Any, foo: Any) -> None: ...

    with pytest.raises(MissingConfigError, match=r"some_function\(\) .* value for 'a'"):
        result_of(ex, lambda: some_function())
    assert issubclass(MissingConfigError, TypeError)


@pytest.mark.parametrize("call", [lambda f: f(1, 2), lambda f: f(nope=1)])
def test_too_many_and_unexpected_arguments_are_type_errors(ex: Experiment, call: Any) -> None:
    """Python's own errors stay."""

    @ex.capture
    def some_function(foo: Any) -> None: ...

    with pytest.raises(TypeError, match="some_function"):
        result_of(ex, lambda: call(some_function))


def test_positional_only_and_keyword_only(ex: Experiment) -> None:
    """Every kind of parameter is filled in."""

    @ex.capture
    def some_function(foo: Any, /, bar: Any, *rest: Any, layers: Any, **more: Any) -> Any:
        return foo, bar, rest, layers, more

    def main() -> Any:
        return some_function(), some_function(1, 2, 3, z=4)

    assert result_of(ex, main) == (
        (42, "baz", (), [1, 2], {}),
        (1, 2, (3,), [1, 2], {"z": 4}),
    )


def test_special_values(ex: Experiment) -> None:
    """The run, its configuration, a logger, and seeds that differ from call to call."""

    @ex.capture
    def seeds(_seed: int, _rnd: Any) -> Any:
        return _seed, _rnd

    def main(_run: Any, _config: Any, _log: Any) -> Any:
        return _run, _config, _log, seeds(), seeds()

    run, config, log, first, second = result_of(ex, main, seed=1)
    assert run.config == config
    assert config["foo"] == 42
    assert log.name == "main"
    assert first[0] != second[0]
    assert first[0] == ex.run("main", {"seed": 1}).result[3][0]


def test_seeds_of_one_function_do_not_depend_on_another(ex: Experiment) -> None:
    """Section 1.7.4: calling A first leaves B's seed alone."""

    @ex.capture
    def a(_seed: int) -> int:
        return _seed

    @ex.capture
    def b(_seed: int) -> int:
        return _seed

    alone = result_of(ex, lambda: b(), seed=5)
    after = result_of(ex, lambda: (a(), b())[1], seed=5)
    assert alone == after


def test_prefix_restricts_to_a_subtree(ex: Experiment) -> None:
    """Dotted prefixes reach into the tree, and the rest is out of sight."""

    @ex.capture(prefix="nested.deep")
    def inside(x: int, foo: Any = "unseen") -> Any:
        return x, foo

    assert result_of(ex, lambda: inside()) == (1, "unseen")


def test_extras_are_taken_by_name_but_not_recorded(ex: Experiment) -> None:
    """What a scope defines for its own use reaches functions and later scopes."""

    @ex.config
    def first():
        _kind = random.Random

        def shown(value):
            return f"<{value}>"

        class Inner:
            pass

    @ex.config
    def second(_kind, shown):
        name = shown(_kind.__name__)

    def main(_kind: Any, shown: Any, Inner: Any, name: str, _run: Any) -> Any:
        return _kind, shown(1), Inner, name, dict(_run.config)

    kind, text, inner, name, config = result_of(ex, main)
    assert kind is random.Random
    assert (text, name) == ("<1>", "<Random>")
    assert isinstance(inner, type)
    assert config.keys() == {"seed", "foo", "bar", "nested", "layers", "name"}


def test_methods_are_captured(ex: Experiment) -> None:
    """`self` counts as passed."""

    class Model:
        @ex.capture
        def size(self, foo: int) -> int:
            return foo

    assert result_of(ex, lambda: Model().size()) == 42


def test_configuration_is_read_only_at_any_depth(ex: Experiment) -> None:
    """Writing to a nested entry is an error that describes what to do."""

    def main(nested: Any, layers: Any) -> None:
        for change in (
            lambda: nested["deep"].update(x=2),
            lambda: nested.setdefault("y", 1),
            lambda: layers.append(3),
        ):
            with pytest.raises(ReadOnlyConfigError, match="change a copy"):
                change()

    result_of(ex, main)


def test_each_run_sees_its_own_configuration(ex: Experiment) -> None:
    """A run inside a run of the same experiment does not change the outer one's values."""

    @ex.capture
    def value(foo: int) -> int:
        return foo

    @ex.command
    def inner() -> int:
        return value()

    def main() -> Any:
        before = value()
        within = ex.run("inner", {"foo": 1}).result
        return before, within, value()

    assert result_of(ex, main) == (42, 1, 42)


def test_static_and_class_methods(ex: Experiment) -> None:
    """Static and class methods are captured in either order of decorators that Python allows."""

    class Model:
        @staticmethod
        @ex.capture
        def static(foo: int) -> int:
            return foo

        @classmethod
        @ex.capture
        def of_class(cls, bar: str) -> Any:
            return cls, bar

    main = lambda: (Model.static(), Model().static(1), Model.of_class())
    assert result_of(ex, main) == (42, 1, (Model, "baz"))


def test_coroutines_and_generators(ex: Experiment) -> None:
    """What the function makes of a call stays what it is."""

    @ex.capture
    async def coroutine(foo: int) -> int:
        await asyncio.sleep(0)
        return foo

    @ex.capture
    def generator(layers: Any) -> Any:
        yield from layers

    @ex.capture
    async def async_generator(layers: Any) -> Any:
        for layer in layers:
            yield layer

    async def everything() -> Any:
        return await coroutine(), [layer async for layer in async_generator()]

    def main() -> Any:
        return list(generator()), asyncio.run(everything())

    assert result_of(ex, main) == ([1, 2], (42, [1, 2]))


def test_metadata_is_the_functions(ex: Experiment) -> None:
    """Name, docstring and signature are those that were written."""

    @ex.capture
    def documented(foo: int, /, *args: Any, bar: str = "x", **kwargs: Any) -> None:
        """Do it."""

    assert (documented.__name__, documented.__doc__) == ("documented", "Do it.")
    assert list(inspect.signature(documented).parameters) == ["foo", "args", "bar", "kwargs"]


SPAWNED = """
import multiprocessing, random
from sacred_core import SETTINGS, Experiment

ex = Experiment("spawned")
ex.add_config(n=3, seed=5, nested={"a": [1]})


@ex.capture
def work(i, n, nested, _seed, _rnd, _log, _config):
    try:
        nested["a"].append(1)
        return "written"
    except TypeError:
        return i * n, nested["a"], _seed, _config["seed"], _log.name


@ex.automain
def main():
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        results = pool.map(work, range(3), chunksize=1)
    assert [r[0] for r in results] == [0, 3, 6], results
    assert all(r[1] == [1] and r[3] == 5 and r[4] == "work" for r in results)
    assert len({r[2] for r in results}) == 3, "each has a seed of its own"
    print([r[2] for r in results])
"""


def test_pickled_functions_carry_their_configuration(tmp_path: Path) -> None:
    """In spawned children arguments are filled in, and seeds differ but repeat."""
    (tmp_path / "spawned.py").write_text(SPAWNED)
    outputs = set()
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "spawned.py", "-l", "ERROR"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        outputs.add(done.stdout)
    assert len(outputs) == 1


def test_copies_of_a_captured_function_are_itself(ex: Experiment) -> None:
    """Copying an object that holds one does not detach it."""

    @ex.capture
    def some_function(foo: int) -> int:
        return foo

    assert copy.deepcopy([some_function]) == [some_function]


def test_function_of_a_foreign_experiment_is_an_error(ex: Experiment) -> None:
    """Its entries are not part of this run."""
    other = Experiment("other")

    @other.capture
    def foreign(foo: int) -> int:
        return foo

    with pytest.raises(ConfigError, match="'other' was called in a run of 'captured'"):
        result_of(ex, lambda: foreign())


def test_read_only_can_be_switched_off(ex: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    """`SETTINGS.CONFIG.READ_ONLY_CONFIG = False` gives ordinary containers."""
    monkeypatch.setattr(SETTINGS.CONFIG, "READ_ONLY_CONFIG", False)

    def main(nested: Any, layers: Any) -> Any:
        nested["deep"]["x"] = 2
        layers.append(3)
        return type(nested), type(layers)

    assert result_of(ex, main) == (dict, list)


@pytest.mark.parametrize(("legacy", "kind"), [(False, "Generator"), (True, "RandomState")])
def test_numpys_generator_or_its_legacy(
    ex: Experiment, monkeypatch: pytest.MonkeyPatch, legacy: bool, kind: str
) -> None:
    """What `_rnd` is where numpy is installed; the same seed gives the same numbers."""
    numpy = pytest.importorskip("numpy")
    monkeypatch.setattr(SETTINGS.CONFIG, "NUMPY_RANDOM_LEGACY_API", legacy)
    main = lambda _rnd: (type(_rnd), float(_rnd.uniform()))
    first, second = (result_of(ex, main, seed=3) for _ in range(2))
    assert first == second
    assert first[0] is getattr(numpy.random, kind)


def python_calls(call: Any) -> list[str]:
    """Return the names of the functions that are called, one in the other."""
    names: list[str] = []
    sys.setprofile(
        lambda frame, event, _: names.append(frame.f_code.co_name) if event == "call" else None
    )
    try:
        call()
    finally:
        sys.setprofile(None)
    return names[1:]


def test_a_call_whose_arguments_are_known_costs_few_calls(ex: Experiment) -> None:
    """What completes a call is found once for each number of arguments that are passed."""

    @ex.capture
    def function(foo: int, bar: str) -> None: ...

    def main() -> list[list[str]]:
        function()
        function(1)
        return [python_calls(lambda: function()), python_calls(lambda: function(1))]

    assert result_of(ex, main) == [["__call__", "current_run", "function"]] * 2


def test_calls_share_no_dictionary_of_arguments(ex: Experiment) -> None:
    """What a function does to its ``**options`` changes no other call; what a call passes by name
    counts for this call only.
    """

    @ex.capture
    def function(foo: int, **options: Any) -> Any:
        options["foo"] = foo
        return options

    def main() -> Any:
        return [function(), function(foo=1), function(more=2), function(), function(5), function()]

    assert result_of(ex, main) == [
        {"foo": 42}, {"foo": 1}, {"foo": 42, "more": 2}, {"foo": 42}, {"foo": 5}, {"foo": 42},
    ]  # fmt: skip


def test_positional_only_arguments_that_are_passed_or_not(ex: Experiment) -> None:
    """Each number of passed arguments is completed correctly, again and again."""

    @ex.capture
    def function(foo: int, bar: str, /, layers: Any) -> Any:
        return foo, bar, list(layers)

    def main() -> Any:
        return [each for _ in range(2) for each in (function(), function(1), function(1, "b"))]

    assert result_of(ex, main) == [(42, "baz", [1, 2]), (1, "baz", [1, 2]), (1, "b", [1, 2])] * 2
