"""Which columns a table of runs has where the user chose none, and how they fit the terminal."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from sacred_core.cli.runs.text import cell, duration_text
from sacred_core.dotted_path import MISSING
from sacred_core.printable import printable
from sacred_core.stores import StoredRun
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.groups import config_values, differing_fields
from sacred_core.stores.query import Field, read

#: Characters of a cell that is fitted to the terminal.
_LONGEST_CELL = 28
#: Points of so many runs are read to show the last values of metrics without stored summaries.
_MOST_READ = 200
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))


@attrs.frozen
class TableColumn:
    """A column of a table.

    Attributes:
        heading: Its first row.
        cells: Those of the runs, in their order.
        kind: ``"run"``, ``"config"``, ``"result"`` or ``"metrics"``.
    """

    heading: str
    cells: list[str]
    kind: str = "run"

    @property
    def width(self) -> int:
        """Characters of the longest cell."""
        return max(len(self.heading), *map(len, self.cells), 0)


def default_columns(
    runs: Sequence[StoredRun],
    metrics: MetricSummaries,
    kinds: Sequence[str] = (),
    has_all: bool = False,
) -> list[TableColumn]:
    """Return the columns that answer what differs among runs, and how they ended.

    These are id, status, age, duration and name; the entries of the configuration that differ; the
    result; and the last value of each metric.

    Args:
        runs: One or more.
        metrics: Of their store.
        kinds: Only the id and columns of these kinds, see `TableColumn`; by default all.
        has_all: Entries that do not differ have columns, too, and no cell is shortened.
    """
    now = datetime.now(UTC)
    columns = [TableColumn("ID", [printable(run.id) for run in runs])]
    if not kinds or "run" in kinds:
        columns += _run_columns(runs, now)
    limit = None if has_all else _LONGEST_CELL
    if not kinds or "config" in kinds:
        configs = [config_values(run) for run in runs]
        fields = _all_fields(configs) if has_all else differing_fields(configs)
        columns += [_config_column(field, configs, limit) for field in fields]
    if not kinds or "result" in kinds:
        values = [read(Field("result"), run, metrics.of(run), now) for run in runs]
        if any(value is not MISSING for value in values):
            columns.append(TableColumn("RESULT", _cells("result", values, limit), "result"))
    if not kinds or "metrics" in kinds:
        columns += _metric_columns(runs, metrics, now)
    return columns


def fit(columns: Sequence[TableColumn], width: int | None) -> tuple[list[TableColumn], list[str]]:
    """Return the columns that fit a width, and the headings of the others.

    The columns about the run and the result come first, then a metric, the configuration, and
    other metrics.
    """
    if width is None:
        return [*columns], []
    metrics = [column for column in columns if column.kind == "metrics"]
    order = [column for column in columns if column.kind in ("run", "result")]
    order += metrics[:1] + [column for column in columns if column.kind == "config"] + metrics[1:]
    used = 0
    chosen: list[int] = []
    for column in order:
        if not chosen or used + column.width + 2 <= width + 2:
            used += column.width + 2
            chosen.append(id(column))
    shown = [column for column in columns if id(column) in chosen]
    return shown, [column.heading for column in columns if id(column) not in chosen]


def age_text(age: timedelta) -> str:
    """Return how long ago something was, in its largest unit: ``45s``, ``3m``, ``2h``, ``12d``."""
    seconds = int(age.total_seconds())
    for size, unit in _UNITS:
        if abs(seconds) >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def number_text(value: Any) -> str:
    """Return a number with at most six significant digits, other values as a cell has them."""
    return f"{value:.6g}" if isinstance(value, float) else cell("", value, is_exact=False)


def _run_columns(runs: Sequence[StoredRun], now: datetime) -> list[TableColumn]:
    ages = [run.start_time or run.queue_time for run in runs]
    return [
        TableColumn("STATUS", [printable(run.status_at(now)) for run in runs]),
        TableColumn("AGE", ["" if time is None else age_text(now - time) for time in ages]),
        TableColumn("DURATION", [duration_text(run.duration) for run in runs]),
        TableColumn("NAME", [printable(run.name) for run in runs]),
    ]


def _config_column(
    field: Field, configs: Iterable[Mapping[Field, Any]], limit: int | None
) -> TableColumn:
    heading = printable(str(field).removeprefix("config."))
    values = [config.get(field, MISSING) for config in configs]
    return TableColumn(heading, _cells("config", values, limit), "config")


def _all_fields(configs: Iterable[Mapping[Field, Any]]) -> list[Field]:
    return [*dict.fromkeys(field for config in configs for field in config)]


def _metric_columns(
    runs: Sequence[StoredRun], metrics: MetricSummaries, now: datetime
) -> list[TableColumn]:
    stored = [run for run in runs if run.metrics is not None]
    read_now = runs[-_MOST_READ:] if len(stored) < len(runs) else runs
    used = {id(run) for run in (*stored, *read_now)}
    names = dict.fromkeys(name for run in runs if id(run) in used for name in metrics.all_of(run))
    columns = []
    for name in names:
        field = Field("metrics", (name, "last"))
        values = [
            read(field, run, metrics.of(run), now) if id(run) in used else MISSING for run in runs
        ]
        columns.append(TableColumn(printable(name), _cells("metrics", values, None), "metrics"))
    return columns


def _cells(kind: str, values: Iterable[Any], limit: int | None) -> list[str]:
    form: Callable[[Any], str] = (
        number_text if kind in ("metrics", "result") else lambda value: cell("", value, False)
    )
    texts = ["" if value is MISSING else form(value) for value in values]
    return [
        text if limit is None or len(text) <= limit else f"{text[: limit - 1]}…" for text in texts
    ]
