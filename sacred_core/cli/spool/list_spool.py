"""``sacred spool list``."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from sacred_core.cli.spool.options import chosen_folders, spool_option
from sacred_core.listing.table import TableColumn, fit, table_text
from sacred_core.printable import printable
from sacred_core.readable_times import time_text
from sacred_core.serialization import strict_json
from sacred_core.spool.entries import EntryInfo, describe_entry, read_entries
from sacred_core.stores.locations import short_path
from sacred_core.terminal import terminal_width


@click.command("list")
@spool_option
@click.option("--json", "is_json", is_flag=True, help="One JSON object a line.")
def list_spool(folders: tuple[Path, ...], is_json: bool) -> None:
    """List the runs and events that are not delivered yet.

    An active entry belongs to a running process, which delivers it.

    \b
    Example:
      sacred spool list --spool my_spool
    """
    found = [describe_entry(entry) for entry in read_entries(chosen_folders(folders))]
    if is_json:
        for info in found:
            click.echo(strict_json(_as_data(info)))
    elif found:
        columns, _ = fit(_columns(found), terminal_width())
        click.echo(table_text(columns))
    else:
        click.echo("Everything is delivered.", err=True)


def _as_data(info: EntryInfo) -> dict[str, object]:
    return {
        "kind": info.kind,
        "id": info.run_id,
        "name": info.name,
        "writer": info.writer or None,
        "start_time": None if info.start_time is None else info.start_time.isoformat(),
        "state": _state(info),
        "targets": list(info.targets),
        "folder": str(info.spool),
    }


def _state(info: EntryInfo) -> str:
    return "active" if info.is_active else "waiting"


def _columns(found: Sequence[EntryInfo]) -> list[TableColumn]:
    now = datetime.now(UTC)
    rows = [
        (
            info.writer or ("" if info.run_id is None else str(info.run_id)),
            info.name,
            info.kind,
            _state(info),
            "" if info.start_time is None else time_text(info.start_time, now),
            ", ".join(info.targets),
            short_path(info.spool),
        )
        for info in found
    ]
    headings = ("id", "name", "kind", "state", "started", "target", "folder")
    return [
        TableColumn(heading, [printable(row[number]) for row in rows])
        for number, heading in enumerate(headings)
    ]
