"""Groups of runs as a table: one row for each group, with statistics."""

import math
from collections.abc import Sequence
from typing import Any

import attrs

from sacred_core.dotted_path import MISSING, DottedPath
from sacred_core.exceptions import OptionError
from sacred_core.listing.cells import Form, cell
from sacred_core.listing.columns import config_column
from sacred_core.listing.table import TableColumn
from sacred_core.printable import printable
from sacred_core.readable_numbers import number_text
from sacred_core.serialization import plain
from sacred_core.stores import StoredRun
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.groups import (
    RunGroup,
    Statistics,
    compute_statistics,
    differing_fields,
    group_runs,
    merged_fields,
    numbers_of,
)
from sacred_core.stores.query import Field, parse_columns

_ALL_BUT = "all-but"
#: Ids of a group that are shown.
_MOST_IDS = 4
_MOST_PLACES = 9


@attrs.frozen
class GroupRow:
    """A group with the statistics of its runs, by field."""

    group: RunGroup
    statistics: dict[Field, Statistics]


def is_all_but(text: str) -> bool:
    """Return whether a description of groups lists the entries that are omitted."""
    return text.replace(",", " ").split()[:1] == [_ALL_BUT]


def parse_groups(text: str) -> tuple[list[Field] | None, list[str]]:
    """Return the fields whose values are compared, or None and the entries that are omitted.

    Args:
        text: ``"all-but seed"`` or ``"config.lr, name"``.

    Raises:
        OptionError: no entry is omitted.
        QueryError: there is no such field.
    """
    if not is_all_but(text):
        return [column.field for column in parse_columns(text)], []
    paths = text.replace(",", " ").split()[1:]
    if not paths:
        raise OptionError(f"{_ALL_BUT!r} needs an entry: write '{_ALL_BUT} seed'")
    return None, paths


def named_group_fields(groups: tuple[list[Field] | None, list[str]]) -> list[Field]:
    """Return the fields that a description of groups names; see `parse_groups`."""
    by, all_but = groups
    paths = (path.removeprefix("config.") for path in all_but)
    return [*(by or ()), *(Field("config", DottedPath.parse(path)) for path in paths)]


def group_rows(
    runs: Sequence[StoredRun],
    metrics: MetricSummaries,
    by: list[Field] | None,
    all_but: Sequence[str],
) -> list[GroupRow]:
    """Return the groups of runs, each with the statistics of results and metrics."""
    rows = []
    for group in group_runs(runs, by, all_but, metrics.of):
        numbers: dict[Field, list[float]] = {}
        for run in group.runs:
            for field, value in numbers_of(run, metrics.of(run), metrics.all_of(run)):
                numbers.setdefault(field, []).append(value)
        statistics = {field: compute_statistics(values) for field, values in numbers.items()}
        rows.append(GroupRow(group, statistics))
    return rows


def group_columns(
    rows: Sequence[GroupRow], is_chosen: bool, form: Form = Form.SHORT
) -> list[TableColumn]:
    """Return the columns of a table of groups.

    Args:
        rows: One or more.
        is_chosen: The fields were named by the user: all are shown, else those that differ.
        form: Of the numbers.
    """
    values = [row.group.values for row in rows]
    known = [row.group.values for row in rows if any(map(_has_config, row.group.runs))]
    fields = merged_fields(values) if is_chosen else differing_fields(known)
    columns = [
        TableColumn("RUNS", [str(len(row.group.runs)) for row in rows]),
        TableColumn("IDS", [_ids(row.group.runs) for row in rows]),
    ]
    columns += [config_column(field, values, form, "group") for field in fields]
    for field in _statistics_fields(rows):
        name = str(field.path[0]) if field.name == "metrics" else str(field)
        found = [row.statistics.get(field) for row in rows]
        texts = ["" if each is None else statistics_text(each, form) for each in found]
        columns.append(TableColumn(printable(name), texts, "statistics", field, found))
    return columns


def group_table(rows: Sequence[GroupRow]) -> list[list[str]]:
    """Return the rows of a table for programs, with all digits; the first has the headings."""
    fields = merged_fields(row.group.values for row in rows)
    statistics = _statistics_fields(rows)
    parts = ("count", "mean", "std", "low", "high")
    names = [f"{_name(field)}.{part}" for field in statistics for part in parts]
    table = [["runs", "ids", *map(str, fields), *names]]
    for row in rows:
        values = [row.group.values.get(field, MISSING) for field in fields]
        numbers = [
            getattr(row.statistics[field], part) if field in row.statistics else None
            for field in statistics
            for part in parts
        ]
        table.append(
            [
                str(len(row.group.runs)),
                " ".join(str(run.id) for run in row.group.runs),
                *(cell("", value, Form.DATA) for value in values),
                *("" if each is None else repr(each) for each in numbers),
            ]
        )
    return table


def group_as_data(row: GroupRow) -> dict[str, Any]:
    """Return a group as plain data, as ``docs/groups.schema.json`` describes it."""
    return {
        "ids": [run.id for run in row.group.runs],
        "values": {
            str(field): plain(value)
            for field, value in row.group.values.items()
            if value is not MISSING
        },
        "statistics": {_name(field): attrs.asdict(own) for field, own in row.statistics.items()},
    }


def _has_config(run: StoredRun) -> bool:
    """Return whether the configuration of a run is known, also if it is empty."""
    return bool(run.config) or run.damage is None


def _name(field: Field) -> str:
    return (
        str(field).removeprefix("metrics.").removesuffix(".last")
        if field.name == "metrics"
        else str(field)
    )


def _statistics_fields(rows: Sequence[GroupRow]) -> list[Field]:
    return [*dict.fromkeys(field for row in rows for field in row.statistics)]


def mean_text(found: Statistics) -> str:
    """Return the mean, and the half of the interval if there are several numbers."""
    if found.std is None or found.high is None:
        return number_text(found.mean)
    half = found.high - found.mean
    if not 0 < half < math.inf:
        return f"{number_text(found.mean)} ±{half:.2g}"
    # The mean has the digits of the half: 0.9071 ±0.0031.
    places = 1 - math.floor(math.log10(half))
    is_plain = 0 <= places <= _MOST_PLACES and abs(found.mean) < 10**9
    mean = f"{found.mean:.{places}f}" if is_plain else number_text(found.mean)
    return f"{mean} ±{half:.2g}"


def statistics_text(found: Statistics, form: Form) -> str:
    """Return the mean, and the half of the interval and the deviation if there are several."""
    if form is Form.SHORT:
        is_spread = found.high is not None and 0 < found.high - found.mean < math.inf
        return mean_text(found) + (f" (sd {found.std:.2g})" if is_spread else "")
    if found.std is None or found.high is None:
        return number_text(found.mean, None)
    return f"{found.mean!r} ±{found.high - found.mean!r} (sd {found.std!r})"


def _ids(runs: Sequence[StoredRun]) -> str:
    names = [printable(run.id) for run in runs]
    if len(names) <= _MOST_IDS:
        return " ".join(names)
    return f"{names[0]} {names[1]} … {names[-1]}"
