"""Stored runs as cells of a table and as plain data."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

import attrs

from sacred_core.exceptions import DamagedRecordError
from sacred_core.printable import printable
from sacred_core.readable_numbers import DIGITS, number_text
from sacred_core.readable_times import duration_text, time_text
from sacred_core.serialization import encodable, plain
from sacred_core.stores import RunStore, StoredRun
from sacred_core.stores.query import MISSING, MetricSummary


class Form(Enum):
    """The form of a cell.

    Attributes:
        SHORT: For people: floats have four significant digits.
        EXACT: For people: floats have all digits.
        DATA: For programs: times in ISO 8601, durations in seconds, strings as they are stored.
    """

    SHORT = auto()
    EXACT = auto()
    DATA = auto()


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


def to_csv(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as RFC 4180 has them, with plain line ends."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return encodable(text.getvalue().rstrip("\n"))


def cell(
    field: str,
    value: Any,
    form: Form = Form.SHORT,
    now: datetime | None = None,
    digits: int = DIGITS,
) -> str:
    """Return the value of a field as shown in a table; a missing one is empty.

    Args:
        field: Its name.
        value: As the query language reads it: durations in seconds.
        form: The form of numbers, times and strings.
        now: The present: the age follows a time for people.
        digits: Of floats in the short form.
    """
    if value is None or value is MISSING:
        return ""
    is_data = form is Form.DATA
    if isinstance(value, datetime):
        return value.isoformat() if is_data else time_text(value, now)
    if field == "duration" and not is_data:
        return duration_text(timedelta(seconds=value))
    text = number_text(value, digits if form is Form.SHORT else None)
    return text if is_data else printable(text)


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


def _plain_time(value: Any) -> Any:
    # Times inside, as those of notes, become ISO 8601 too.
    return value.isoformat() if isinstance(value, datetime) else plain(value)
