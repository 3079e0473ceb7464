"""Tests of config scopes: what becomes an entry, and how fixed entries reach later lines."""

import functools
import linecache
import math
from typing import Any

import pytest

from sacred_core.config.config_scope import ConfigScope
from sacred_core.config.request import Overrides
from sacred_core.exceptions import ConfigScopeError
from sacred_core.settings import SETTINGS


@ConfigScope
def demo():
    """This is my demo configuration"""

    a = 10  # some integer

    # a dictionary
    foo = {
        "a_squared": a**2,
        "bar": "my_string%d" % a,
    }
    if a > 8:
        # cool: a dynamic entry
        e = a / 2


def with_fixed(scope: ConfigScope, **fixed: Any) -> dict[str, Any]:
    return scope.evaluate(Overrides(fixed), {}).entries


def test_calling_a_scope_returns_its_configuration() -> None:
    """Section 1.3.1 prints the result of the demo."""
    expected = {"foo": {"bar": "my_string10", "a_squared": 100}, "a": 10, "e": 5}
    assert demo() == expected


@pytest.mark.parametrize(
    ("fixed", "expected"),
    [
        ({"a": 23}, {"foo": {"bar": "my_string23", "a_squared": 529}, "a": 23, "e": 11.5}),
        ({"a": 6}, {"foo": {"bar": "my_string6", "a_squared": 36}, "a": 6}),
        (
            {"foo": {"bar": "baobab"}},
            {"foo": {"bar": "baobab", "a_squared": 100}, "a": 10, "e": 5},
        ),
        ({"foo": 3}, {"foo": 3, "a": 10, "e": 5}),
    ],
)
def test_later_lines_see_what_is_fixed(fixed: dict[str, Any], expected: dict[str, Any]) -> None:
    """Everything that depends on a fixed entry changes accordingly (section 1.3.2)."""
    assert with_fixed(demo, **fixed) == expected


def test_every_way_to_bind_a_name_respects_what_is_fixed() -> None:
    """Tuples, walrus, loops, `with`, augmented and annotated assignments, functions."""

    @ConfigScope
    def scope():
        text = """two
  lines"""
        a, b = 1, 2
        if (c := a + b) > 50:
            big = True
        total = 0
        for i in range(3):
            total += i
        d: int = 5
        squares = [x * d for x in range(3)]
        later = (lambda: d + c)()
        try:
            e = missing
        except NameError:
            e = "none"

    assert scope() == {
        "text": "two\n  lines", "a": 1, "b": 2, "c": 3, "total": 3, "i": 2, "d": 5,
        "squares": [0, 5, 10], "later": 8, "e": "none",
    }  # fmt: skip
    fixed = with_fixed(scope, a=10, c=100, d=7, total=0, e="fixed")
    assert fixed == {
        "text": "two\n  lines", "a": 10, "b": 2, "c": 100, "big": True, "total": 0, "i": 2,
        "d": 7, "squares": [0, 7, 14], "later": 107, "e": "fixed",
    }  # fmt: skip


def test_a_fixed_entry_is_fixed_inside_dictionaries_that_are_filled_later() -> None:
    """Neither an item assignment nor an update of a dictionary undoes it."""

    @ConfigScope
    def scope():
        d = {}
        d["x"] = 1
        d.update(x=2, y=3)
        seen = d["x"]

    assert with_fixed(scope, d={"x": 9}) == {"d": {"x": 9, "y": 3}, "seen": 9}


def test_parameters_of_each_kind_may_have_defaults() -> None:
    """A default is used for a parameter that is not available, by position or by name only."""

    @ConfigScope
    def scope(a, b=2, *, c=3, d=4):
        total = a + b + c + d

    contribution = scope.evaluate(Overrides({}), {"a": 1, "d": 40})
    assert contribution.entries == {"b": 2, "c": 3, "total": 46}


def test_closures_are_read_and_written() -> None:
    """A scope may use names of the function around it; they are no entries."""
    factor = 3

    @ConfigScope
    def scope():
        nonlocal factor
        factor = 4
        a = factor * 2

    assert with_fixed(scope, a=1) == {"a": 1}
    assert scope() == {"a": 8}
    assert factor == 4


