"""``sacred runs sync``."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import attrs
import click

from sacred_core.cli.runs.copied_text import copied_lines
from sacred_core.cli.runs.copy_runs import (
    continuable,
    dry_run_option,
    json_option,
    open_writable,
    shown_by,
    without_id_warnings,
)
from sacred_core.cli.runs.progress import progress_bar
from sacred_core.cli.runs.two_locations import (
    TwoLocationsCommand,
    ids_text,
    refuse_same_location,
    refuse_same_store,
)
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.script_cli.protocol import FAILURE
from sacred_core.serialization import strict_json
from sacred_core.stores import open_store
from sacred_core.stores.explaining import require_existing
from sacred_core.stores.finding import count_runs
from sacred_core.transfer.syncing import Synced, synchronise

#: The states in the order of a summary.
_STATES = ("copied to A", "copied to B", "merged", "equal", "conflict", "failed")


@click.command("sync", cls=TwoLocationsCommand)
@click.argument("location", metavar="A")
@click.argument("other_location", metavar="B")
@dry_run_option
@json_option
@click.pass_context
def synchronise_stores(
    ctx: click.Context, location: str, other_location: str, dry_run: bool, as_json: bool
) -> None:
    """Copy the runs that only A has to B, and those that only B has to A.

    Of runs that both have, missing parts, tags and notes are copied. Nothing is overwritten: runs
    that differ are reported, and the exit code is 1. B is created if it does not exist.

    \b
    Example:
      sacred runs sync my_runs sqlite:///runs.db
    """
    refuse_same_location(location, other_location)
    require_existing(open_store(location))  # a wrong name must not be a new store
    a, b = (open_writable(each, dry_run) for each in (location, other_location))
    refuse_same_store(a.store, b.store)
    states: Counter[str] = Counter()
    missing = 0
    with without_id_warnings(), progress_bar("Synchronising", count_runs(a.store)) as progress:
        for synced in continuable(synchronise(a, b, shown_by(progress))):
            states[synced.state] += 1
            missing += len(synced.missing)
            for line in _lines(synced, as_json, dry_run):
                progress.print(line)
            progress.advance(1)
    if not as_json:
        parts = [f"{states[state]} {state}" for state in _STATES if states[state]]
        total = counted(states.total(), "run")
        click.echo(f"{total}: {', '.join(parts)}." if parts else f"{total}.")
    if states["conflict"] or states["failed"] or missing:
        runs = states["conflict"] + states["failed"]
        found = [counted(runs, "run")] if runs else []
        found += [counted(missing, "part")] if missing else []
        click.echo(f"Not synchronised: {' and '.join(found)}; see above.", err=True)
        ctx.exit(FAILURE)


def synced_object(synced: Synced, is_dry: bool) -> dict[str, Any]:
    """Return a result as ``docs/synced.schema.json`` describes it."""
    return attrs.asdict(synced) | {"state": synced.state, "dry_run": is_dry}


def _lines(synced: Synced, as_json: bool, is_dry: bool) -> Iterator[str]:
    if as_json:
        yield strict_json(synced_object(synced, is_dry))
    else:
        yield from map(printable, _text_lines(synced, is_dry))


def _text_lines(synced: Synced, is_dry: bool) -> Iterator[str]:
    if synced.state in ("conflict", "failed"):
        a, b = (synced.a, synced.b)
        ids = ids_text(a if a is not None else b, b if b is not None else a)
        yield f"Run {ids}: {synced.problem or 'conflict: nothing but tags and notes is copied'}"
        for difference in synced.conflicts:
            yield f"  {difference}"
        return
    for copied, direction in ((synced.to_b, "A to B"), (synced.to_a, "B to A")):
        for line in () if copied is None else copied_lines(copied, is_dry):
            yield f"{direction}: {line}"
    if synced.is_merged:
        verb = "would be added" if is_dry else "added"
        yield f"Run {ids_text(synced.a, synced.b)}: tags and notes {verb}"
