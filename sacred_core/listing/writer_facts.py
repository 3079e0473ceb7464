"""The writers of runs as lines and as rows of tables; see `sacred_core.stores.writers`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs

from sacred_core.dotted_path import MISSING
from sacred_core.exceptions import DamagedRecordError
from sacred_core.listing.cells import Form, cell
from sacred_core.listing.masked_runs import mask_run
from sacred_core.listing.table import TableColumn
from sacred_core.printable import printable
from sacred_core.readable_times import age_text, duration_text, time_text
from sacred_core.stores import RunStore, StoredRun
from sacred_core.stores.curves import summaries
from sacred_core.stores.summaries import MetricSummary, merge_summaries
from sacred_core.stores.writer_views import metric_of_writer, split_metric
from sacred_core.stores.writers import MAIN, PartStore, writer_of, writer_order


def writer_lines(parts: Mapping[str, StoredRun]) -> list[str]:
    """Return a line for each writer: its status, start, duration and last heartbeat.

    Args:
        parts: From `sacred_core.stores.writers.stored_parts`.
    """
    now = datetime.now(UTC)
    return [f"{name}: {', '.join(_facts(part, now))}" for name, part in parts.items()]


def own_metrics(metrics: Mapping[str, Any], writers: Iterable[str]) -> dict[str, Any]:
    """Return the metrics of the process of a run, without those of its writers.

    Args:
        metrics: By name, as stores return them.
        writers: The names of the writers.
    """
    known = list(writers)
    return {name: own for name, own in metrics.items() if split_metric(name, known) is None}


def writer_table(store: RunStore, run: StoredRun, form: Form) -> list[TableColumn]:
    """Return a table with a row for each writer: status, duration and last values of metrics.

    Args:
        store: Of the run.
        run: The run; its process is the first row.
        form: Of the cells.
    """
    rows = rows_by_writer(store, [run])
    names = [MAIN, *(writer_of(part) for part in rows[1:])]
    found = [own_metrics(_summaries(store, run), names), *(row.metrics or {} for row in rows[1:])]
    columns = [
        TableColumn("WRITER", [printable(each) for each in names]),
        TableColumn("STATUS", [row.status for row in rows]),
        TableColumn("DURATION", [_duration(row, form) for row in rows], "minor"),
    ]
    for metric in dict.fromkeys(name for own in found for name in own):
        values = [own[metric].last if metric in own else MISSING for own in found]
        cells = [cell("metrics", value, form) for value in values]
        columns.append(TableColumn(printable(metric), cells, "metrics", None, values))
    return columns


def rows_by_writer(store: RunStore, runs: Sequence[StoredRun]) -> list[StoredRun]:
    """Return each run, and after it a row for each of its writers.

    The id of such a row is like ``5@rank3``, and its metrics are those of the writer.

    Args:
        store: Of the runs.
        runs: In the order of the rows.
    """
    found: list[StoredRun] = []
    for run in runs:
        found.append(run)
        parts = store.writer_store(run.id) if isinstance(store, PartStore) else None
        if parts is not None:
            listed = sorted(parts.list(), key=lambda part: writer_order(writer_of(part)))
            found += [_row(parts, run, part) for part in listed]
    return found


def _row(parts: RunStore, run: StoredRun, part: StoredRun) -> StoredRun:
    row_id = metric_of_writer(str(run.id), writer_of(part))
    masked = mask_run(part)
    return attrs.evolve(masked, id=row_id, metrics=_summaries(parts, part), segments=[])


def _summaries(store: RunStore, run: StoredRun) -> dict[str, MetricSummary]:
    try:
        blocks = summaries(store, run.id)
    except DamagedRecordError:
        return {}
    return {name: merge_summaries(own) for name, own in blocks.items() if own}


def _duration(part: StoredRun, form: Form) -> str:
    seconds = None if part.duration is None else part.duration.total_seconds()
    return cell("duration", seconds, form)


def _facts(part: StoredRun, now: datetime) -> list[str]:
    facts = [part.status_at(now)]
    if part.start_time is not None:
        facts.append(f"started {time_text(part.start_time, now)}")
    if part.duration is not None:
        facts.append(f"took {duration_text(part.duration)}")
    elif part.heartbeat is not None:
        facts.append(f"last heartbeat {age_text(now - part.heartbeat)} ago")
    return facts
