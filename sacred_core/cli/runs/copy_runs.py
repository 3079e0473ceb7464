"""``sacred runs copy``."""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import click

from sacred_core.cli.runs.completing import complete_ids
from sacred_core.cli.runs.copied_text import Totals, copied_lines, copied_object
from sacred_core.cli.runs.options import where_option
from sacred_core.cli.runs.progress import Progress, progress_bar
from sacred_core.cli.runs.two_locations import (
    TwoLocationsCommand,
    refuse_same_location,
    refuse_same_store,
    select_ids,
)
from sacred_core.events import Event, MetricsLogged
from sacred_core.exceptions import UnavailableError
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.script_cli.protocol import FAILURE
from sacred_core.serialization import strict_json
from sacred_core.stores import RunStore, open_store
from sacred_core.stores.changes import list_ids
from sacred_core.stores.opening import open_target, refuse_new_archive
from sacred_core.stores.run_ids import id_order
from sacred_core.transfer.copying import Copied, copy_runs
from sacred_core.transfer.following import copy_chosen, follow_chosen
from sacred_core.transfer.known_runs import Target
from sacred_core.transfer.planning import DryTarget
from sacred_core.transfer.targets import open_existing_target

T = TypeVar("T")
dry_run_option = click.option("--dry-run", is_flag=True, help="Only show what would be copied.")
json_option = click.option(
    "--json", "as_json", is_flag=True, help="One JSON object per run and line."
)


@click.command("copy", cls=TwoLocationsCommand)
@click.argument("location", metavar="SOURCE")
@click.argument("target_location", metavar="TARGET")
@click.argument("run_ids", metavar="[IDS]...", shell_complete=complete_ids, nargs=-1)
@where_option
@click.option("--follow", is_flag=True, help="Continue running runs until they end.")
@click.option("--interval", type=click.FloatRange(0.05), default=2.0, help="Seconds between reads.")
@dry_run_option
@json_option
@click.pass_context
def copy_to_target(
    ctx: click.Context, location: str, target_location: str, run_ids: Sequence[str],
    where: str | None, follow: bool, interval: float, dry_run: bool, as_json: bool,
) -> None:  # fmt: skip
    """Copy the runs at SOURCE to TARGET, which is created if it does not exist.

    IDS, or --where, select runs; without, all are copied. What TARGET has already is not sent
    again: a copy that was interrupted is continued. Ids are the same where they are free. The exit
    code is 1 if something could not be copied.

    \b
    Example:
      sacred runs copy my_runs sqlite:///runs.db -w 'status = COMPLETED'
    """
    refuse_same_location(location, target_location)
    source = open_store(location)
    ids = select_ids(source, location, run_ids, where)
    seconds = interval if follow and not dry_run else None
    copy_and_report(ctx, source, ids, target_location, seconds, dry_run, as_json)


def copy_and_report(
    ctx: click.Context,
    source: RunStore,
    ids: Sequence[int | str] | None,
    target_location: str,
    seconds: float | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Copy runs, and print the result for each; exit if something could not be copied.

    Args:
        ctx: Of the command.
        source: The store of the runs.
        ids: Of the runs; None for all.
        target_location: Where they are copied to.
        seconds: Between two readings of a running run; None: it is read once.
        dry_run: Only print what would be copied.
        as_json: Print one JSON object per run and line.
    """
    count = len(list_ids(source) if ids is None else ids)
    target = open_writable(target_location, dry_run)
    refuse_same_store(source, target.store)
    totals = Totals()
    with without_id_warnings(), progress_bar("Copying", count) as progress:
        for copied in continuable(_copy(source, ids, target, seconds, shown_by(progress))):
            totals.add(copied)
            for line in _lines(copied, as_json, dry_run):
                progress.print(line)
            progress.advance(1)
    if not as_json:
        click.echo(totals.text(dry_run))
    if totals.failure is not None:
        click.echo(totals.failure, err=True)
        ctx.exit(FAILURE)


def open_writable(location: str, is_dry: bool) -> Target:
    """Return the target at a location; with ``is_dry`` one that stores nothing.

    Raises:
        StoreError: it cannot be opened or written to, or a new folder would have the name of an
            archive.
    """
    refuse_new_archive(location)
    return DryTarget(open_existing_target(location)) if is_dry else Target(open_target(location))


@contextlib.contextmanager
def without_id_warnings() -> Iterator[None]:
    """Log no warning about an id that is taken in the target: both ids are printed."""
    logger = logging.getLogger("sacred_core.stores.claims")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def shown_by(progress: Progress) -> Callable[[Event], None]:
    """Return what shows the number of points of a run while they are sent."""
    counts: dict[str, int] = {}

    def show(event: Event) -> None:
        if isinstance(event, MetricsLogged):
            new = sum(len(own["steps"]) for own in event.metrics_by_name.values())
            counts[event.run] = counts.pop(event.run, 0) + new
            progress.show(counted(counts[event.run], "point"))

    return show


def continuable(found: Iterator[T]) -> Iterator[T]:
    """Yield results; where they end early, the message is that the same command continues."""
    hint = "What was copied stays: run the same command again to continue."
    try:
        yield from found
    except KeyboardInterrupt:
        click.echo(hint, err=True)
        raise
    except UnavailableError as error:
        raise UnavailableError(f"{error}. {hint}") from error


def _copy(
    source: RunStore,
    ids: Sequence[int | str] | None,
    target: Target,
    seconds: float | None,
    note_sent: Callable[[Event], None],
) -> Iterator[Copied]:
    if ids is None and seconds is None:
        return copy_runs(source, target, note_sent=note_sent)
    chosen = sorted(list_ids(source), key=id_order) if ids is None else ids
    if seconds is None:
        return copy_chosen(source, chosen, target, note_sent)
    return follow_chosen(source, chosen, target, seconds, note_sent)


def _lines(copied: Copied, as_json: bool, is_dry: bool) -> Iterator[str]:
    if as_json:
        yield strict_json(copied_object(copied, is_dry))
    else:
        yield from map(printable, copied_lines(copied, is_dry))
