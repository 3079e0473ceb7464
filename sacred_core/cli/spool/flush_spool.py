"""``sacred spool flush``."""

from pathlib import Path

import click

from sacred_core.cli.runs.options import LocationCommand
from sacred_core.cli.spool.options import chosen_folders, spool_option
from sacred_core.exceptions import SpoolError
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.serialization import strict_json
from sacred_core.spool.entries import describe_entry
from sacred_core.spool.flushing import Flushed, flush


@click.command("flush", cls=LocationCommand)
@click.argument("location", metavar="[TARGET]", required=False)
@spool_option
@click.option("--keep", is_flag=True, help="Delivered runs stay in the spool.")
@click.option("--json", "is_json", is_flag=True, help="One JSON object a line.")
def flush_spool(location: str | None, folders: tuple[Path, ...], keep: bool, is_json: bool) -> None:
    """Deliver what is left of runs that have ended, and remove it from this machine.

    The stores are those of the runs. Give the TARGET of a store that needs a password or has
    moved; of several stores it is the one with the same server and path. Repeating the command
    delivers nothing twice. The exit code is 1 if something is left.

    \b
    Example:
      sacred spool flush --spool my_spool
    """
    left = 0
    done: Flushed | None = None
    for done in flush(chosen_folders(folders), location, keep):
        left += bool(done.reason)
        if is_json:
            click.echo(strict_json(_as_data(done)))
        else:
            click.echo(printable(_line(done)), err=bool(done.reason))
    if done is None and not is_json:
        click.echo("Everything is delivered.", err=True)
    if left:
        raise SpoolError(f"{counted(left, 'entry')} could not be delivered: see above")


def _line(done: Flushed) -> str:
    info = describe_entry(done.entry)
    what = f"Run {info.run_id}" if info.kind == "run" else f"Events of run {info.run_id}"
    if info.kind == "part":
        what = f"Writer {info.writer} of a run"
    what = f"{what} of {info.name!r} in {info.spool}"
    if done.is_active:
        return f"{what}: skipped, a running process delivers it"
    if done.reason:
        return f"{what}: not stored in {done.target}: {done.reason}"
    if info.kind == "part":
        return f"{what}: stored in {done.target}"
    if info.kind == "run":
        return f"{what}: stored as run {done.run_id} in {done.target}"
    return f"{what}: stored {counted(done.count, 'event')} in {done.target}"


def _as_data(done: Flushed) -> dict[str, object]:
    info = describe_entry(done.entry)
    state = "active" if done.is_active else "left" if done.reason else "delivered"
    return {
        "state": state,
        "kind": info.kind,
        "id": info.run_id,
        "name": info.name,
        "writer": info.writer or None,
        "folder": str(info.spool),
        "target": None if done.target is None else str(done.target),
        "target_id": done.run_id,
        "reason": done.reason or None,
    }
