"""Tests of text, code, patches, tables and small curves as parts of pages."""

from collections.abc import Callable
from typing import Any

import pytest
from sacred_board.panels.metric_rows import metric_rows, polyline
from sacred_board.panels.tabs import result_text
from sacred_board.panels.text_parts import (
    decode,
    patch_lines,
    python_lines,
    shorten,
    split_lines,
    text_lines,
)
from sacred_board.panels.viewers import show_table, show_text
from sacred_board.panels.views import FileView

from sacred_core.stores.model import StoredRun
from sacred_core.stores.recorded_files import FileInfo


def code(text: str) -> list[str]:
    """Return Python code as HTML, with short names of classes."""
    return [str(line.text).replace(' class="code-', "=").replace('">', ">") for line in
            python_lines(text)]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("if x: # why", "<span=keyword>if</span> x: <span=comment># why</span>"),
        ("a = 'b' + \"c\"", "a = <span=string>&#39;b&#39;</span> + "
         "<span=string>&#34;c&#34;</span>"),
        ("x = 0x1f + y2", "x = <span=number>0x1f</span> + y2"),
        (r"'a\'b' or 1", r"<span=string>&#39;a\&#39;b&#39;</span> <span=keyword>or</span> "
         "<span=number>1</span>"),
        ("'''a''' + 1", "<span=string>&#39;&#39;&#39;a&#39;&#39;&#39;</span> + "
         "<span=number>1</span>"),
        ("<b>", "&lt;b&gt;"),
        ("", ""),
    ],
)  # fmt: skip
def test_words_of_code_have_elements(line: str, expected: str) -> None:
    """Keywords, numbers, strings and comments are marked, and all is escaped."""
    assert code(line + "\n") == [expected]


def test_strings_of_several_lines_are_marked() -> None:
    """A string goes on until its quotes, in which other quotes and comments are text."""
    text = 'x = """a # b\n\'\'\' if\nc""" + y\nif z'
    quotes = "&#34;&#34;&#34;"
    assert code(text) == [
        f"x = <span=string>{quotes}a # b</span>",
        "<span=string>&#39;&#39;&#39; if</span>",
        f"<span=string>c{quotes}</span> + y",
        "<span=keyword>if</span> z",
    ]


def test_lines_of_patches_have_classes() -> None:
    """Added and removed lines, hunks and names of files differ."""
    lines = ["diff --git a/x b/x", "index 1..2", "--- a/x", "+++ b/x", "@@ -1 +1 @@", "-a", "+b",
             " c", "\\ No newline at end of file"]  # fmt: skip
    assert [line.classes for line in patch_lines("\n".join(lines))] == [
        "diff-file", "diff-hunk", "diff-hunk", "diff-hunk", "diff-hunk", "diff-del", "diff-add",
        "diff-same", "diff-hunk",
    ]  # fmt: skip


def test_lines_are_cut_and_have_no_control_characters() -> None:
    """A line of megabytes is shown in part."""
    assert [line.text for line in text_lines("a\tb\r\nc\x1b\rd\n")] == ["a\tb", "c\\x1b", "d"]
    assert shorten("x" * 5001) == "x" * 5000 + "…" and shorten("x" * 5000) == "x" * 5000
    assert [*split_lines("a\n\n")] == ["a", ""]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"caf\xc3\xa9", "café"), (b"caf\xc3", "caf"), (b"\xef\xbb\xbfa", "a"), (b"a\0b", None),
        (b"\xff\xfe\xfd\xfc and more", None), ("😀".encode()[:3], ""), (b"", ""),
    ],
)  # fmt: skip
def test_text_is_recognized(content: bytes, text: str | None) -> None:
    """It is UTF-8, of which the last character may be cut."""
    assert decode(content) == text


class Store:
    """A store with one file, and with metrics."""

    def __init__(self, content: bytes = b"", metrics: Any = None) -> None:
        self.content, self.points = content, metrics or {}

    def open_file(self, run_id: int | str, kind: str, name: str) -> Any:
        import io

        return io.BytesIO(self.content)

    def metrics(self, run_id: int | str) -> Any:
        return self.points


