"""``sacred worker``."""

import logging
import os

import click

from sacred_core.cli.runs.options import LocationCommand
from sacred_core.loggers import StderrHandler
from sacred_core.stores.query import parse
from sacred_core.stores.run_queue import LEASE
from sacred_core.worker.options import LOCATION_VARIABLE, WorkerOptions

_FORMAT = "%(asctime)s %(levelname)s - %(message)s"
_positive = click.FloatRange(0, min_open=True)


@click.command("worker", cls=LocationCommand)
@click.argument("location", required=False)
@click.option("-w", "--where", default="", help="Only runs matching this query.")
@click.option("--max", "max_runs", type=click.IntRange(1), help="End after this many runs.")
@click.option("--until-empty", is_flag=True, help="End when no run is queued or executed.")
@click.option(
    "--idle", type=click.FloatRange(0), metavar="SECONDS", help="End after this time without a run."
)
@click.option(
    "--tries", type=click.IntRange(1), default=3, show_default=True,
    help="How often a run is started whose process is lost.",
)  # fmt: skip
@click.option(
    "--lease", type=_positive, default=LEASE, show_default=True, metavar="SECONDS",
    help="After this time without a heartbeat, another worker takes the run.",
)  # fmt: skip
@click.option(
    "--deadline", type=click.FloatRange(0), default=20.0, show_default=True, metavar="SECONDS",
    help="Time for the run to end after SIGTERM or Ctrl-C.",
)  # fmt: skip
@click.option("--from-store", is_flag=True, help="Execute the stored sources.")
@click.option(
    "--retry", type=click.Choice(["failed"]), help="Execute failed runs of workers again, too."
)
@click.option("--name", default="", help="Name of the worker; by default host and process id.")
def worker(
    location: str | None, where: str, max_runs: int | None, until_empty: bool, idle: float | None,
    tries: int, lease: float, deadline: float, from_store: bool, retry: str | None, name: str,
) -> None:  # fmt: skip
    """Execute the queued runs at LOCATION, one after the other.

    Each run is a process with the recorded command, configuration and folder. Start as many workers
    as you like, on any machine that has the folder: each run is executed once. If a process or a
    worker is lost, another worker resumes the run. SIGTERM and Ctrl-C put the run back into the
    queue. Without LOCATION, the environment variable SACRED_WORKER_LOCATION is used.

    The exit code is 1 if a run cannot be executed on this machine, and 143 or 130 after SIGTERM or
    Ctrl-C.

    \b
    Example:
      sacred worker my_runs
    """
    from sacred_core.worker.working import work

    place = location or os.environ.get(LOCATION_VARIABLE)
    if not place:
        raise click.UsageError(f"name a LOCATION, or set {LOCATION_VARIABLE}")
    parse(where) if where else None
    _show_log()
    options = WorkerOptions(
        location=place, where=where, max_runs=max_runs, until_empty=until_empty, idle=idle,
        tries=tries, lease=lease, from_store=from_store, retry_failed=retry is not None,
        deadline=deadline, name=name,
    )  # fmt: skip
    raise SystemExit(work(options))


def _show_log() -> None:
    """Show the log of the worker, with times."""
    handler = StderrHandler()
    handler.setFormatter(logging.Formatter(_FORMAT))
    logger = logging.getLogger("sacred_core")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
