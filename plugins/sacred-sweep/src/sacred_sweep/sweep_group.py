"""``sacred sweep``: what is done with the runs of a sweep after they were queued."""

import click

from sacred_core.cli.main import LazyGroup


@click.group(cls=LazyGroup, path="sweep")
def sweep() -> None:
    """Manage sweeps, and start workers for them.

    \b
    Example:
      sacred sweep status my_runs
    """
