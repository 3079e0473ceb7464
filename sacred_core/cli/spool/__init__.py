"""``sacred spool``: what is recorded on this machine, but not yet in its stores."""

import click

from sacred_core.cli.main import LazyGroup


@click.group(cls=LazyGroup, path="spool")
def spool() -> None:
    """List and deliver what runs have recorded on this machine, but not yet in their stores.

    These are runs of a spool (--spool of scripts), and events that observers did not record.
    Without --spool, the folders are that of the setting SPOOL, all that this user has used, and
    the user's folder of undelivered events.

    \b
    Example:
      sacred spool list
    """
