"""Mistakes in the start of a board: ``sacred board``."""

from .set_ups import three_runs
from .table import ANYTHING, Mistake

TITLE = "The board"
INTRODUCTION = "Of `sacred board`, before it answers: the exit code is 2 if the call is wrong."

_USAGE = "Usage: sacred board [OPTIONS] LOCATION...\nTry 'sacred board --help' for help.\n\nError: "

ROWS = [
    Mistake(
        "no location",
        "sacred board",
        f"{_USAGE}Missing argument 'LOCATION...'.\nExample: sacred board my_runs --open",
    ),
    Mistake(
        "folder that does not exist",
        "sacred board my_rums",
        "Error: there is no folder 'my_rums': did you mean 'my_runs'?",
        1,
        (three_runs,),
    ),
    Mistake(
        "one folder given twice",
        "sacred board my_runs -F ./my_runs",
        "Error: both locations are the same: 'my_runs'",
        1,
        (three_runs,),
    ),
    Mistake(
        "board for other machines without a token",
        "sacred board my_runs --host 0.0.0.0",
        f"{_USAGE}other machines can connect to 0.0.0.0, which requires a token: set "
        f"SACRED_BOARD_TOKEN, for example to {ANYTHING}",
    ),
    Mistake(
        "token that can be guessed",
        "sacred board my_runs --token abc",
        f"{_USAGE}the token must have at least 12 characters, got 3",
    ),
    Mistake(
        "address of another machine",
        "sacred board my_runs --host 192.0.2.1 --token correct-horse-battery",
        "Error: cannot accept connections at --host 192.0.2.1: Cannot assign requested address",
        1,
        (three_runs,),
    ),
    Mistake(
        "port that does not exist",
        "sacred board my_runs --port 70000",
        f"{_USAGE}Invalid value for '--port': 70000 is not in the range 0<=x<=65535.",
    ),
]
