"""``sacred runs why``."""

from collections.abc import Sequence

import click

from sacred_core.cli.runs.compared_runs import (
    ComparingCommand,
    complete_runs,
    find_compared_runs,
)
from sacred_core.cli.runs.options import recursive_option
from sacred_core.compare import why
from sacred_core.masking import mask_text
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.serialization import strict_json


@click.command("why", cls=ComparingCommand)
@click.argument("location", shell_complete=complete_runs)
@click.argument("run_ids", metavar="[IDS]...", shell_complete=complete_runs, nargs=-1)
@recursive_option
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="Maximum number of causes and metrics."
)
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
def explain_runs(
    location: str, run_ids: Sequence[str], recursive: bool, limit: int | None, as_json: bool
) -> None:
    """List why two runs differ: what differs as causes, the likeliest first.

    The runs are those with two IDS at LOCATION, by default the newest two; or, in any stores,
    LOCATION#ID LOCATION#ID.

    Then follow where the metrics part, and what was not recorded. The exit code is 0, and 2 after
    an error.

    \b
    Example:
      sacred runs why my_runs 1 2
    """
    runs = find_compared_runs(location, run_ids, recursive)
    if len(runs) != 2:
        raise click.UsageError(f"expected two runs, got {counted(len(runs), 'run')}")
    found = why(*runs)
    for problem in found.problems:
        click.echo(printable(mask_text(f"Warning: {problem}")), err=True)
    if as_json:
        click.echo(strict_json(found.data(), indent=2))
    else:
        click.echo("\n".join(found.lines(limit)))
