"""``sacred sweep launch``."""

from pathlib import Path

import click

from sacred_core.cli.runs.options import LocationCommand, where_option
from sacred_core.exceptions import OptionError
from sacred_core.stores import open_store
from sacred_core.stores.query import parse
from sacred_core.stores.run_queue import LEASE, RunQueue
from sacred_core.worker import WorkerOptions
from sacred_sweep.launching import launch_workers

_POSITIVE = click.FloatRange(0, min_open=True)


@click.command("launch", cls=LocationCommand)
@click.argument("location")
@click.argument("launcher", metavar="NAME:ARGUMENT,...")
@where_option
@click.option("--sweep", "uid", metavar="UID", help="Only runs of this sweep.")
@click.option("--max", "max_runs", type=click.IntRange(1), help="Runs of each worker.")
@click.option("--idle", type=_POSITIVE, help="Seconds without a run after which a worker ends.")
@click.option(
    "--tries",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="Starts of a run whose process is lost.",
)
@click.option(
    "--lease",
    type=_POSITIVE,
    default=LEASE,
    show_default=True,
    help="Seconds after which the runs of a silent worker are taken.",
)
@click.option(
    "--deadline",
    type=_POSITIVE,
    default=20.0,
    show_default=True,
    help="Seconds that a run has to end when its worker stops.",
)
@click.option("--from-store", is_flag=True, help="Execute the stored sources.")
@click.option("--retry", type=click.Choice(["failed"]), help="Execute failed runs again.")
@click.option("--name", default="", help="The name of the workers, followed by their numbers.")
def launch_command(
    location: str, launcher: str, where: str | None, uid: str | None, retry: str | None,
    **options: object,
) -> None:  # fmt: skip
    """Start workers that execute the queued runs of LOCATION, and end when none is left.

    Launchers are local:N and joblib:N on this machine, and those of plugins, such as
    slurm:8,partition=gpu, dask:tcp://host:8786,workers=8 and ray:auto,workers=8. Call it again to
    add workers.

    \b
    Example:
      sacred sweep launch my_runs slurm:40
    """
    conditions = [where or "", f'meta.sweep.uid = "{uid}"' if uid else ""]
    condition = " and ".join(f"({each})" for each in conditions if each)
    if condition:
        parse(condition)
    if not isinstance(open_store(location), RunQueue):
        raise OptionError("the store has no queue: use one whose runs can be resumed")
    worker = WorkerOptions(
        location=location, where=condition, until_empty=True, retry_failed=retry is not None,
        **options,  # type: ignore[arg-type]
    )  # fmt: skip
    launched = launch_workers(launcher, worker, Path.cwd())
    for line in launched.lines:
        click.echo(line)
    if launched.wait is not None:
        launched.wait()
