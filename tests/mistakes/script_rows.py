"""Mistakes in the command line of a script."""

from .table import Mistake

TITLE = "In the command line of a script"
INTRODUCTION = "The script is the one at the top of this page, unless a row names another."

ROWS = [
    Mistake(
        "unknown command",
        "python train.py nope",
        "Error: the experiment 'train' has no command 'nope': it has main, print_config, "
        "print_dependencies, print_named_configs, save_config",
    ),
    Mistake(
        "log level",
        "python train.py -l loud",
        "Error: 'loud' is not a log level: use a number or one of "
        "DEBUG, INFO, WARNING, ERROR, CRITICAL",
    ),
]
