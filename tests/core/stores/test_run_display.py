"""Tests of what a notebook shows of a run: text, escaped and without secrets."""

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.run import Run
from sacred_core.stores import StoredRun
from sacred_core.stores.run_display import blocks_html, cell_text, run_html
from sacred_core.stores.summaries import summarize
from tests.core.html_elements import Elements

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
#: What would be an element, an attribute, a formula or a command for a terminal.
ODD = "<script>alert('$x$')</script><img src=x onerror=\"a()\">&amp;\x1b[2J\u202e"


def stored(**fields: Any) -> StoredRun:
    known: dict[str, Any] = {
        "id": 3,
        "status": "COMPLETED",
        "command": "main",
        "experiment": {"name": "mnist"},
        "start_time": START,
        "stop_time": START + timedelta(minutes=12, seconds=4),
    }
    return StoredRun(**known | fields)


def cells(text: str) -> list[list[str]]:
    """Return the cells of the rows of the table in some HTML."""
    rows = re.findall(r"<tr>(.*?)</tr>", text)
    return [[html.unescape(c) for c in re.findall(r"<t[dh]>(.*?)</t[dh]>", row)] for row in rows]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "<StoredRun 3: mnist main, COMPLETED, started 2026-03-02 09:30:00 UTC, took 0:12:04>"),
        (
            {"status": "FAILED", "stop_time": START + timedelta(seconds=3)},
            "<StoredRun 3: mnist main, FAILED, started 2026-03-02 09:30:00 UTC, took 3.0s>",
        ),
        (
            {"status": "QUEUED", "start_time": None, "stop_time": None, "queue_time": START},
            "<StoredRun 3: mnist main, QUEUED, queued 2026-03-02 09:30:00 UTC>",
        ),
        (
            {"experiment": {}, "command": "", "start_time": None, "damage": "run.json is empty"},
            "<StoredRun 3: DAMAGED>",
        ),
        ({"status": "RUNNING"}, "<StoredRun 3: mnist main, DEAD, started 2026-03-02 09:30:00 UTC"),
    ],
)
def test_a_run_is_one_line(fields: dict[str, Any], expected: str) -> None:
    """The line has the id, the names, the status and the times, as far as they are known."""
    line = repr(stored(**fields))
    assert line.startswith(expected) and "\n" not in line


def test_a_run_is_a_table() -> None:
    """Configuration, result, metrics, files, tags, notes and the error have rows."""
    run = stored(
        config={"lr": 0.1, "model": {"size": 2}},
        result={"acc": 0.5},
        metrics={"loss": summarize([0, 1, 2], [3.0, 1.0, 2.0], 0)},
        artifacts=["model.pt"],
        tags=["a", "b"],
        notes=[{"text": "a note", "time": START, "user": "me"}],
        fail_trace=["Traceback …\n", "ValueError: x\n"],
        damage="output: cut off",
    )
    rows = cells(run._repr_html_())
    assert rows == [
        ["", "started 2026-03-02 09:30:00 UTC"],
        ["", "took 0:12:04"],
        ["damaged", "output: cut off"],
        ["config.lr", "0.1"],
        ["config.model.size", "2"],
        ["result", "{'acc': 0.5}"],
        ["metrics.loss", "last 2, min 1, max 3, 3 points"],
        ["artifact", "model.pt"],
        ["tags", "a, b"],
        ["note", "a note"],
        ["error", r"ValueError: x\n"],
    ]
    assert "Run 3: mnist main, DAMAGED" in run._repr_html_()


def test_nothing_stored_is_an_element() -> None:
    """What is stored appears as text, wherever it is; formulas are not typeset."""
    run = stored(
        id=ODD, command=ODD, experiment={"name": ODD}, config={ODD: ODD}, result=ODD,
        metrics={ODD: summarize([0], [1.0], 0)}, artifacts=[ODD], tags=[ODD],
        notes=[{"text": ODD}], fail_trace=[ODD], damage=ODD,
    )  # fmt: skip
    text = run._repr_html_()
    assert set(re.findall(r"<[^>]*>", text)) == {
        '<div class="sacred tex2jax_ignore mathjax_ignore">', "</div>", "<p>", "</p>",
        "<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>",
    }  # fmt: skip
    assert "\x1b" not in text + repr(run) and "\u202e" not in text + repr(run)
    assert "&lt;script&gt;" in text


def test_secrets_are_masked() -> None:
    """Also those of a program that recorded them as they were."""
    url = "mongodb://user:hunter2@host/db"
    run = stored(
        config={"password": "hunter2", "db": {"url": url}}, result={"api_key": "hunter2"},
        command=url, notes=[{"text": url}], damage=url, fail_trace=[f"Error: {url}"],
    )  # fmt: skip
    text = run._repr_html_() + repr(run)
    assert "hunter2" not in text and "***" in text


