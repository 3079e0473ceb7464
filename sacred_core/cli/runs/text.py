"""Stored runs as text: a page of one, a table of many, plain data."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from sacred_core.exceptions import DamagedRecordError
from sacred_core.printable import printable
from sacred_core.serialization import encodable, plain
from sacred_core.stores import RunStore, StoredRun
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.query import MISSING, Column, MetricSummary, read


def run_as_data(store: RunStore, run: StoredRun) -> dict[str, Any]:
    """Return all of a run as plain data, as ``docs/runs.schema.json`` describes it."""
    metrics, output, problems = _large_parts(store, run)
    return as_data(run) | {
        "metrics": None if metrics is None else metrics_as_data(metrics),
        "output": output,
        "damage": "; ".join(problems) or None,
    }


def _large_parts(store: RunStore, run: StoredRun) -> tuple[Any, str | None, list[str]]:
    """Return metrics and output, None where they cannot be read, and what is wrong with the run."""
    problems = [run.damage] if run.damage else []
    found: list[Any] = []
    for read_part in (store.metrics, store.output):
        try:
            found.append(read_part(run.id))
        except DamagedRecordError as error:
            found.append(None)
            problems.append(str(error))
    return found[0], found[1], list(dict.fromkeys(problems))


def format_value(value: Any, form: Callable[[Any], str] = repr) -> str:
    """Return ``form(value)``, or the type of what has no such form."""
    try:
        return form(value)
    except (ValueError, RecursionError):  # an integer with too many digits, or deep nesting
        return f"<{type(value).__name__}>"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows, of which the first holds the headings, in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def to_csv(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as RFC 4180 has them, with plain line ends."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return encodable(text.getvalue().rstrip("\n"))


def cell(field: str, value: Any, is_exact: bool) -> str:
    """Return the value of a field as shown in a table; a missing one is empty.

    Args:
        field: Its name.
        value: As the query language reads it: durations in seconds.
        is_exact: For programs: times in ISO 8601, durations in seconds, text as it is stored.
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat() if is_exact else time_text(value)
    if field == "duration" and not is_exact:
        return duration_text(timedelta(seconds=value))
    text = value if isinstance(value, str) else format_value(value, str)
    return text if is_exact else printable(text)


def as_data(run: StoredRun) -> dict[str, Any]:
    """Return a run as plain data, as ``docs/runs.schema.json`` describes it."""
    data = {"uid": run.uid, "status": run.status} | attrs.asdict(run, recurse=False)
    summaries = data.pop("metrics")
    data["files"] = {
        kind: {name: attrs.asdict(info) for name, info in own.items()}
        for kind, own in run.files.items()
    }
    data["summaries"] = None if summaries is None else _summaries_as_data(summaries)
    return {key: _plain_time(value) for key, value in data.items()}


def _summaries_as_data(summaries: Mapping[str, MetricSummary]) -> dict[str, Any]:
    return {
        name: {key: None if value is MISSING else value for key, value in attrs.asdict(own).items()}
        for name, own in summaries.items()
    }


def metrics_as_data(metrics: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return metrics as plain data."""
    return {
        name: {column: [_plain_time(item) for item in items] for column, items in metric.items()}
        for name, metric in metrics.items()
    }


def time_text(time: datetime | None) -> str:
    """Return a time in UTC to the second; empty if it is not known."""
    # Not `strftime`, which writes years before 1000 without zeros.
    return f"{time.replace(tzinfo=None).isoformat(' ', 'seconds')} UTC" if time else ""


def duration_text(duration: timedelta | None) -> str:
    """Return a duration: ``0.4s`` below a minute, else ``1:02:03``; empty if it is not known."""
    if duration is None:
        return ""
    seconds = duration.total_seconds()
    return f"{seconds:.1f}s" if abs(seconds) < 59.95 else str(timedelta(seconds=round(seconds)))


def _plain_time(value: Any) -> Any:
    # Times inside, as those of notes, become ISO 8601 too.
    return value.isoformat() if isinstance(value, datetime) else plain(value)


def row(
    run: StoredRun, columns: Sequence[Column], metrics: MetricSummaries, is_exact: bool = False
) -> list[str]:
    """Return the cells of a row of a table; those of missing values are empty.

    Args:
        run: The run.
        columns: The columns.
        metrics: Of its store.
        is_exact: See `cell`.
    """
    now = datetime.now(UTC)
    values = [read(column.field, run, metrics.of(run), now) for column in columns]
    return [
        "" if value is MISSING else cell(column.field.name, value, is_exact)
        for column, value in zip(columns, values, strict=True)
    ]
