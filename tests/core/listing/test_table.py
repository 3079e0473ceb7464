"""Tests of tables in the terminal."""

import random

import pytest

from sacred_core.listing.table import TableColumn, fit, table_text
from sacred_core.terminal import text_width

WIDE = "学習率の実験"


def widths(columns: list[TableColumn]) -> list[int]:
    return [text_width(line) for line in table_text(columns).splitlines()]


def test_columns_are_aligned_by_what_they_occupy() -> None:
    """Wide characters occupy two columns of the terminal."""
    columns = [TableColumn("ID", ["1", "2"]), TableColumn("NAME", ["日本", "ab"]),
               TableColumn("lr", ["0.1", "0.2"])]  # fmt: skip
    assert table_text(columns).splitlines() == [
        "ID  NAME  lr", "1   日本  0.1", "2   ab    0.2",
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_no_line_is_wider_than_the_terminal(seed: int) -> None:
    """Whatever the columns hold, each line fits, and each column is shown or named."""
    draw = random.Random(seed)
    kinds = ["run", "minor", "config", "result", "metrics", "chosen", "group", "statistics"]
    columns = [
        TableColumn(
            f"c{number}" * draw.randrange(1, 8),
            [draw.choice(("x", WIDE, "e\u0301", "👩‍👩‍👧")) * draw.randrange(9) for _ in range(3)],
            draw.choice(kinds),
        )
        for number in range(draw.randrange(1, 12))
    ]
    for width in (1, 2, 7, 40, 80, 160):
        shown, hidden = fit(columns, width)
        assert max(widths(shown)) <= width
        assert len(shown) + len(hidden) == len(columns)
        assert set(hidden) <= {column.heading for column in columns}
    assert fit(columns, None) == (columns, [])


def test_room_is_used_for_long_cells() -> None:
    """A cell is only as short as the width demands, and others give no room away."""
    columns = [TableColumn("ID", ["1"]), TableColumn("path", ["p" * 60], "config")]
    for width, length in ((40, 36), (64, 60), (160, 60)):
        (_, path), hidden = fit(columns, width)
        assert (len(path.cells[0]), hidden) == (length, [])
    (_, path), _ = fit(columns, 40)
    assert path.cells == ["p" * 35 + "…"]
    assert fit(columns, 31)[1] == ["path"], "less than 28 columns are left for it"


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (["/data/2026/part-1/x", "/data/2026/part-2/x"], ["…/part-1/x", "…/part-2/x"]),
        (["/data/part-1/training", "/data/part-2/training"], ["…part-1/t…", "…part-2/t…"]),
        (["one/data/2026/train", "two/data/2026/train"], ["one/data/…", "two/data/…"]),
        ([f"{'x' * 30}1", f"{'x' * 30}22"], ["…xxxxxxx1", "…xxxxxxx22"]),
        ([f"{'x' * 30}{'1' * 9}2", f"{'x' * 30}{'3' * 9}4"], ["…11111111…", "…33333333…"]),
        (["[3, 3, 3, 3, 1]", "[3, 3, 3, 3, 22]", ""], ["…3, 3, 1]", "…3, 3, 22]", ""]),
        (["日本語日本語/一", "日本語日本語/二"], ["…日本語/一", "…日本語/二"]),
        (["a日本語日本語/1", "a日本語日本語/2"], ["…日本語/1", "…日本語/2"]),
        (["a" * 20, "a" * 20], ["aaaaaaaaa…"] * 2),
    ],
)
def test_different_values_look_different(cells: list[str], shown: list[str]) -> None:
    """What all values begin with is left out if they would look the same with it."""
    assert TableColumn("path", cells, "config").shortened(10).cells == shown
    assert all(text_width(cell) <= 10 for cell in shown)


def test_columns_of_the_user_are_shortened_before_they_are_left_out() -> None:
    """Chosen columns share the width down to six characters each."""
    columns = [TableColumn(name * 9, [name * 20], "chosen") for name in "abcd"]
    shown, hidden = fit(columns, 40)
    assert hidden == [] and [len(column.cells[0]) for column in shown] == [8, 8, 8, 8]
    assert shown[0].heading == "aaaaaaa…" and shown[0].cells == ["aaaaaaa…"]
    assert [column.heading[0] for column in fit(columns, 29)[0]] == ["a", "b", "c"]


def test_statistics_are_shortened_before_they_are_left_out() -> None:
    """The mean and its interval are shown, where there is no room for the deviation."""
    columns = [
        TableColumn("RUNS", ["3"]), TableColumn("lr", ["0.1"], "group"),
        TableColumn("result", ["0.8790 ±0.0025 (sd 0.001)"], "statistics"),
        TableColumn("loss", ["0.02245 ±0.00029 (sd 0.00012)"], "statistics"),
    ]  # fmt: skip
    (*_, result), hidden = fit(columns, 27)
    assert (result.cells, hidden) == (["0.8790 ±0.0025…"], ["loss"])
    assert fit(columns, 45)[1] == [] and fit(columns, 26)[1] == ["result", "loss"]


def test_what_identifies_runs_and_groups_comes_first() -> None:
    """Duration and name are shown if the configuration fits, a group's entries in any case."""
    kinds = ("run", "minor", "group", "config", "config", "result", "metrics", "metrics")
    columns = [TableColumn(str(n) * 8, [""], kind) for n, kind in enumerate(kinds)]
    for count, shown in ((1, "0"), (2, "02"), (3, "025"), (4, "0256"), (5, "02356"), (6, "023456"),
                         (7, "0123456"), (8, "01234567")):  # fmt: skip
        found, _ = fit(columns, count * 10 - 2)
        assert "".join(column.heading[0] for column in found) == shown


def test_columns_fit_a_width() -> None:
    """The run, the result and a metric come first, then configuration, then other metrics."""
    columns = [
        TableColumn("ID", ["1"]), TableColumn("a" * 10, ["1"], "config"),
        TableColumn("b" * 10, ["1"], "config"), TableColumn("RESULT", ["1"], "result"),
        TableColumn("m" * 10, ["1"], "metrics"), TableColumn("n" * 10, ["x" * 12], "metrics"),
    ]  # fmt: skip

    def shown(width: int | None) -> tuple[str, list[str]]:
        found, hidden = fit(columns, width)
        return "".join(column.heading[0] for column in found), hidden

    assert shown(None) == ("IabRmn", [])
    assert shown(2 + 2 + 6 + 4 * 2 + 10 * 3 + 12) == ("IabRmn", [])
    assert shown(2 + 6 + 3 * 2 + 10 * 3 + 3 * 2 + 5)[0] == "IabRm"
    assert shown(34)[0] == "IaRm"
    assert shown(33)[0] == "IRm"
    assert shown(10) == ("IR", ["a" * 10, "b" * 10, "m" * 10, "n" * 10])
    assert shown(2)[0] == "I" and shown(1)[0] == "…"
