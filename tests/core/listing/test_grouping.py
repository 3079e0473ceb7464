"""Tests of the groups of runs that a user describes."""

import pytest

from sacred_core.exceptions import OptionError, QueryError
from sacred_core.listing.grouping import (
    group_columns,
    group_rows,
    is_all_but,
    named_group_fields,
    parse_groups,
)
from sacred_core.stores import StoredRun
from sacred_core.stores.finding import metrics_of
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
