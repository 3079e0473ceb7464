"""Mistakes in the command ``sacred`` itself."""

from .set_ups import three_runs
from .table import PASSWORD, Mistake

TITLE = "The command sacred"
INTRODUCTION = "Commands and options of `sacred`."


def _usage(command: str, error: str) -> str:
    return (
        f"Usage: {command} [OPTIONS] COMMAND [ARGS]...\n"
        f"Try '{command} --help' for help.\n\nError: {error}"
    )


ROWS = [
    Mistake(
        "no command: the help",
        "sacred",
        "Usage: sacred [OPTIONS] COMMAND [ARGS]...",
        0,
        alone=False,
    ),
    Mistake(
        "no command of a group: the help",
        "sacred runs",
        "Usage: sacred runs [OPTIONS] COMMAND [ARGS]...",
        0,
        alone=False,
    ),
    Mistake(
        "unknown command",
        "sacred nope",
        _usage("sacred", "No such command 'nope'."),
    ),
    Mistake(
        "misspelt command",
        "sacred rusn list my_runs",
        _usage("sacred", "No such command 'rusn': did you mean 'runs'?"),
    ),
    Mistake(
        "misspelt command of a group",
        "sacred runs lst my_runs",
        _usage("sacred runs", "No such command 'lst': did you mean 'list'?"),
    ),
    Mistake(
        "command without its group",
        "sacred show my_runs 1",
        _usage("sacred", "No such command 'show': did you mean 'sacred runs show'?"),
    ),
    Mistake(
        "location without a command",
        "sacred runs my_runs",
        _usage(
            "sacred runs", "No such command 'my_runs': did you mean 'sacred runs list my_runs'?"
        ),
        needs=(three_runs,),
    ),
    Mistake(
        "address without a command",
        f"sacred mongodb://ann:{PASSWORD}@host/db",
        _usage(
            "sacred",
            "No such command 'mongodb://ann:***@host/db': did you mean "
            "'sacred runs list mongodb://ann:***@host/db'?",
        ),
    ),
    Mistake(
        "option for the order",
        "sacred runs list my_runs --sort metrics.loss --desc",
        "Error: There is no option for the order: a minus sign sorts in descending order, as in "
        "--sort=-metrics.loss",
        alone=False,
    ),
    Mistake(
        "shell that is not supported",
        "sacred completion ksh",
        "Error: Invalid value for '{bash|fish|zsh}': 'ksh' is not one of 'bash', 'fish', 'zsh'.",
        alone=False,
    ),
]
