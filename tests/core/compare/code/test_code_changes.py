"""Tests of comparing two versions of a module by their syntax trees."""

import warnings

import pytest

from sacred_core.compare.code.code_changes import CodeChange, compare_versions
from sacred_core.compare.code.normal_form import parse
from sacred_core.compare.code.units import units_of

MODULE = '''
"""Trains."""
import os, sys
from acme import first, second

RATE = 0.1
NAMES: list = ["a", "b"]


class Model(Base):
    """A model."""

    size = 8

    def fit(self, x, y=1):
        for each in range(3):
            x += each
            self.step(x)
        return x

    @property
    def rate(self):
        return self._rate

    @rate.setter
    def rate(self, value):
        self._rate = value


@ex.capture
def step(lr: float, decay=0.1, *rest, factor=2, **others) -> float:
    def inner(z):
        return z

    return inner(lr) * factor


if sys.platform == "linux":
    def path():
        return "/"
else:
    def path():
        return "C:"


async def wait(seconds):
    await sleep(seconds)


start()
os.sep = 1
'''


def changed(old: str, new: str) -> list[tuple[str, str, str, list[str]]]:
    """Return name, kind, change and edits of what differs after a text was replaced."""
    assert old in MODULE
    found = find_code_changes(MODULE, MODULE.replace(old, new, 1))
    return [(each.name, each.kind, each.change, [*map(str, each.edits)]) for each in found]


def find_code_changes(first: str, second: str, has_docstrings: bool = False) -> list[CodeChange]:
    """Return what differs between two versions of a module."""
    trees = [parse(text, has_docstrings) for text in (first, second)]
    units = [None if tree is None else units_of(tree) for tree in trees]
    return compare_versions((first, second), (units[0], units[1]))


@pytest.mark.parametrize(
    ("old", "new", "name", "edit"),
    [
        ("decay=0.1", "decay=0.2", "step", "default of decay 0.1 → 0.2"),
        ("decay=0.1", "decay", "step", "default of decay removed: 0.1"),
        ("seconds):", "seconds=1):", "wait", "default of seconds added: 1"),
        ("factor=2", "factor=3", "step", "default of factor 2 → 3"),
        ("x, y=1", "x, y=1, z=2", "Model.fit", "parameter added: z"),
        (", *rest", "", "step", "parameter removed: *rest"),
        (", **others", "", "step", "parameter removed: **others"),
        ("x, y=1", "x, /, y=1", "Model.fit", "parameter self, x, y=1 → self, x, /, y=1"),
        ("@ex.capture", "@cache\n@ex.capture", "step", "decorator added: @cache"),
        ("@ex.capture", "", "step", "decorator removed: @ex.capture"),
        ("@ex.capture", "@ex.command", "step", "decorator @ex.capture → @ex.command"),
        ("x += each", "x -= each", "Model.fit", "x += each → x -= each"),
        ("range(3)", "range(4)", "Model.fit", "for each in range(3): → for each in range(4):"),
        ("            self.step(x)\n", "", "Model.fit", "removed: self.step(x)"),
        ("return z\n", "return -z\n", "step.<locals>.inner", "return z → return -z"),
        ("rate = value", "rate = 2", "Model.rate", "self._rate = value → self._rate = 2"),
        ('"C:"', '"D:"', "path", "return 'C:' → return 'D:'"),
        ("async def wait", "def wait", "wait", "async def → def"),
        ("Base):", "Other):", "Model", "base class Base → Other"),
        ("Base):", "Base, Other):", "Model", "base class added: Other"),
        ("size = 8", "size = 9", "Model.size", "8 → 9"),
        ("RATE = 0.1", "RATE = 0.2", "RATE", "0.1 → 0.2"),
        ('["a", "b"]', '["a"]', "NAMES", "['a', 'b'] → ['a']"),
        ('== "l', '!= "l', "", "if sys.platform == 'linux': → if sys.platform != 'linux':"),
        ("start()", "start(1)", "", "start() → start(1)"),
        ("os.sep = 1", "os.sep = 2", "", "os.sep = 1 → os.sep = 2"),
        ("import os, sys", "import os as sys", "sys", "import sys → import os as sys"),
    ],
)  # fmt: skip
def test_a_change_is_named_with_both_versions(old: str, new: str, name: str, edit: str) -> None:
    """The function, class or name is found, and what differs in it."""
    found = changed(old, new)
    assert (name, edit) in [(each[0], text) for each in found for text in each[3]]
    assert {each[2] for each in found} <= {"changed", "removed"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("RATE = 0.1", "RATE = 0.1  # of learning"),
        ("RATE = 0.1", "RATE = 1e-1"),
        ("RATE = 0.1", "RATE: float = 0.1"),
        ("NAMES: list", "NAMES"),
        ("class Model", "\n\n\nclass Model"),
        ('"""A model."""', "'''Another.'''\n    pass"),
        ('"""Trains."""', ""),
        ("import os, sys", "import os\nimport sys"),
        ("import first, second", "import (\n    second,\n    first,\n)"),
        ("range(3)", "(range((3)))"),
        ('["a", "b"]', "['a', u'b',]"),
        ("self.step(x)", 'self.step(x); "done"; ...'),
        ("start()", "\\\nstart()"),
    ],
)
def test_comments_and_formatting_are_no_change(old: str, new: str) -> None:
    """The same code in another form has no change."""
    assert changed(old, new) == []


