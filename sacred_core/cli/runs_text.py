"""Stored runs as text: a page of one, a table of many, plain data."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from sacred_core.serialization import leaves, plain
from sacred_core.stores import RunStore, StoredRun
from sacred_core.stores.query import is_number


def page(store: RunStore, run: StoredRun) -> list[str]:
    """Return the lines that tell everything of a run."""
    lines = [f"Run {run.id}: {run.name} {run.command}, {run.current_status()}"]
    lines += _section("Times", _times(run))
    lines += _section("Tags", [", ".join(run.tags)] if run.tags else [])
    lines += _section("Notes", [_note(note) for note in run.notes])
    lines += _section("Configuration", [f"{path} = {v!r}" for path, v in leaves(run.config)])
    lines += _section("Info", [f"{path} = {value!r}" for path, value in leaves(run.info)])
    lines += _section("Metrics", [_metric(n, m) for n, m in store.metrics(run.id).items()])
    lines += _section("Artifacts", run.artifacts)
    lines += _section("Resources", run.resources)
    if run.result is not None:
        lines += _section("Result", [repr(run.result)])
    lines += _section("Traceback", "".join(run.fail_trace).splitlines())
    return lines + _section("Output", store.output(run.id).splitlines())


def _note(note: dict[str, Any]) -> str:
    return f"{_time_text(note['time'])} {note['user']}: {note['text']}"


def _section(title: str, lines: list[str]) -> list[str]:
    return ["", f"{title}:", *(f"  {line}" for line in lines)] if lines else []


def _times(run: StoredRun) -> list[str]:
    named = (("queued", run.queue_time), ("started", run.start_time), ("stopped", run.stop_time))
    lines = [f"{what} {_time_text(time)}" for what, time in named if time is not None]
    return lines + ([f"took {_duration_text(run.duration)}"] if run.duration is not None else [])


def _metric(name: str, metric: dict[str, Any]) -> str:
    points = zip(metric["steps"], metric["values"], strict=True)
    numbers = [(step, value) for step, value in points if is_number(value)]
    others = len(metric["values"]) - len(numbers)
    text = f"{name}: {len(numbers)} points"
    if numbers:
        text += f", last {numbers[-1][1]!r} at step {numbers[-1][0]!r}"
    return f"{text}, {others} values that are not numbers" if others else text


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows, of which the first holds the headings, in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def comma_separated(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as RFC 4180 has them, with plain line ends."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().rstrip("\n")


def cell(field: str, value: Any, is_exact: bool) -> str:
    """Return the value of a field as it stands in a table; what is missing is empty.

    Args:
        field: Its name.
        value: As the query language reads it: durations in seconds.
        is_exact: For programs: times in ISO 8601, durations in seconds.
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat() if is_exact else _time_text(value)
    if field == "duration" and not is_exact:
        return _duration_text(timedelta(seconds=value))
    return value if isinstance(value, str) else str(value)


def as_data(run: StoredRun) -> dict[str, Any]:
    """Return a run as plain data, as ``docs/runs.schema.json`` describes it."""
    data = attrs.asdict(run) | {"current_status": run.current_status()}
    return {key: _plain_time(value) for key, value in data.items()}


def metrics_as_data(metrics: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return metrics as plain data."""
    return {
        name: {column: [_plain_time(item) for item in items] for column, items in metric.items()}
        for name, metric in metrics.items()
    }


def _time_text(time: datetime | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC") if time else ""


def _duration_text(duration: timedelta | None) -> str:
    return str(timedelta(seconds=round(duration.total_seconds()))) if duration is not None else ""


def _plain_time(value: Any) -> Any:
    # Times inside, as those of notes, become ISO 8601 too.
    return value.isoformat() if isinstance(value, datetime) else plain(value)
