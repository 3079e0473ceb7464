"""``sacred runs recover`` and ``load``: what a run could not record while it lasted."""

from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sacred_core.cli.runs.options import LocationCommand
from sacred_core.exceptions import OptionError, StoreError
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.readable_times import time_text

if TYPE_CHECKING:
    from sacred_core.run.recovery import Recovery


@click.command("recover", cls=LocationCommand)
@click.argument("location", required=False)
@click.option(
    "--filter", "filter_path", metavar="MODULE:FUNCTION",
    help="Apply this filter to the output of runs that had one of their own.",
)  # fmt: skip
@click.option("--discard", is_flag=True, help="Delete what cannot be stored, after asking.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def recover_output(location: str | None, filter_path: str | None, discard: bool, yes: bool) -> None:
    """Store the last output of runs whose process crashed or was killed.

    Without LOCATION, in each store that can be opened. Give the LOCATION of a store that needs a
    password. Runs that are alive are not changed.

    \b
    Example:
      sacred runs recover my_runs
    """
    from sacred_core.run.recovery import recover

    output_filter = None if filter_path is None else _imported_filter(filter_path)
    left = {}
    done: Recovery | None = None
    for done in recover(location, output_filter):
        click.echo(printable(_recovery_line(done)), err=done.count is None)
        if done.count is None and done.address is not None:
            left[done.entry.path] = done.entry
    if done is None:
        click.echo("Nothing to recover.", err=True)
    if discard and left and not yes:
        click.confirm(f"Delete the output of {counted(len(left), 'run')}?", abort=True)
    for entry in left.values() if discard else ():
        entry.remove()
    if left and not discard:
        raise StoreError("not all output could be stored: see above")


@click.command("load", cls=LocationCommand)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("location", required=False)
def load_undelivered(folder: Path, location: str | None) -> None:
    """Store what the observers of a run missed, and remove it from FOLDER.

    FOLDER is the one that the run printed, or contains several of them. Give the LOCATION of a
    store that needs a password; without, it is the one that the observer wrote to. Of several
    stores it is the one with the same server and path.

    \b
    Example:
      sacred runs load train-1-undelivered sqlite:///runs.db
    """
    from sacred_core.delivery.loading import load_folders

    left = 0
    for done in load_folders(folder, location):
        left += len(done.left)
        events = counted(done.count, "event")
        click.echo(printable(f"{done.folder}: stored {events} of run {done.run_id}"))
        for failure in done.left:
            click.echo(printable(f"{done.folder}: not stored: {failure}"), err=True)
    if left:
        raise StoreError("not all events could be stored: see above")


def _recovery_line(done: "Recovery") -> str:
    """Return one line about what was done for a run."""
    entry, address = done.entry, done.address
    started = time_text(entry.start_time, datetime.now(UTC))
    if address is None:
        return f"{entry.name!r}, started {started} on {entry.host}: {done.reason}."
    run = f"Run {address.run_id} of {entry.name!r} in {address.location}"
    if done.count is None:
        return f"{run}, started {started} on {entry.host}: not stored: {done.reason}"
    return f"{run}: the output is complete ({counted(done.count, 'character')})."


def _imported_filter(path: str) -> Callable[[str], str]:
    """Return the filter at ``module:name``, which the user has named.

    Raises:
        OptionError: the function does not exist.
    """
    module, _, name = path.partition(":")
    try:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise OptionError(f"--filter {path!r} is not MODULE:FUNCTION: {error}") from None
    if not callable(found):
        raise OptionError(f"--filter {path!r} cannot be called")
    return found  # type: ignore[no-any-return]
