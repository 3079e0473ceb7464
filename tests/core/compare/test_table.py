"""Tests of what differs between several runs, as a table."""

from typing import Any

import attrs
import pytest

from sacred_core.compare import MISSING, diff_table
from sacred_core.exceptions import OptionError
from sacred_core.terminal import text_width


def test_rows_are_what_differs_between_any_of_the_runs(record: Any) -> None:
    """A fact that a run does not have is missing, which None is not."""
    runs = [record({"a": 1, "b": None, "same": 0}), record({"a": 1, "same": 0}),
            record({"a": 1.0, "b": 2, "same": 0})]  # fmt: skip
    table = diff_table(runs)
    assert [(row.key, row.values) for row in table.section("config")] == [
        ("a", (1, 1, 1.0)),
        ("b", (None, MISSING, 2)),
    ]
    assert table.lines() == [
        "run             1     2          3",
        "Configuration:",
        "  a             1     1          1.0",
        "  b             None  (missing)  2",
    ]
    assert table.data()["sections"]["config"][1] == {
        "key": "b", "values": [{"value": None}, {}, {"value": 2}],
    }  # fmt: skip
    assert repr(table) == "<DiffTable the memory#1, the memory#2, the memory#3: 2 differences>"
    assert str(table).splitlines() == table.lines()
    assert bool(table) and not diff_table([runs[0], runs[0], runs[0]])


def test_cells_show_what_differs_in_few_characters(record: Any) -> None:
    """The start of a digest, enough digits, and of a metric its statistics that differ."""
    runs = [
        record({"lr": 0.1 + n * 1e-6}, {"main.py": f"{n}\n"}, metrics={"loss": [9, n]})
        for n in (1, 2, 3)
    ]
    lines = diff_table(runs).lines()
    assert lines[2].split() == ["lr", "0.100001", "0.100002", "0.100003"]
    assert lines[4].split() == ["main.py", "b026324c", "26ab0db9", "6d7fce9f"]
    assert [part.strip() for part in lines[6].split("  ") if part] == [
        "loss", "last 1, min 1", "last 2, min 2", "last 3, min 3",
    ]  # fmt: skip


def test_points_that_differ_in_the_middle_have_a_digest(record: Any) -> None:
    """Where no statistics differ, the cells differ all the same."""
    runs = [record(metrics={"loss": [0, value, 9]}) for value in (1, 2, 2)]
    (row,) = diff_table(runs).rows
    cells = row.cells()
    assert cells[0].startswith("digest ") and cells[0] != cells[1] == cells[2]


def test_a_narrow_table_fits_its_width(record: Any) -> None:
    """Cells are shortened, to ten columns at least; outside of a terminal to sixty."""
    runs = [record({"text": f"{number}{'x' * 100}"}) for number in range(3)]
    table = diff_table(runs)
    assert max(map(text_width, table.lines(80))) <= 80
    assert len(table.lines(20)[2].split()[1]) == 10
    assert len(table.lines()[2].split()[1]) == 60


def test_problems_and_unknown_aspects(record: Any) -> None:
    """An aspect that one run cannot show is not compared; the others are."""
    runs = [record({"lr": number}, metrics={"loss": [number]}) for number in (1, 2, 3)]
    record.memory.runs[2].metrics = {"loss": {"steps": [1]}}
    table = diff_table(runs)
    assert [row.key for row in table.rows] == ["lr"]
    assert "metrics" not in table.titles
    assert len(table.problems) == 1 and "metrics not compared" in table.problems[0]
    with pytest.raises(OptionError, match="unknown aspect 'x'"):
        diff_table(runs, ["x"])


def test_secrets_and_control_characters_are_not_shown(record: Any) -> None:
    """As everywhere else where a run is shown."""
    runs = [record({f"url{number}": "\x1b[2J postgresql://u:geheim@host/x"}) for number in (1, 2)]
    text = diff_table(runs).text()
    assert "geheim" not in text and "\x1b" not in text and "postgresql://" in text


def test_a_notebook_shows_the_table(record: Any) -> None:
    """Its cells are those of the text, escaped and without secrets; problems are rows."""
    odd = "<script>alert(1)</script>"
    runs = [record({"a": odd * number, "url": f"db://u:hunter2@h/{number}"}) for number in (1, 2)]
    table = diff_table(runs)
    text = attrs.evolve(table, problems=("x & y",))._repr_html_()
    assert "<p>2 runs, 2 differences</p>" in text
    assert "<th>run</th><th>1</th><th>2</th>" in text
    assert "<td>Configuration:</td>" in text and "<td>not compared</td><td>x &amp; y</td>" in text
    assert "&lt;script&gt;" in text and "<script" not in text and "hunter2" not in text
    assert "<td>a</td>" in text


def test_a_large_table_is_cut_in_a_notebook(record: Any) -> None:
    """The first 100 rows and 20 runs are shown, with how to see the others."""
    runs = [record({f"e{entry}": number for entry in range(150)}) for number in range(25)]
    text = diff_table(runs)._repr_html_()
    assert text.count("<tr>") == 103 and text.count("<th>") == 21
    assert "and 50 more; to see them: print(….text())" in text
    assert "25 runs, 150 differences; the first 20 runs" in text
    assert diff_table([])._repr_html_().count("<tr>") == 1
