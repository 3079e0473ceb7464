"""Tests of comparing two runs under all aspects."""

from collections.abc import Iterator
from typing import Any

import pytest

from sacred_core.compare import MISSING, Difference, diff
from sacred_core.exceptions import OptionError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import Aspect
from sacred_core.hooks.specs import hookimpl


class AcmePlugin:
    """A plugin with one aspect that works and two that raise."""

    @hookimpl
    def sacred_compare(self) -> Iterator[Aspect]:
        yield Aspect("rack", lambda side: {"rack": side.run.host["rack"]}, title="rack")
        yield Aspect("broken", lambda side: 1 / 0)
        yield Aspect("odd", lambda side: {"rack": side.run.host["rack"]}, lambda *given: "text")


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> None:
    offered = [*plugin_manager().aspects, *AcmePlugin().sacred_compare()]
    monkeypatch.setitem(vars(plugin_manager()), "aspects", offered)


def test_equal_runs_have_no_difference(record: Any) -> None:
    """Times, ids and uids are not differences, and neither is NaN."""
    config = {"lr": float("nan"), "net": {"sizes": [1, 2]}}
    first, second = (record(config, {"main.py": "x = 1\n"}, result=3) for _ in range(2))
    assert first.uid != second.uid
    found = diff(first, second)
    assert not found and found.problems == ()
    assert repr(found) == "<RunDiff the memory#1, the memory#2: 0 differences>"
    assert str(found) == found.text()
    assert found.lines()[-1] == "Nothing that was compared differs."


def test_entries_differ_by_their_paths(record: Any) -> None:
    """Each entry is compared by itself, also those of dictionaries in lists."""
    first = record({"lr": 1, "layers": [{"n": 1}, {"n": 2}], "old": None})
    second = record({"lr": 1.0, "layers": [{"n": 1}, {"n": 3}], "new": "1"})
    found = diff(first, second, only=["config"])
    assert [(each.key, each.first, each.second) for each in found] == [
        ("lr", 1, 1.0),
        ("layers.1.n", 2, 3),
        ("old", None, MISSING),
        ("new", MISSING, "1"),
    ]
    assert [line for each in found for line in each.text] == [
        "- lr = 1", "+ lr = 1.0",
        "- layers.1.n = 2", "+ layers.1.n = 3",
        "- old = None",
        "+ new = '1'",
    ]  # fmt: skip


def test_long_lines_are_shortened_in_the_text(record: Any) -> None:
    """An output may have a line of megabytes; the data contain all of it."""
    found = diff(record(output="x" * 5000 + "\n"), record(output="y\n"))
    [line] = [line for line in found.lines() if "xx" in line]
    assert len(line) < 2100 and line.endswith("x… (3003 more characters)")
    [difference] = found.section("output")
    assert "x" * 5000 in difference.details["diff"]


def test_an_unknown_aspect_is_an_error(record: Any) -> None:
    """The message contains the names that exist."""
    run = record()
    with pytest.raises(OptionError, match=r"unknown aspect 'confg': .*config, code"):
        diff(run, run, only=["confg"])


@pytest.mark.usefixtures("acme")
def test_a_plugin_that_raises_leaves_the_other_aspects(record: Any) -> None:
    """Its failure is one line; the fact of a render function that fails is shown as a value."""
    first, second = (record(host_info={"rack": number}) for number in (1, 2))
    found = diff(first, second)
    assert list(found.section("rack")) == [
        Difference("rack", "rack", 1, 2, text=("- rack = 1", "+ rack = 2"))
    ]
    assert [each.text for each in found.section("odd")] == [("- rack = 1", "+ rack = 2")]
    problems = "\n".join(found.problems)
    assert "the aspect 'broken' failed: ZeroDivisionError: division by zero" in problems
    assert "the aspect 'odd' failed: TypeError: render must return a Difference" in problems
    assert len(found.problems) == 2


def test_a_notebook_shows_a_diff(record: Any) -> None:
    """Each section that has differences is a block; nothing in it is an element of a page."""
    odd = "<img src=x onerror=alert(1)>"
    first, second = record({"lr": 1, odd: odd}), record({"lr": 2})
    text = diff(first, second)._repr_html_()
    assert "<pre>" in text and "- lr = 1</span>\n" in text and "+ lr = 2</span>" in text
    assert "<img" not in text and "&lt;img src=x onerror=alert(1)&gt;" in text
    assert "2 differences" in text
    same = diff(first, first)._repr_html_()
    assert "nothing that was compared differs" in same and "<pre>" not in same


@pytest.mark.usefixtures("acme")
def test_a_notebook_shows_what_was_not_compared(record: Any) -> None:
    """The failure of a plugin is below the differences."""
    text = diff(record(host_info={"rack": 1}), record(host_info={"rack": 2}))._repr_html_()
    assert "Not compared" in text.split("rack")[-1] and "ZeroDivisionError" in text
