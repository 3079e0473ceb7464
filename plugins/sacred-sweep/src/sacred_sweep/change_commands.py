"""``sacred sweep cancel`` and ``sacred sweep retry``."""

from collections.abc import Sequence
from typing import Any, cast

import click

from sacred_core.cli.runs.options import LocationCommand
from sacred_core.exceptions import OptionError
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.stores import open_store
from sacred_core.stores.annotations import new_tags
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_queue import DocumentQueue, RunQueue
from sacred_core.stores.worker_claims import is_waiting
from sacred_sweep.sampled_sweeps import CANCELLED_TAG
from sacred_sweep.stored_sweeps import CANCELLED, StoredSweep, find_sweep

#: Statuses of runs that can be queued again.
_ENDED = ("FAILED", "INTERRUPTED", "TIMEOUT", "DEAD", CANCELLED)


@click.command("cancel", cls=LocationCommand)
@click.argument("location")
@click.argument("uid")
@click.option("--running", "is_running", is_flag=True, help="Also end runs that are running.")
def cancel_sweep(location: str, uid: str, is_running: bool) -> None:
    """Cancel the queued runs of the sweep UID at LOCATION.

    They get the status CANCELLED, and no worker executes them. Starting the sweep again does not
    queue them; use 'sacred sweep retry --status CANCELLED'. With --running, running runs are
    recorded as cancelled now, and their processes end at their next heartbeat.

    \b
    Example:
      sacred sweep cancel my_runs learning-rates
    """
    store = open_store(location)
    queue = _queue_of(store)
    sweep = find_sweep(store, location, uid)
    if sweep.planned > len(sweep.runs):
        store.annotate(sweep.runs[0].id, new_tags([CANCELLED_TAG], remove=False))
    cancelled, left = 0, []
    for run in sweep.runs:
        if run.recorded_status not in ("QUEUED", "RUNNING"):
            continue
        reason = f"cancelled by: sacred sweep cancel {sweep.uid}"
        is_cancelled = is_waiting(run) and queue.cancel(run.id, reason, expected=run)
        if is_cancelled or (is_running and queue.cancel(run.id, reason)):
            cancelled += 1
        else:
            left.append(run)
    click.echo(f"Cancelled {counted(cancelled, 'run')} of sweep {sweep.uid}.")
    if left:
        click.echo(_left_text(left), err=True)


@click.command("retry", cls=LocationCommand)
@click.argument("location")
@click.argument("uid")
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(_ENDED, case_sensitive=False),
    help="Only runs with this status; by default FAILED. Can be given several times.",
)  # fmt: skip
def retry_sweep(location: str, uid: str, statuses: Sequence[str]) -> None:
    """Queue the failed runs of the sweep UID at LOCATION again.

    Workers continue each as its next segment: the record has both attempts.

    \b
    Example:
      sacred sweep retry my_runs learning-rates
    """
    store = open_store(location)
    queue = _queue_of(store)
    sweep = find_sweep(store, location, uid)
    chosen = [status.upper() for status in statuses] or ["FAILED"]
    found = [run for run in sweep.runs if run.status in chosen]
    reason = f"queued again by: sacred sweep retry {sweep.uid}"
    count = sum(queue.requeue(run.id, reason, expected=run) for run in found)
    if CANCELLED in chosen:
        _remove_tag(store, sweep)
    click.echo(f"Queued {counted(count, 'run')} of sweep {sweep.uid} again.")
    if not found:
        listed = ", ".join(f"{number} {name}" for name, number in sweep.counts.items() if number)
        click.echo(f"No run has the status {' or '.join(chosen)} ({listed}).", err=True)


def _queue_of(store: object) -> DocumentQueue:
    if not isinstance(store, RunQueue):
        raise OptionError(f"{type(store).__name__} has no queue: its runs cannot be changed")
    return cast(DocumentQueue, store)


def _remove_tag(store: Any, sweep: StoredSweep) -> None:
    for run in sweep.runs:
        if CANCELLED_TAG in run.tags:
            store.annotate(run.id, new_tags([CANCELLED_TAG], remove=True))


def _left_text(runs: Sequence[StoredRun]) -> str:
    ids = ", ".join(str(run.id) for run in runs)
    return printable(
        f"Not cancelled, as a worker executes {'it' if len(runs) == 1 else 'them'}: run {ids}. "
        "Use --running to end them, too."
    )
