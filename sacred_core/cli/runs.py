"""``sacred runs``: what was recorded, in the terminal."""

from datetime import datetime, timedelta
from typing import Any

import attrs
import click

from sacred_core.config.summary import leaves
from sacred_core.exceptions import StoreError
from sacred_core.masking import masked_text
from sacred_core.serialization import strict_json
from sacred_core.stores import RunQuery, RunStore, StoredRun, open_store

_HEADINGS = ("ID", "STATUS", "STARTED", "TOOK", "EXPERIMENT", "COMMAND")


@click.group()
def runs() -> None:
    """List and show recorded runs."""


@runs.command("list")
@click.argument("location")
@click.option("--status", help="Only runs of this status, like FAILED or DEAD.")
@click.option("--name", help="Only runs of this experiment.")
@click.option("-n", "--limit", type=click.IntRange(1), help="At most so many, the newest.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_runs(
    location: str, status: str | None, name: str | None, limit: int | None, as_json: bool
) -> None:
    """List the runs at LOCATION, a folder or a URL, from the oldest to the newest."""
    query = RunQuery(status=status and status.upper(), name=name, limit=limit)
    found = open_store(location).list(query)
    if as_json:
        for run in found:
            click.echo(strict_json(_as_data(run)))
        return
    rows = [_row(run) for run in found]
    if not rows:
        click.echo("No runs.", err=True)
        return
    _echo_table([_HEADINGS, *rows])


@runs.command("show")
@click.argument("location")
@click.argument("run_id", required=False)
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
def show_run(location: str, run_id: str | None, as_json: bool) -> None:
    """Show the run RUN_ID at LOCATION, by default the newest: configuration, result, metrics,
    files and output."""
    store = open_store(location)
    run = _newest(store, location) if run_id is None else store.get(run_id)
    if as_json:
        data = _as_data(run) | {"metrics": _plain_metrics(store.metrics(run.id))}
        click.echo(strict_json(data | {"output": store.output(run.id)}, indent=2))
    else:
        click.echo("\n".join(_page(store, run)))


def _newest(store: RunStore, location: str) -> StoredRun:
    for run in store.list(RunQuery(limit=1)):
        return run
    raise StoreError(f"there are no runs at {masked_text(location)!r}")


def _page(store: RunStore, run: StoredRun) -> list[str]:
    lines = [f"Run {run.id}: {run.name} {run.command}, {run.current_status()}"]
    lines += _section("Times", _times(run))
    lines += _section("Configuration", [f"{path} = {v!r}" for path, v in leaves(run.config)])
    lines += _section("Info", [f"{path} = {value!r}" for path, value in leaves(run.info)])
    lines += _section("Metrics", [_metric(n, m) for n, m in store.metrics(run.id).items()])
    lines += _section("Artifacts", run.artifacts)
    lines += _section("Resources", run.resources)
    if run.result is not None:
        lines += _section("Result", [repr(run.result)])
    lines += _section("Traceback", "".join(run.fail_trace).splitlines())
    return lines + _section("Output", store.output(run.id).splitlines())


def _section(title: str, lines: list[str]) -> list[str]:
    return ["", f"{title}:", *(f"  {line}" for line in lines)] if lines else []


def _times(run: StoredRun) -> list[str]:
    named = (("queued", run.queue_time), ("started", run.start_time), ("stopped", run.stop_time))
    lines = [f"{what} {_time_text(time)}" for what, time in named if time is not None]
    return lines + ([f"took {_duration_text(run.duration)}"] if run.duration is not None else [])


def _metric(name: str, metric: dict[str, Any]) -> str:
    values, steps = metric["values"], metric["steps"]
    return f"{name}: {len(values)} points, last {values[-1]!r} at step {steps[-1]!r}"


def _row(run: StoredRun) -> tuple[str, ...]:
    started, took = _time_text(run.start_time), _duration_text(run.duration)
    return (str(run.id), run.current_status(), started, took, run.name, run.command)


def _echo_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _time_text(time: datetime | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC") if time else ""


def _duration_text(duration: timedelta | None) -> str:
    return str(timedelta(seconds=round(duration.total_seconds()))) if duration is not None else ""


def _as_data(run: StoredRun) -> dict[str, Any]:
    data = attrs.asdict(run) | {"current_status": run.current_status()}
    return {key: _plain_time(value) for key, value in data.items()}


def _plain_metrics(metrics: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        name: {column: [_plain_time(item) for item in items] for column, items in metric.items()}
        for name, metric in metrics.items()
    }


def _plain_time(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
