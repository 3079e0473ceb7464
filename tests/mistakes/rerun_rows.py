"""Mistakes in running a recorded run again: ``sacred runs rerun``."""

from .set_ups import three_runs
from .table import Mistake

TITLE = "In running a recorded run again"
INTRODUCTION = (
    "Of `sacred runs rerun`: the exit code is 2 if the call is wrong, and 4 if the run cannot be "
    "started again."
)

ROWS = [
    Mistake(
        "run without stored sources",
        "sacred runs rerun my_runs 1",
        "Error: run '1' has no main file: it was recorded in a notebook, an interactive session or "
        "from standard input, and cannot be started as a script",
        4,
        (three_runs,),
    ),
    Mistake(
        "run to repeat that does not exist",
        "sacred runs rerun my_runs 9",
        "Error: run '9' not found in '/home/ada/my_runs': the newest run is '3'",
        2,
        (three_runs,),
    ),
    Mistake(
        "unknown entry to set",
        "sacred runs rerun my_runs 1 --set lrr=0.2",
        "Error: --set: run '1' has no entry 'lrr': did you mean 'lr'?",
        2,
        (three_runs,),
    ),
    Mistake(
        "entry to set without a value",
        "sacred runs rerun my_runs 1 --set lr",
        "Error: --set requires ENTRY=VALUE, got 'lr'",
        2,
        (three_runs,),
    ),
    Mistake(
        "folder with files for a rerun",
        "sacred runs rerun my_runs 1 --folder my_runs",
        "Error: the folder '/home/ada/my_runs' is not empty: name a new one with --folder",
        2,
        (three_runs,),
    ),
    Mistake(
        "repository that does not exist",
        "sacred runs rerun my_runs 1 --repo nowhere",
        "Error: --repo: there is no folder 'nowhere'",
        4,
        (three_runs,),
    ),
]
