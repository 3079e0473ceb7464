"""Tests of the groups of runs that a user describes."""

import pytest

from sacred_core.exceptions import OptionError, QueryError
from sacred_core.listing.cells import Form
from sacred_core.listing.grouping import (
    group_columns,
    group_rows,
    is_all_but,
    mean_text,
    named_group_fields,
    parse_groups,
    statistics_text,
)
from sacred_core.stores import StoredRun
from sacred_core.stores.finding import metrics_of
from sacred_core.stores.groups import Statistics
from sacred_core.stores.query import Field

LR, SEED = Field("config", ("lr",)), Field("config", ("seed",))


@pytest.mark.parametrize(
    ("text", "groups", "named"),
    [
        ("all-but seed", (None, ["seed"]), [SEED]),
        ("all-but seed, config.lr", (None, ["seed", "config.lr"]), [SEED, LR]),
        ("config.lr, name", ([LR, Field("name")], []), [LR, Field("name")]),
    ],
)
def test_a_description_is_parsed(
    text: str, groups: tuple[list[Field] | None, list[str]], named: list[Field]
) -> None:
    """It lists the fields that are compared, or the entries that are omitted."""
    assert parse_groups(text) == groups
    assert is_all_but(text) == (groups[0] is None)
    assert named_group_fields(groups) == named


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("all-but", OptionError, "'all-but' needs an entry: write 'all-but seed'"),
        ("config.lr,", QueryError, "expected"),
        ("loss", QueryError, "unknown field 'loss'"),
    ],
)
def test_a_wrong_description_is_an_error(text: str, error: type[Exception], message: str) -> None:
    """The message says what is wrong with it."""
    with pytest.raises(error, match=message):
        parse_groups(text)


def test_the_columns_of_groups_have_fields() -> None:
    """The values are shared ones and statistics; count and ids have no field."""
    runs = [
        StoredRun(
            id=number, status="COMPLETED", config={"lr": lr, "seed": number}, result=lr, metrics={}
        )
        for number, lr in ((1, 0.5), (2, 0.5), (3, 1.0))
    ]
    rows = group_rows(runs, metrics_of(runs), *parse_groups("all-but seed"))
    count, ids, lr, result = group_columns(rows, is_chosen=False)
    assert (count.field, ids.field) == (None, None)
    assert (lr.field, [*lr.values]) == (LR, [0.5, 1.0])
    assert result.field == Field("result") and [each.count for each in result.values] == [2, 1]


def test_a_damaged_run_adds_no_columns() -> None:
    """Its group has no values where its configuration cannot be read."""
    runs = [
        StoredRun(id=1, status="COMPLETED", config={"lr": 0.5, "batch": 64}, metrics={}),
        StoredRun(id=2, status="COMPLETED", config={"lr": 0.1, "batch": 64}, metrics={}),
        StoredRun(id=3, status="COMPLETED", damage="config.json is cut", metrics={}),
    ]
    rows = group_rows(runs, metrics_of(runs), *parse_groups("all-but seed"))
    assert [column.heading for column in group_columns(rows, False)] == ["RUNS", "IDS", "lr"]


@pytest.mark.parametrize(
    ("count", "ids"), [(1, "1"), (4, "1 2 3 4"), (5, "1 2 … 5"), (30, "1 2 … 30")]
)
def test_many_ids_of_a_group_are_shortened(count: int, ids: str) -> None:
    """Up to four are shown, of more the first two and the last one."""
    runs = [
        StoredRun(id=number, status="COMPLETED", config={"seed": number}, metrics={})
        for number in range(1, count + 1)
    ]
    rows = group_rows(runs, metrics_of(runs), *parse_groups("all-but seed"))
    assert group_columns(rows, is_chosen=False)[1].cells == [ids]


@pytest.mark.parametrize(
    ("mean", "half", "text", "exact"),
    [
        (0.90712, 0.00312, "0.9071 ±0.0031 (sd 0.5)", "0.90712 ±0.0031200000000"),
        (0.01314, 0.02, "0.013 ±0.02 (sd 0.5)", "0.01314 ±0.0"),
        (123.456, 2.5, "123.5 ±2.5 (sd 0.5)", "123.456 ±2.5"),
        (999999999.0, 2.5, "999999999.0 ±2.5 (sd 0.5)", "999999999.0 ±2.5"),
        (1e9, 2.5, "1e+09 ±2.5 (sd 0.5)", "1000000000.0 ±2.5"),
        (2.0, 300.0, "2 ±3e+02 (sd 0.5)", "2.0 ±300.0"),
        (1e-12, 2e-13, "1e-12 ±2e-13 (sd 0.5)", "1e-12 ±"),
        (2.0, 0.0, "2 ±0", "2.0 ±0.0"),
    ],
)
def test_a_mean_has_the_digits_of_its_interval(
    mean: float, half: float, text: str, exact: str
) -> None:
    """With an interval of nothing no deviation is shown; programs get all digits."""
    found = Statistics(count=2, mean=mean, std=0.5, low=mean - half, high=mean + half)
    assert statistics_text(found, Form.SHORT) == text
    assert mean_text(found) == text.partition(" (sd")[0]
    assert statistics_text(found, Form.EXACT).startswith(exact[:12])
    assert statistics_text(Statistics(count=1, mean=mean), Form.EXACT) == repr(mean)
    assert "±" not in mean_text(Statistics(count=1, mean=mean))
