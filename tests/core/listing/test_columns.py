"""Tests of the columns of a table of runs, with the fields and values that they show."""

from datetime import UTC, datetime, timedelta

import pytest

from sacred_core.dotted_path import MISSING
from sacred_core.listing.cells import Form, cell, to_csv
from sacred_core.listing.columns import chosen_columns, default_columns
from sacred_core.stores import StoredRun
from sacred_core.stores.finding import metrics_of
from sacred_core.stores.query import Field, parse_columns
from sacred_core.stores.summaries import summarize
from sacred_core.stores.worker_claims import WorkerClaim

NOW = datetime.now(UTC)
RUNS = [
    StoredRun(
        id=number, status="COMPLETED", experiment={"name": "mnist"}, start_time=NOW,
        stop_time=NOW + timedelta(seconds=number), config={"lr": rate, "seed": 1}, result=rate,
        metrics={"loss": summarize([0], [rate])},
    )
    for number, rate in ((1, 0.5), (2, 0.25))
]  # fmt: skip


def test_the_workers_of_a_queue_are_a_column() -> None:
    """Only if a worker has one of the runs; that of a run that ended is not shown."""
    held = StoredRun(id=1, status="RUNNING", claim=WorkerClaim(worker="ann"))
    ended = StoredRun(id=2, status="FAILED", claim=WorkerClaim(worker="bob"))
    columns = {
        each.heading: each for each in default_columns([held, ended], metrics_of([]), ["run"])
    }
    assert columns["WORKER"].cells == ["ann", ""]
    assert "WORKER" not in {
        each.heading for each in default_columns([ended], metrics_of([]), ["run"])
    }


def test_each_column_has_its_field_and_values() -> None:
    """A table can be sorted by a column, and numbers can be aligned."""
    columns = default_columns(RUNS, metrics_of(RUNS))
    assert [(column.heading, str(column.field)) for column in columns] == [
        ("ID", "id"), ("STATUS", "status"), ("AGE", "start_time"), ("DURATION", "duration"),
        ("NAME", "name"), ("lr", "config.lr"), ("RESULT", "result"),
        ("loss", "metrics.loss.last"),
    ]  # fmt: skip
    assert [[*column.values] for column in columns] == [
        [1, 2], ["COMPLETED"] * 2, [NOW] * 2, [1.0, 2.0], ["mnist"] * 2, [0.5, 0.25], [0.5, 0.25],
        [0.5, 0.25],
    ]  # fmt: skip


def test_a_configuration_that_cannot_be_read_differs_in_nothing() -> None:
    """A damaged run does not add a column for each entry of the others."""
    damaged = StoredRun(id=3, status="COMPLETED", damage="config.json is cut", metrics={})
    columns = default_columns([*RUNS, damaged], metrics_of(RUNS), ["config"])
    assert [column.heading for column in columns] == ["ID", "lr"]
    assert columns[1].cells == ["0.5", "0.25", ""]
    empty = StoredRun(id=3, status="COMPLETED", metrics={})
    columns = default_columns([*RUNS, empty], metrics_of(RUNS), ["config"])
    assert [column.heading for column in columns] == ["ID", "lr", "seed"]


def test_chosen_columns_have_values() -> None:
    """What a run does not have is missing, and its cell is empty."""
    first, second = chosen_columns(RUNS, parse_columns("config.lr, config.x"), metrics_of(RUNS))
    assert (first.heading, first.field, [*first.values]) == (
        "config.lr", Field("config", ("lr",)), [0.5, 0.25],
    )  # fmt: skip
    assert ([*second.values], second.cells) == ([MISSING] * 2, ["", ""])


def test_different_entries_look_different() -> None:
    """A chosen entry has as many digits as it needs, a metric has four."""
    runs = [
        StoredRun(
            id=number, status="COMPLETED", config={"lr": rate},
            metrics={"loss": summarize([0], [rate])},
        )
        for number, rate in enumerate((0.123456, 0.123457))
    ]  # fmt: skip
    columns = parse_columns("config.lr, metrics.loss.last")
    lr, loss = chosen_columns(runs, columns, metrics_of(runs))
    assert lr.cells == ["0.123456", "0.123457"]
    assert loss.cells == ["0.1235", "0.1235"]


def test_a_shortened_column_has_the_same_field() -> None:
    """Only its texts change."""
    column = default_columns(RUNS, metrics_of(RUNS))[1]
    short = column.shortened(4)
    assert (short.heading, short.cells) == ("STA…", ["COM…"] * 2)
    assert (short.field, short.values, short.kind) == (column.field, column.values, column.kind)


@pytest.mark.parametrize(
    ("field", "value", "form", "text"),
    [
        ("id", None, Form.SHORT, ""),
        ("config", MISSING, Form.DATA, ""),
        ("config", 0.123456, Form.SHORT, "0.1235"),
        ("config", 0.123456, Form.EXACT, "0.123456"),
        ("config", "a\nb", Form.DATA, "a\nb"),
        ("config", "a\nb", Form.SHORT, "a\\nb"),
        ("duration", 90.0, Form.SHORT, "0:01:30"),
        ("duration", 90.0, Form.DATA, "90.0"),
        ("start_time", datetime(2026, 1, 2, tzinfo=UTC), Form.DATA, "2026-01-02T00:00:00+00:00"),
        ("start_time", datetime(2026, 1, 2, tzinfo=UTC), Form.SHORT, "2026-01-02 00:00:00 UTC"),
    ],
)
def test_cells_depend_on_the_reader(field: str, value: object, form: Form, text: str) -> None:
    """People get four digits and no control characters; programs get everything."""
    assert cell(field, value, form) == text


def test_rows_become_csv() -> None:
    """Commas and quotes in cells are quoted, and the last line has no end."""
    assert to_csv([["a", "b"], ["1,5", 'say "x"']]) == 'a,b\n"1,5","say ""x"""'
