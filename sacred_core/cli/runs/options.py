"""What the commands of ``sacred runs`` share: their options, and how they open a store."""

from pathlib import Path

import click

from sacred_core.exceptions import StoreError
from sacred_core.masking import mask_text
from sacred_core.printable import printable
from sacred_core.stores import RunStore, open_store
from sacred_core.stores.recursive import RecursiveStore, find_locations

where_option = click.option("-w", "--where", help="Only runs matching this query.")
recursive_option = click.option(
    "-r",
    "--recursive",
    is_flag=True,
    help="The runs of all stores in a folder and its sub-folders, by their paths.",
)
#: Locations that a hint names.
_MOST = 5


def open_runs(location: str, recursive: bool) -> RunStore:
    """Return the store at ``location``, or all that are in a folder.

    Raises:
        StoreError: there is none, or ``recursive`` is used with a URL.
    """
    if recursive and "://" in location:
        raise StoreError(f"--recursive needs the path of a folder, not {mask_text(location)!r}")
    return RecursiveStore(location) if recursive else open_store(location)


def report_damage(run_id: object, reason: object) -> None:
    """Print which run cannot be read in full, and why, on stderr."""
    click.echo(f"Run {printable(run_id)} is damaged: {printable(reason)}", err=True)


def hint_at_stores(location: str) -> None:
    """Print where runs are that a folder without runs has in its sub-folders."""
    folder = Path(location).expanduser()
    if "://" in location or not folder.is_dir():
        return
    found = [*find_locations(folder).values()]
    if found:
        more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
        click.echo(
            printable(
                f"There are runs in {', '.join(found[:_MOST])}{more}: give one of them, or use "
                "--recursive"
            ),
            err=True,
        )
