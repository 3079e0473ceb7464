"""``sacred board``."""

from collections.abc import Sequence
from functools import partial

import click

from sacred_core.cli.runs.options import open_runs, recursive_option
from sacred_core.masking import mask_text

_PORT = 8137


@click.command("board")
@click.argument("locations", nargs=-1, required=True, metavar="LOCATION...")
@click.option("--port", type=click.IntRange(0, 65535), default=_PORT, show_default=True)
@recursive_option
def show_board(locations: Sequence[str], port: int, recursive: bool) -> None:
    """Show the runs at each LOCATION in a browser, until Ctrl-C."""
    from sacred_board.board import Board
    from sacred_board.data.locations import Location, unique_slugs
    from sacred_board.server import serve

    slugs = unique_slugs(mask_text(each) for each in locations)
    shown = [
        Location(name, slug, partial(open_runs, name, recursive))
        for name, slug in zip(locations, slugs, strict=True)
    ]
    serve(Board(shown), port)
