"""Several runs, and stores, in a notebook: as a table of text and as HTML; see `run_display`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import attrs

from sacred_core.dotted_path import leaves
from sacred_core.masking import mask_text
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.readable_numbers import distinct_digits
from sacred_core.readable_times import duration_text, time_text
from sacred_core.stores.groups import differing_fields
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import MISSING, Field
from sacred_core.stores.run_display import (
    box,
    cell_text,
    masked,
    shown,
)
from sacred_core.stores.run_store import IdStore, RunQuery, RunStore
from sacred_core.stores.run_tree import indented
from sacred_core.terminal import align

#: Rows of a table, and columns of entries.
_MOST_ROWS, _MOST_COLUMNS = 20, 8


@attrs.frozen
class RunTable:
    """Runs as rows of text.

    Attributes:
        headings: Of the columns.
        rows: The cells of each run.
        hidden: Number of earlier runs, which have no row.
    """

    headings: list[str]
    rows: list[list[str]]
    hidden: int = 0


def run_table(runs: Sequence[StoredRun]) -> RunTable:
    """Return the newest runs as a table: how they ended, and the entries that differ.

    Metrics have columns where the store has summaries of them; no points are read.
    """
    newest = runs[-_MOST_ROWS:]
    now = datetime.now(UTC)
    configs = [
        {Field("config", path): value for path, value in leaves(masked(run.config))}
        for run in newest
    ]
    levels = getattr(newest, "levels", None) or [0] * len(newest)
    ids = [_indented(shown(run.id), level) for run, level in zip(newest, levels, strict=True)]
    columns: list[tuple[str, list[str]]] = [
        ("id", ids),
        ("status", [shown(run.status_at(now)) for run in newest]),
        ("started", [time_text(run.start_time or run.queue_time) for run in newest]),
        ("duration", [duration_text(run.duration) for run in newest]),
        ("name", [cell_text(run.name) for run in newest]),
    ]
    for field in differing_fields(configs)[:_MOST_COLUMNS]:
        values = [config.get(field, MISSING) for config in configs]
        columns.append((cell_text(str(field)), _cells(values)))
    if any(run.result is not None for run in newest):
        columns.append(("result", _cells([masked(run.result) for run in newest])))
    for name in [*dict.fromkeys(name for run in newest for name in run.metrics or ())]:
        own = [(run.metrics or {}).get(name) for run in newest]
        last = [None if each is None else each.last for each in own]
        columns.append((cell_text(f"metrics.{name}.last"), _cells(last)))
    used = [column for column in columns if any(column[1])]
    rows = [list(cells) for cells in zip(*(cells for _, cells in used), strict=True)]
    return RunTable([heading for heading, _ in used], rows, len(runs) - len(newest))


def _indented(text: str, level: int) -> str:
    return indented(text, level).replace(" ", "\N{NO-BREAK SPACE}")  # HTML joins other spaces


def _cells(values: Sequence[Any]) -> list[str]:
    """Return the cells of a column, in which different floats look different."""
    digits = distinct_digits(values)
    return [cell_text(value, digits) for value in values]


def table_text(heading: str, table: RunTable) -> str:
    """Return a table as text, with the heading above it."""
    lines = [heading]
    if table.rows:
        lines += align([table.headings, *table.rows])
    if table.hidden:
        lines.append(f"and {table.hidden} earlier")
    return "\n".join(lines)


def table_html(heading: str, table: RunTable) -> str:
    """Return a table as HTML, with the heading above it."""
    more = [[f"and {table.hidden} earlier"]] if table.hidden else []
    return box(heading, table.headings, [*table.rows, *more])


def runs_heading(runs: Sequence[StoredRun], store: object | None) -> str:
    """Return how many runs there are, and where."""
    count = counted(len(runs), "run")
    return count if store is None else f"{count} of {printable(repr(store))}"


def store_html(store: RunStore) -> str:
    """Return the newest runs of a store as HTML, or why they cannot be read."""
    name = printable(repr(store))
    try:
        runs = [*store.list(RunQuery(limit=_MOST_ROWS))]
        count = store.count() if isinstance(store, IdStore) else None
    except Exception as error:  # noqa: BLE001 - a driver may raise anything; a notebook shows it
        reason = " ".join(mask_text(str(error)).split()) or type(error).__name__
        return box(f"{name}: {printable(reason)}", [], [])
    if len(runs) < _MOST_ROWS:
        count = len(runs)
    more = "" if count is None else counted(count, "run")
    if count is None or count > len(runs):
        more += f"{', ' if more else ''}the newest {len(runs)}"
    table = run_table(runs)
    return box(f"{name}: {more}", table.headings, table.rows)