@pytest.mark.parametrize("old", ["lr: float", " -> float"])
def test_annotations_of_functions_are_minor(old: str) -> None:
    """Other annotations are reported, but as something that hardly matters."""
    found = find_code_changes(MODULE, MODULE.replace(old, old.replace("float", "int")))
    assert [(each.name, each.is_minor) for each in found] == [("step", True)]
    assert "annotation of" in str(found[0].edits[0]) and "float → int" in str(found[0].edits[0])


def test_annotations_of_classes_are_code() -> None:
    """A field of a dataclass is defined by its annotation."""
    found = find_code_changes("class A:\n    x: int = 1\n", "class A:\n    x: float = 1\n")
    assert [(each.name, each.is_minor) for each in found] == [("A.x", False)]


def test_docstrings_count_where_code_reads_them() -> None:
    """With docstrings, another one is a change."""
    texts = '"""Usage: a"""\n', '"""Usage: b"""\n'
    assert find_code_changes(*texts) == []
    assert len(find_code_changes(*texts, has_docstrings=True)) == 1


def test_added_removed_and_renamed_functions() -> None:
    """A function that only one version has is named once, without what it contains."""
    first = "def old(a):\n    return a\n\n\ndef gone():\n    def inner(): pass\n    return inner\n"
    second = "def new(a):\n    return a\n\n\nclass Added:\n    def method(self): return 1\n"
    found = find_code_changes(first, second)
    assert [(each.name, each.kind, each.change) for each in found] == [
        ("new", "function", "renamed"),
        ("gone", "function", "removed"),
        ("Added", "class", "added"),
    ]
    assert str(found[0].edits[0]) == "old → new"
    assert (found[1].first_line, found[1].second_line) == (5, None)
    assert (found[2].first_line, found[2].second_line) == (None, 5)


def test_added_and_removed_statements() -> None:
    """Statements of one version are shown."""
    found = find_code_changes("a = 1\nrun()\n", "run()\nb = 2\nstop(b)\n")
    assert [(each.name, each.change, str(each.edits[0])) for each in found] == [
        ("a", "removed", "removed: a = 1"),
        ("b", "added", "added: b = 2"),
        ("", "added", "added: stop(b)"),
    ]


@pytest.mark.parametrize(
    ("first", "second", "is_minor"),
    [
        ("a()\nb()\n", "b()\na()\n", False),
        ("x = 1\ny = x\n", "y = x\nx = 1\n", False),
        ("x = 1\ny = 2\n", "y = 2\nx = 1\n", True),
        ("import b\nimport a\n", "import a\nimport b\n", True),
    ],
)
def test_the_order_of_statements_is_code(first: str, second: str, is_minor: bool) -> None:
    """Statements in another order are one change, minor if their order hardly matters."""
    found = find_code_changes(first, second)
    assert [(each.kind, each.is_minor) for each in found] == [("order", is_minor)]
    assert len(found[0].edits) == 1


def test_the_order_of_functions_is_no_change() -> None:
    """Functions may be defined in any order."""
    first, second = "def a(): return 1\n", "def b(): return 2\n"
    assert find_code_changes(first + second, second + first) == []


def test_long_code_is_shown_where_it_differs() -> None:
    """Of a long statement only the expression that differs is shown."""
    call = "optimizer = build_optimizer(model.parameters(), momentum=0.9, nesterov=True, lr={})\n"
    found = find_code_changes(call.format("0.1"), call.format("0.25"))
    assert [*map(str, found[0].edits)] == ["lr=0.1 → lr=0.25"]
    text = "x = '" + "a" * 100 + "{}" + "b" * 100 + "'\n"
    shown = str(find_code_changes(text.format("1"), text.format("2"))[0].edits[0])
    assert "1b" in shown and "2b" in shown and len(shown) < 140


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        ("%time run()\nx = 1\n", "%time run()\nx = 2\n", "x = 1 → x = 2"),
        ("a = (\n", "a = 1\n", "a = ( → a = 1"),
        ("x = 1\0\n", "x = 2\0\n", "x = 1\0 → x = 2\0"),
        ("print 1\n", "print 1\nprint 2\n", "added: print 2"),
    ],
)
def test_what_is_not_python_is_compared_as_text(first: str, second: str, shown: str) -> None:
    """The first line that differs is shown."""
    (found,) = find_code_changes(first, second)
    assert (found.kind, found.name, str(found.edits[0])) == ("text", "", shown)


def test_deep_code_and_odd_escapes_are_no_problem() -> None:
    """Code that is nested too deeply is compared as text; warnings of the parser are not shown."""
    deep = "x = " + "-" * 5000 + "1\n"
    assert find_code_changes(deep, deep + "y = 1\n")
    long = "x = " + " + ".join(["a"] * 250)
    assert find_code_changes(long, f"{long} + b")[0].name == "x"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert find_code_changes("x = '\\d'\n", "x = '\\w'\n")[0].name == "x"