def test_a_large_run_has_a_short_table() -> None:
    """Long values and many entries are cut."""
    run = stored(config={f"entry{number}": "x" * 500 for number in range(80)})
    rows = cells(run_html(run))
    assert len(rows) == 51 and rows[-1] == ["", "and 32 more"]
    assert rows[2][1] == "x" * 59 + "…"
    assert len(cells(run_html(stored(config=dict.fromkeys(map(str, range(48)), 1))))) == 50


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""), (1 / 3, "0.3333"), (float("nan"), "nan"), (True, "True"), ("a\nb", r"a\nb"),
        ([1, {"a": 1 / 3}], "[1, {'a': 0.3333}]"),
    ],
)  # fmt: skip
def test_a_value_is_one_short_line(value: Any, expected: str) -> None:
    """Whatever is stored has some text."""
    assert cell_text(value) == expected
    assert cell_text(10**5000) == "<int>"


def test_a_run_that_is_not_stored_is_shown() -> None:
    """Before it starts, while it runs and after its end."""
    ex = Experiment("mnist", interactive=True)
    ex.add_config(lr=0.1, password="hunter2", odd=stored)
    shown = []

    @ex.main
    def main(_run: Run) -> float:
        shown.append(repr(_run))
        return 0.5

    run = ex.create_run()
    assert repr(run) == "<Run: mnist main, not started>"
    assert "Run: mnist main, not started" in run._repr_html_()
    run()
    assert shown[0].startswith("<Run: mnist main, RUNNING, started 20")
    assert re.match(r"<Run: mnist main, COMPLETED, started .* UTC, took 0\.\ds>", repr(run))
    rows = cells(run._repr_html_())
    assert ["config.lr", "0.1"] in rows and ["result", "0.5"] in rows
    assert "hunter2" not in run._repr_html_() and "Run: mnist main" in run._repr_html_()


def test_a_run_that_failed_shows_its_error() -> None:
    """The last line of its traceback is a row."""
    ex = Experiment("mnist", interactive=True)
    ex.main(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        ex.run()
    run = ex.current_run
    assert run is not None and repr(run).startswith("<Run: mnist <lambda>, FAILED, ")
    errors = [value for name, value in cells(run._repr_html_()) if name == "error"]
    assert len(errors) == 1 and errors[0].startswith("ZeroDivisionError: ")


def test_blocks_of_lines() -> None:
    """Each block has a title and lines; those that were removed or added have a background."""
    text = blocks_html("two runs", [("config", ["  - lr = 1", "  + lr = 2", "  x"])], "more()")
    elements = Elements(text)
    assert elements.names == {"div", "p", "b", "pre", "span"}
    assert elements.text == "two runsconfig  - lr = 1\n  + lr = 2\n  x"
    colours = re.findall(r'<span style="background: (rgba\([^)]*\))">  ([-+])', text)
    assert [sign for _, sign in colours] == ["-", "+"] and colours[0][0] != colours[1][0]
    # A transparent background, and no colour of the text: both are those of the theme.
    assert all(float(colour.split(",")[-1].strip(" )")) < 0.5 for colour, _ in colours)
    assert not re.search(r"[^-]color:|script|https?:|src=", text)


def test_lines_are_escaped_and_masked() -> None:
    """What was stored is text, wherever it is; secrets of several lines are masked."""
    key = ["-----BEGIN PRIVATE KEY-----", *["c2VjcmV0" * 8] * 300, "-----END PRIVATE KEY-----"]
    lines = [ODD, f"- {ODD}", "mongodb://user:hunter2@host/db", *["x"] * 90, *key]
    text = blocks_html(ODD, [(ODD, lines)], ODD)
    elements = Elements(text)
    assert elements.names == {"div", "p", "b", "pre", "span"}
    assert "\x1b" not in text and "\u202e" not in text
    assert "hunter2" not in text and "c2VjcmV0" not in text
    assert elements.text.count("<script>alert('$x$')</script>") >= 4


def test_many_lines_are_cut() -> None:
    """A hundred lines of each block are shown, with how to see the others."""
    blocks = [("a", (f"+ {number}" for number in range(100_000))), ("b", ["y" * 10**6])]
    text = blocks_html("h", blocks, "print(found.text())")
    assert len(text) < 15_000
    shown = Elements(text).text
    assert "+ 99and 99900 more lines; to see them: print(found.text())" in shown
    assert shown.endswith(f"b{'y' * 299}…")
    assert "more" not in blocks_html("h", [("a", ["x"] * 100)], "more()")
    assert blocks_html("h", [("", [])], "more()") == (
        '<div class="sacred tex2jax_ignore mathjax_ignore"><p>h</p><pre></pre></div>'
    )
