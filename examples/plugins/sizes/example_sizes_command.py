"""The command, which is imported when it is called: click and stores are not in each script."""

import json

import click

from sacred_core import open_store
from sacred_core.stores import StoredRun


def size_of(run: StoredRun) -> int:
    """Return the bytes of the artifacts of a run; those of unknown size count as 0."""
    return sum(info.size or 0 for info in run.files.get("artifact", {}).values())


@click.command("sizes")
@click.argument("location")
@click.option("--limit", default=10, type=click.IntRange(1), help="Maximum number of runs.")
@click.option("--json", "is_json", is_flag=True, help="One JSON list of objects.")
def list_sizes(location: str, limit: int, is_json: bool) -> None:
    """List the runs of a store whose artifacts need most space, the largest first."""
    sizes = [(size_of(run), run.id) for run in open_store(location).list()]
    largest = sorted(sizes, key=lambda row: row[0], reverse=True)[:limit]
    if is_json:
        click.echo(json.dumps([{"id": run_id, "bytes": size} for size, run_id in largest]))
        return
    for size, run_id in largest:
        click.echo(f"{size:>15,}  {run_id}")