def test_tuples_become_lists_and_objects_stay_as_they_are() -> None:
    """Section 1.3, and inside dictionaries and lists too."""

    @ConfigScope
    def scope():

        pair = (1, (2, 3))
        function = math.floor
        mixed = {"f": math.floor, "pair": (1, math)}

    contribution = scope.evaluate(Overrides(), {})
    assert contribution.entries == {
        "pair": [1, [2, 3]],
        "function": math.floor,
        "mixed": {"f": math.floor, "pair": [1, math]},
    }
    assert not contribution.extras


def test_tools_of_a_scope_are_not_entries() -> None:
    """Private names, modules, imports, and what `def` and `class` define in it."""

    @ConfigScope
    def scope():
        import json  # noqa: F401
        from os import path  # noqa: F401

        _hidden = 1
        module = math

        def helper(x):
            return x

        @functools.lru_cache
        def cached(x):
            return x

        if helper(1):

            class Inner:
                pass

        def text():
            return "x"

        text = text()

    contribution = scope.evaluate(Overrides(), {})
    assert contribution.entries == {"text": "x"}
    assert set(contribution.extras) == {"_hidden", "module", "helper", "cached", "Inner"}


def test_what_a_scope_defines_has_the_name_that_python_gives_it() -> None:
    """Names in records, in pickles and in tracebacks are those of the source."""

    @ConfigScope
    def scope():
        class Inner:
            def method(self):
                return lambda: 1

        make = lambda: Inner
        name = "__sacred_factory__ is only a string"

    for entries in (scope.evaluate(Overrides(), {}), scope.evaluate(Overrides({"name": "x"}), {})):
        inner = entries.extras["Inner"]
        here = (
            "test_what_a_scope_defines_has_the_name_that_python_gives_it.<locals>.scope.<locals>."
        )
        assert inner.__qualname__ == f"{here}Inner"
        assert inner.method.__qualname__ == f"{here}Inner.method"
        assert inner().method().__qualname__ == f"{here}Inner.method.<locals>.<lambda>"
        assert entries.entries["make"].__qualname__ == f"{here}<lambda>"


def test_parameters_take_earlier_entries() -> None:
    """Section 1.3.1: a later scope declares what it needs and may change it."""

    @ConfigScope
    def second(a):
        c = a * 2
        a = -1

    assert second.evaluate(Overrides(), {"a": 10}).entries == {"c": 20, "a": -1}
    with pytest.raises(ConfigScopeError, match="takes 'a', which is not defined"):
        second.evaluate(Overrides(), {})


def test_return_is_refused_with_its_place() -> None:
    """The error names the file and the line of the statement."""
    with pytest.raises(ConfigScopeError, match=r"test_config_scope.py:\d+: .*must not return"):

        @ConfigScope
        def scope():
            return {"a": 1}


def test_yield_is_refused() -> None:
    """A generator has no final local variables."""
    with pytest.raises(ConfigScopeError, match="must not yield"):

        @ConfigScope
        def scope():
            yield 1


def test_functions_inside_a_scope_may_return() -> None:
    """Only the scope's own statements are looked at."""

    @ConfigScope
    def scope():
        def double(x: int) -> int:
            return 2 * x

        a = double(4)

    assert scope() == {"a": 8}


def test_an_exception_shows_the_line_of_the_scope() -> None:
    """An exception shows the line of the scope, also where entries are fixed, the traceback ends at
    the user's line.
    """

    @ConfigScope
    def scope():
        a = 1
        b = 1 / (a - 2)

    with pytest.raises(ZeroDivisionError) as caught:
        with_fixed(scope, a=2)
    line = caught.traceback[-1]
    assert str(line.path) == __file__
    assert "b = 1 / (a - 2)" in str(line.statement)


def test_a_scope_in_a_class_body() -> None:
    """A scope in a class body is resolved like any other."""

    class Holder:
        @ConfigScope
        def scope():
            a = 1
            text = """x
    y"""

    assert with_fixed(Holder.scope, a=2) == {"a": 2, "text": "x\n    y"}