def shown(viewer: Callable[[FileView], Any], content: bytes, name: str) -> str:
    """Return what a viewer shows of a file."""
    store: Any = Store(content)
    run = StoredRun(id=1, status="")
    return str(viewer(FileView(run=run, store=store, kind="artifact", name=name,
                               info=FileInfo(size=len(content)), url="/x")))  # fmt: skip


def test_long_tables_are_shown_in_part() -> None:
    """At most 500 rows and 60 columns are shown, and how many there are."""
    rows = [",".join(str(column) for column in range(70)) for _ in range(601)]
    html = shown(show_table, "\n".join(rows).encode(), "a.csv")
    assert html.count("<tr>") == 501 and html.count("<th") == 60 + 1  # with thead
    assert "500 of 600 rows and 60 of 70 columns are shown." in html
    whole = shown(show_table, "\n".join(rows[:501]).replace(",60", "").encode(), "a.csv")
    assert whole.count("<tr>") == 501
    large = shown(show_table, b"a,b\n" + b"1,2\n" * 300_000, "a.csv")
    assert "500 of more than 262" in large


def test_tables_have_columns_of_numbers() -> None:
    """Missing and empty values do not matter; values of tabs are separated by tabs."""
    html = shown(show_table, b"a\tb,c\td\n1\t\tx\n2.5\n", "a.tsv")
    assert '<th class="num">a</th><th>b,c</th><th>d</th>' in html
    assert '<td class="num">2.5</td><td></td><td></td>' in html
    assert shown(show_table, b"\xff\xfe\xfd\xfc\xfb\xfa", "a.csv") == "None"
    assert shown(show_table, b"", "a.csv") == "None"


def test_long_texts_are_shown_in_part() -> None:
    """The beginning is shown, with a link to the whole file."""
    most = 256 * 1024
    assert "Only the beginning" not in shown(show_text, b"x\n" * (most // 2), "a.txt")
    assert "Only the beginning" in shown(show_text, b"x\n" * (most // 2) + b"y", "a.txt")


def test_small_curves_go_through_the_middle_of_parts() -> None:
    """The least value is at the bottom; values that are not numbers are skipped."""
    assert polyline([0.0, 1.0, None, 0.5]) == "0.0,22.0 40.0,2.0 120.0,12.0"
    assert polyline([3.0, 3.0]) == "0.0,12.0 120.0,12.0"
    assert polyline([1.0]) == "" and polyline([None, None]) == ""
    values = [0.0, 4.0, "x", float("inf"), float("nan"), 1.0]
    metric = {"steps": [*range(6)], "values": values, "timestamps": [None] * 6}
    [row] = metric_rows(Store(metrics={"loss": metric, "none": _no_points()}), 1)
    assert (row.name, row.summary.points, row.size) == ("loss", 6, 1)
    assert [*row.middles] == [0.0, 4.0, None, None, None, 1.0]


def _no_points() -> dict[str, list[Any]]:
    return {"steps": [], "values": [], "timestamps": []}


def test_long_metrics_have_curves_of_blocks() -> None:
    """Of metrics with many points the summaries of blocks are used; parts have a middle."""
    count = 130_000
    values = [float(number // 1000) for number in range(count)]
    metric = {"steps": [*range(count)], "values": values, "timestamps": [None] * count}
    short = {"steps": [*range(120)], "values": values[:120], "timestamps": [None] * 120}
    long, few = metric_rows(Store(metrics={"long": metric, "few": short}), 1)
    assert [*long.middles[:3]] == [1.0, 4.0, 7.0] and len(long.middles) == 44
    assert (long.size, long.middles[-1]) == (3000, 129.0)
    assert (few.size, len(few.middles), few.middles[0]) == (2, 60, 0.0)


def test_results_are_shown_with_all_digits() -> None:
    """A number has all digits, and secrets in dictionaries are masked."""
    results = {0.12345678901234: "0.12345678901234", None: "None", "a\x1b": "'a\\x1b'"}
    for result, text in results.items():
        assert result_text(StoredRun(id=1, status="", result=result)) == text
    mixed = {"a": {"b": [1.5]}, "password": "hunter22"}
    shown_text = result_text(StoredRun(id=1, status="", result=mixed))
    assert shown_text == "{'a': {'b': [1.5]}, 'password': '***'}"
    assert result_text(StoredRun(id=1, status="", result=[{"a": 1}])) == "[{'a': 1}]"
