"""Which columns a table of runs has, and the texts in them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from sacred_core.dotted_path import MISSING
from sacred_core.listing.cells import Form, cell
from sacred_core.listing.table import TableColumn
from sacred_core.printable import printable
from sacred_core.readable_numbers import distinct_digits
from sacred_core.readable_times import age_text
from sacred_core.stores import StoredRun
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.groups import config_values, differing_fields, merged_fields
from sacred_core.stores.query import Column, Field, read
from sacred_core.stores.worker_claims import is_held

#: Points of so many runs are read to show the last values of metrics without stored summaries.
_MOST_READ = 200


def default_columns(
    runs: Sequence[StoredRun],
    metrics: MetricSummaries,
    kinds: Sequence[str] = (),
    has_all: bool = False,
    form: Form = Form.SHORT,
) -> list[TableColumn]:
    """Return the columns that answer what differs among runs, and how they ended.

    These are id, status, age, duration and name; the entries of the configuration that differ; the
    result; and the last value of each metric.

    Args:
        runs: One or more.
        metrics: Of their store.
        kinds: Only the id and columns of these kinds, see `TableColumn`; by default all.
        has_all: Entries that do not differ have columns, too.
        form: Of the cells; as data an age is a number of seconds.
    """
    now = datetime.now(UTC)
    columns = [_run_column("ID", Field("id"), [run.id for run in runs], form)]
    if not kinds or "run" in kinds:
        columns += _run_columns(runs, now, form)
    if not kinds or "config" in kinds:
        configs = [config_values(run) for run in runs]
        # A configuration that cannot be read differs in nothing.
        known = [own for run, own in zip(runs, configs, strict=True) if own or run.damage is None]
        fields = merged_fields(configs) if has_all else differing_fields(known)
        columns += [config_column(field, configs, form) for field in fields]
    if not kinds or "result" in kinds:
        values = [read(Field("result"), run, metrics.of(run), now) for run in runs]
        if any(value is not MISSING for value in values):
            texts = [cell("result", value, form) for value in values]
            columns.append(TableColumn("RESULT", texts, "result", Field("result"), values))
    if not kinds or "metrics" in kinds:
        columns += _metric_columns(runs, metrics, now, form)
    return columns


def chosen_columns(
    runs: Sequence[StoredRun],
    columns: Iterable[Column],
    metrics: MetricSummaries,
    form: Form = Form.SHORT,
) -> list[TableColumn]:
    """Return the columns that a user chose, with their names as headings.

    Args:
        runs: The runs.
        columns: The fields.
        metrics: Of the store of the runs.
        form: Of the cells.
    """
    now = datetime.now(UTC)
    found = []
    for column in columns:
        values = [read(column.field, run, metrics.of(run), now) for run in runs]
        digits = distinct_digits(values if column.field.name == "config" else ())
        texts = [cell(column.field.name, value, form, now, digits) for value in values]
        heading = column.heading if form is Form.DATA else printable(column.heading)
        found.append(TableColumn(heading, texts, "chosen", column.field, values))
    return found


def config_column(
    field: Field, configs: Sequence[Mapping[Field, object]], form: Form, kind: str = "config"
) -> TableColumn:
    """Return the column of an entry of the configuration; different values look different.

    Args:
        field: The entry.
        configs: The entries of each run or group.
        form: Of the cells.
        kind: Of the column.
    """
    values = [config.get(field, MISSING) for config in configs]
    digits = distinct_digits(values)
    texts = [cell(field.name, value, form, digits=digits) for value in values]
    heading = printable(str(field).removeprefix("config."))
    return TableColumn(heading, texts, kind, field, values)


def _run_columns(runs: Sequence[StoredRun], now: datetime, form: Form) -> list[TableColumn]:
    started = [run.start_time or run.queue_time for run in runs]
    ages = [None if time is None else now - time for time in started]
    shown_ages = [
        "" if age is None else str(age.total_seconds()) if form is Form.DATA else age_text(age)
        for age in ages
    ]
    statuses = [run.status_at(now) for run in runs]
    seconds = [None if run.duration is None else run.duration.total_seconds() for run in runs]
    names = [run.name for run in runs]
    columns = [
        _run_column("STATUS", Field("status"), statuses, form),
        TableColumn("AGE", shown_ages, "run", Field("start_time"), started),
        _run_column("DURATION", Field("duration"), seconds, form, "minor"),
        _run_column("NAME", Field("name"), names, form, "minor"),
    ]
    if any(map(is_held, runs)):  # of other runs, the worker had them
        workers = [run.claim.worker if run.claim and is_held(run) else MISSING for run in runs]
        columns.append(_run_column("WORKER", Field("worker"), workers, form, "minor"))
    return columns


def _run_column(
    heading: str, field: Field, values: Sequence[object], form: Form, kind: str = "run"
) -> TableColumn:
    texts = [cell(field.name, value, form) for value in values]
    return TableColumn(heading, texts, kind, field, values)


def _metric_columns(
    runs: Sequence[StoredRun], metrics: MetricSummaries, now: datetime, form: Form
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
        texts = [cell("metrics", value, form) for value in values]
        columns.append(TableColumn(printable(name), texts, "metrics", field, values))
    return columns