def test_a_scope_in_a_notebook_cell() -> None:
    """Its source is where IPython puts it: in linecache, under the name of the cell."""
    source = "@ConfigScope\ndef cell():\n    a = 1  # cell comment\n    b = a + 1\n"
    name = "<ipython-input-1-cell>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    namespace: dict[str, Any] = {"ConfigScope": ConfigScope}
    exec(compile(source, name, "exec"), namespace)
    scope = namespace["cell"]
    assert with_fixed(scope, a=5) == {"a": 5, "b": 6}
    assert scope.docs == {"a": "cell comment"}


@pytest.mark.parametrize("cached", ["", "x = 1\n", "def f():\n    a = 2\n\n\nb = 1\n"])
def test_without_its_source_the_error_names_the_way_out(
    monkeypatch: pytest.MonkeyPatch, cached: str
) -> None:
    """Executed strings have none; since Python 3.13, that of ``python -c`` has the same name."""
    lines = cached.splitlines(keepends=True)
    monkeypatch.setitem(linecache.cache, "<string>", (len(cached), None, lines, "<string>"))
    with pytest.raises(ConfigScopeError, match=r"is not available: define it in a file, or use"):
        exec("@ConfigScope\ndef scope():\n    a = 1\n", {"ConfigScope": ConfigScope})


def test_a_scope_in_the_source_of_an_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.13 and later keep the source of ``python -c``, where scopes work."""
    source = "x = 1\n@ConfigScope\ndef scope():\n    a = 1\n    b = a + 1\n"
    entry = (len(source), None, source.splitlines(keepends=True), "<string>")
    monkeypatch.setitem(linecache.cache, "<string>", entry)
    namespace: dict[str, Any] = {"ConfigScope": ConfigScope}
    exec(source, namespace)
    assert with_fixed(namespace["scope"], a=5) == {"a": 5, "b": 6}


def test_a_scope_under_another_decorator() -> None:
    """The function inside of decorators is found; scopes are taken as they are."""

    def shouting(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any) -> Any:
            return function(*args)

        return wrapper

    @ConfigScope.of
    @shouting
    def scope():
        a = 1

    assert with_fixed(scope, a=2) == {"a": 2}
    assert ConfigScope.of(scope) is scope


@pytest.mark.parametrize("value", [lambda: 1, 3, len, str])
def test_what_is_no_function_with_a_body_is_refused(value: Any) -> None:
    """The error names it."""
    with pytest.raises(ConfigScopeError):
        ConfigScope.of(value)


def test_comments_become_documentation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comments become documentation, at the end of the line, or alone on the line above; ignored
    ones are neither.
    """

    @ConfigScope
    def scope():
        """What it is for."""
        a = 10  # some integer
        # above
        b = 1
        c = 2  # pylint: disable=invalid-name
        # noinspection PyUnusedLocal
        d = 3
        # of both
        e, f = 1, 2
        if a:
            # dynamic
            g = [
                1,
            ]
        h = {
            "x": 1,
        }  # at the end
        text = "# no comment"
        #
        i = 1

    assert scope.docs == {
        "": "What it is for.", "a": "some integer", "b": "above", "e": "of both", "f": "of both",
        "g": "dynamic", "h": "at the end",
    }  # fmt: skip


def test_ignored_comments_are_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """`SETTINGS.CONFIG.IGNORED_COMMENTS` is a list of patterns."""
    monkeypatch.setattr(SETTINGS.CONFIG, "IGNORED_COMMENTS", ["^TODO"])

    @ConfigScope
    def scope():
        a = 1  # TODO: think
        b = 2  # pylint: said

    assert scope.docs == {"b": "pylint: said"}


def test_arrays_and_scalars_of_numpy_become_lists_and_numbers() -> None:
    """Section 1.3: what is stored is plain."""
    numpy = pytest.importorskip("numpy")

    @ConfigScope
    def scope():
        a = numpy.arange(3)
        b = numpy.float32(0.5)
        c = {"x": numpy.int64(3), "y": (numpy.bool_(True),)}

    assert scope() == {"a": [0, 1, 2], "b": 0.5, "c": {"x": 3, "y": [True]}}
    assert type(scope()["b"]) is float
