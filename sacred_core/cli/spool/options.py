"""What the commands of ``sacred spool`` share."""

from pathlib import Path

import click

from sacred_core.delivery.used_folders import used_folders

spool_option = click.option(
    "--spool",
    "folders",
    metavar="DIR",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Only this folder.",
)


def chosen_folders(folders: tuple[Path, ...]) -> list[Path]:
    """Return the folders that the user named, by default all that are known."""
    return [folder.absolute() for folder in folders] or used_folders()
