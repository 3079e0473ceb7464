"""Mistakes in reading runs: ``sacred runs``."""

from .set_ups import three_runs
from .table import Mistake

TITLE = "In reading and changing runs"
INTRODUCTION = "Commands of `sacred runs`."

ROWS = [
    Mistake(
        "run that does not exist",
        "sacred runs show my_runs 9",
        "Error: run '9' not found in '/home/ada/my_runs'",
        1,
        (three_runs,),
    ),
]
