"""``sacred runs unpack``."""

from collections.abc import Sequence

import click

from sacred_core.archives import ArchiveStore
from sacred_core.cli.runs.completing import complete_ids
from sacred_core.cli.runs.copy_runs import copy_and_report, dry_run_option, json_option
from sacred_core.cli.runs.options import where_option
from sacred_core.cli.runs.two_locations import TwoLocationsCommand, select_ids


@click.command("unpack", cls=TwoLocationsCommand)
@click.argument("location", metavar="ARCHIVE")
@click.argument("target_location", metavar="TARGET")
@click.argument("run_ids", metavar="[IDS]...", shell_complete=complete_ids, nargs=-1)
@where_option
@dry_run_option
@json_option
@click.pass_context
def unpack_runs(
    ctx: click.Context, location: str, target_location: str, run_ids: Sequence[str],
    where: str | None, dry_run: bool, as_json: bool,
) -> None:  # fmt: skip
    """Copy the runs in ARCHIVE to TARGET, which is created if it does not exist.

    IDS, or --where, select runs; without, all are copied. Each run is compared with the digests in
    the archive first: of a damaged one nothing is stored, and the exit code is 1. What TARGET has
    already is not stored again. Ids are the same where they are free.

    \b
    Example:
      sacred runs unpack runs.zip my_runs
    """
    source = ArchiveStore.from_location(location)
    ids = select_ids(source, location, run_ids, where)
    copy_and_report(ctx, source, ids, target_location, None, dry_run, as_json)
