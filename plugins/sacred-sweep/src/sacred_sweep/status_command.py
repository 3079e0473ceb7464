"""``sacred sweep status``."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from sacred_core.cli.runs.options import LocationCommand
from sacred_core.exceptions import OptionError, StoreError
from sacred_core.listing.table import TableColumn, fit, table_text
from sacred_core.masking import mask_text
from sacred_core.plurals import counted
from sacred_core.printable import KEPT, printable
from sacred_core.readable_numbers import value_text
from sacred_core.readable_times import age_text, duration_text
from sacred_core.serialization import strict_json
from sacred_core.stores import RunStore, open_store
from sacred_core.stores.explaining import require_existing
from sacred_core.stores.query import Field
from sacred_core.stores.query.syntax import parse_columns
from sacred_core.terminal import terminal_width
from sacred_sweep.settings import DIRECTIONS, default_direction
from sacred_sweep.stored_sweeps import BestPoint, StoredSweep, find_sweep, read_sweeps

_OPEN = ("QUEUED", "RUNNING")


@click.command("status", cls=LocationCommand)
@click.argument("location")
@click.argument("uid", required=False)
@click.option("--best", metavar="FIELD", help="Show the best point, such as metrics.loss.min.")
@click.option("--direction", type=click.Choice(DIRECTIONS), help="Which value is the best.")
@click.option("--json", "is_json", is_flag=True, help="One JSON object a line for each sweep.")
@click.option("--watch", "is_watched", is_flag=True, help="Repeat until no run is left.")
@click.option("--interval", type=click.FloatRange(0.05), default=2.0, help="Seconds of --watch.")
def show_status(
    location: str, uid: str | None, best: str | None, direction: str | None, is_json: bool,
    is_watched: bool, interval: float,
) -> None:  # fmt: skip
    """Show the sweeps at LOCATION, or the sweep UID.

    UID is the uid, its first digits, or the name of the sweep. Of one sweep there are the numbers
    of runs, the workers, an estimate of the time left, and the best point so far. Runs that differ
    only in their seed are averaged.

    \b
    Example:
      sacred sweep status my_runs --best metrics.loss.min
    """
    field = None if best is None else _parse_field(best)
    if direction is not None and field is None:
        raise click.UsageError("--direction requires --best FIELD")
    store = open_store(location)
    before = ""
    while True:
        sweeps = _read(store, location, uid)
        now = datetime.now(UTC)
        described = [_describe(store, each, field, direction, now) for each in sweeps]
        if is_json:
            text = "\n".join(map(strict_json, described))
        elif uid is None:
            text = _listing(sweeps, now)
        else:
            text = _details(described[0])
        if text != before:
            click.echo(text)
        before = text
        if not is_watched or not any(sweep.counts[each] for sweep in sweeps for each in _OPEN):
            return
        time.sleep(interval)


def _read(store: RunStore, location: str, uid: str | None) -> list[StoredSweep]:
    if uid is not None:
        return [find_sweep(store, location, uid)]
    sweeps = read_sweeps(store)
    if not sweeps:
        require_existing(store)
        raise StoreError(f"there are no sweeps at {mask_text(location)!r}")
    return sweeps


def _parse_field(text: str) -> Field:
    columns = parse_columns(text)
    if len(columns) != 1:
        raise OptionError(f"--best takes one field, got {text!r}")
    return columns[0].field


def _describe(
    store: RunStore, sweep: StoredSweep, field: Field | None, direction: str | None, now: datetime
) -> dict[str, Any]:
    """Return what is known of a sweep as plain data, see docs/sweep-status.schema.json."""
    optimized, known_direction = sweep.optimized
    if field is None and optimized:
        field, direction = _parse_field(optimized), known_direction
    best = None
    if field is not None:
        best = sweep.best(store, field, direction or default_direction(str(field)))
    left = sweep.time_left(now)
    return {
        "uid": sweep.uid,
        "name": sweep.name or None,
        "experiment": sweep.experiment,
        "command": sweep.command,
        "entries": sweep.paths,
        "runs": len(sweep.runs),
        "planned": sweep.planned,
        "counts": sweep.counts,
        "workers": [{"name": name, "runs": runs} for name, runs in sweep.workers.items()],
        "seconds_left": None if left is None else left.total_seconds(),
        "best": None if best is None else _best_data(best),
    }


def _best_data(best: BestPoint) -> dict[str, Any]:
    return {
        "field": best.field,
        "direction": best.direction,
        "value": best.value,
        "values": dict(best.values),
        "runs": list(best.run_ids),
    }


def _listing(sweeps: Sequence[StoredSweep], now: datetime) -> str:
    statuses = list(dict.fromkeys(status for each in sweeps for status in each.counts))
    columns = [
        TableColumn("uid", [each.uid for each in sweeps]),
        TableColumn("name", [printable(each.name or each.experiment) for each in sweeps]),
        TableColumn("age", [_age(each, now) for each in sweeps]),
        TableColumn("runs", [str(each.planned) for each in sweeps]),
        *(
            TableColumn(status.lower(), [str(each.counts.get(status, 0)) for each in sweeps])
            for status in statuses
        ),
        TableColumn("entries", [printable(", ".join(each.paths)) for each in sweeps], "chosen"),
    ]
    fitted, _ = fit(columns, terminal_width())
    return table_text(fitted)


def _age(sweep: StoredSweep, now: datetime) -> str:
    times = [run.queue_time or run.start_time for run in sweep.runs]
    known = [each for each in times if each is not None]
    return age_text(now - max(known)) if known else ""


def _details(data: dict[str, Any]) -> str:
    name = f" ({data['name']})" if data["name"] else ""
    counts = [f"{number} {status.lower()}" for status, number in data["counts"].items() if number]
    lines = [
        f"Sweep {data['uid']}{name} of {data['experiment']}, command {data['command']}",
        f"entries    {', '.join(data['entries'])}",
        f"runs       {data['runs']}: {', '.join(counts)}",
    ]
    if data["planned"] > data["runs"]:
        lines[-1] += f"; {data['planned'] - data['runs']} still to be chosen by the sampler"
    for worker in data["workers"]:
        listed = ", ".join(map(str, worker["runs"]))
        lines.append(f"worker     {worker['name']}: run {listed}")
    lines.append(f"time left  {_time_left(data)}")
    if data["best"] is not None:
        lines.append(f"best       {_best_text(data['best'])}")
    return printable("\n".join(lines), KEPT)


def _time_left(data: dict[str, Any]) -> str:
    from datetime import timedelta

    seconds = data["seconds_left"]
    if seconds is not None:
        return f"about {duration_text(timedelta(seconds=seconds))}" if seconds else "none"
    if not data["counts"]["RUNNING"]:
        return "unknown: no run is running"
    return "unknown until a run has completed"


def _best_text(best: dict[str, Any]) -> str:
    runs = best["runs"]
    values = ", ".join(f"{path}={value_text(value)}" for path, value in best["values"].items())
    listed = f"run {runs[0]}" if len(runs) == 1 else f"mean of {counted(len(runs), 'run')}: "
    listed += "" if len(runs) == 1 else ", ".join(map(str, runs))
    return f"{best['field']} = {value_text(best['value'])} with {values} ({listed})"
