"""``sacred board``."""

import os
import sys
from collections.abc import Sequence
from itertools import combinations

import click

from sacred_board.access import TOKEN_VARIABLE, token_problem
from sacred_core.cli.main import TRACEBACK
from sacred_core.cli.runs.options import LocationCommand, recursive_option
from sacred_core.cli.runs.two_locations import refuse_same_location, replace_flags
from sacred_core.masking import mask_text, note_secret
from sacred_core.printable import printable

#: BOARD on the keys of a telephone. No other known tool has this port.
DEFAULT_PORT = 26273


class LocationsCommand(LocationCommand):
    """A command with any number of locations, each of which may be given by a flag."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Replace flags of observers by placeholders, then parse the arguments."""
        own = {flag: param for param in self._options() for flag in param.opts}
        rest, given = replace_flags(args, own)
        left = click.Command.parse_args(self, ctx, rest)
        ctx.params["locations"] = [given.get(each, each) for each in ctx.params["locations"]]
        return left


@click.command("board", cls=LocationsCommand)
@click.argument("locations", nargs=-1, required=True, metavar="LOCATION...")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Accept connections at this address. One that other machines can reach needs a token.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="The port, or the next one that is free; 0 for any.",
)
@click.option(
    "--token",
    metavar="TEXT",
    help="What users enter to see the board. All users of this machine can see its command lines: "
    f"prefer the environment variable {TOKEN_VARIABLE}.",
)
@click.option("--edit", "is_editable", is_flag=True, help="Allow notes, tags and deletions.")
@click.option("--open", "opens_browser", is_flag=True, help="Open the board in a browser.")
@recursive_option
def show_board(
    locations: Sequence[str], host: str, port: int, token: str | None, is_editable: bool,
    opens_browser: bool, recursive: bool,
) -> None:  # fmt: skip
    """Show the runs at each LOCATION in a browser, until Ctrl-C.

    Locations are as for 'sacred runs list': folders, URLs, or flags such as '-t my_runs'.

    \b
    Example:
      sacred board my_runs --open
    """
    token = os.environ.get(TOKEN_VARIABLE) or None if token is None else token
    if token is not None:
        note_secret(token)
    problem = token_problem(host, token)
    if problem:
        raise click.UsageError(problem)
    for one, other in combinations(locations, 2):
        refuse_same_location(one, other)
    # Imported here: `sacred board --help` needs no server.
    from sacred_board.board import Board
    from sacred_board.opening import open_locations
    from sacred_board.server import open_socket, serve

    shown, remarks = open_locations(locations, recursive)
    for remark in remarks:
        click.echo(f"Warning: {printable(mask_text(remark))}", err=True)
    board = Board(shown, is_editable=is_editable, host=host, token=token)
    listening = open_socket(host, port)
    used = listening.getsockname()[1]
    if port not in (0, used):
        click.echo(f"Port {port} is in use: {used} is used in its place.", err=True)
    serve(board, listening, opens_browser, has_log=TRACEBACK in sys.argv)
