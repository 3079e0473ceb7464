"""Commands that maintain buckets; the plugin of each kind of bucket offers them under its name."""

import copy

import click

from sacred_core.exceptions import OptionError
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.stores import open_store
from sacred_objects.store import ObjectStore


def bucket_commands(name: str, service: str, scheme: str) -> click.Group:
    """Return the group of commands for one kind of bucket.

    Args:
        name: Of the group.
        service: That offers the buckets.
        scheme: Of their locations.
    """
    example = f"\n\n\b\nExample:\n  sacred {name} index {scheme}://my-bucket/runs"
    group = click.Group(name, help=f"{service} maintenance.{example}")
    index = copy.copy(_index)
    index.help = f"{_index.help}{example}"
    group.add_command(index)
    return group


@click.command("index", short_help="Add all runs to the index.")
@click.argument("location")
def _index(location: str) -> None:
    """Add all runs at LOCATION to the index of runs, which makes listings fast.

    Runs that this release records are in the index when they end. Use this command for runs that
    Sacred or an earlier release recorded, and for runs whose process was killed.
    """
    store = open_store(location)
    if not isinstance(store, ObjectStore):
        raise OptionError(f"{store!r} is not a bucket: only runs in buckets have an index")
    added = counted(store.update_index(), "object")
    click.echo(printable(f"{store.display_name}: {added} added to the index"))
