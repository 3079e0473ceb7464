"""``sacred runs verify``."""

from collections.abc import Iterator, Sequence

import attrs
import click

from sacred_core.cli.runs.completing import complete_ids
from sacred_core.cli.runs.options import where_option
from sacred_core.cli.runs.progress import progress_bar
from sacred_core.cli.runs.two_locations import (
    TwoLocationsCommand,
    refuse_same_location,
    refuse_same_store,
    select_ids,
)
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.script_cli.protocol import FAILURE
from sacred_core.serialization import strict_json
from sacred_core.stores import open_store
from sacred_core.stores.finding import count_runs
from sacred_core.transfer.verification import Comparison, verify

#: Runs from which on a progress bar is shown.
_MANY = 20


@click.command("verify", cls=TwoLocationsCommand)
@click.argument("location", metavar="A")
@click.argument("other_location", metavar="B")
@click.argument("run_ids", metavar="[IDS]...", shell_complete=complete_ids, nargs=-1)
@where_option
@click.option("--contents", is_flag=True, help="Read all files; by default compare their digests.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per run and line.")
@click.pass_context
def verify_runs(
    ctx: click.Context, location: str, other_location: str, run_ids: Sequence[str],
    where: str | None, contents: bool, as_json: bool,
) -> None:  # fmt: skip
    """Compare the runs at A with the same runs at B, whatever their ids.

    IDS, or --where, select runs at A; without, all runs of both are compared. The exit code is 1
    if runs differ or are missing.

    \b
    Example:
      sacred runs verify my_runs sqlite:///runs.db
    """
    refuse_same_location(location, other_location)
    store_a, store_b = open_store(location), open_store(other_location)
    refuse_same_store(store_a, store_b)
    ids = select_ids(store_a, location, run_ids, where)
    if ids is not None and not ids:
        ctx.exit(FAILURE)
    count = count_runs(store_a) if ids is None else len(ids)
    equal = total = 0
    with progress_bar("Comparing", count, is_wanted=(count or 0) >= _MANY) as progress:
        for comparison in verify(store_a, store_b, ids, contents):
            total += 1
            equal += comparison.state == "equal"
            for line in _lines(comparison, as_json):
                progress.print(line)
            progress.advance(1)
    if not as_json:
        click.echo(f"{equal} of {counted(total, 'run')} {'is' if equal == 1 else 'are'} equal.")
    if equal < total:
        ctx.exit(FAILURE)


def _lines(comparison: Comparison, as_json: bool) -> Iterator[str]:
    if as_json:
        yield strict_json(attrs.asdict(comparison) | {"state": comparison.state})
        return
    if comparison.state == "equal":
        return
    a, b = comparison.a, comparison.b
    other = "" if a == b or a is None or b is None else f" (in B: {b})"
    name = f"{a if a is not None else b}{other} of {comparison.name!r}"
    yield printable(f"Run {name}: {comparison.problem or comparison.state}")
    for difference in comparison.differences:
        yield printable(f"  {difference}")
