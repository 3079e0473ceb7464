"""``sacred runs``: what was recorded, in the terminal.

Each command is a module of its own, which is imported when it is called.
"""

import click

from sacred_core.cli.main import LazyGroup


@click.group(cls=LazyGroup, path="runs")
def runs() -> None:
    """List, show and change recorded runs.

    LOCATION is a folder, a URL such as sqlite:///runs.db, or a flag of scripts with its argument:
    sacred runs list -t tdb

    \b
    Example:
      sacred runs list my_runs
    """
