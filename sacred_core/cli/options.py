"""What the standard flags do to a run before it starts."""

from typing import TYPE_CHECKING

from sacred_core.exceptions import OptionError
from sacred_core.hooks.records import CLIOption

if TYPE_CHECKING:
    from sacred_core.run import Run

_HERE = "sacred_core.cli.options:"

STANDARD_OPTIONS = (
    CLIOption(("-h", "--help"), None, True, help="show this message and exit"),
    CLIOption(
        ("-l", "--loglevel"), None, metavar="LEVEL", help="show log lines of this level and above"
    ),
    CLIOption(("-d", "--debug"), _HERE + "debug", True, help="do not filter the stacktrace"),
    CLIOption(("-c", "--comment"), _HERE + "comment", metavar="TEXT", help="add a comment"),
    CLIOption(("-n", "--name"), _HERE + "name", metavar="NAME", help="name the experiment"),
    CLIOption(("-i", "--id"), _HERE + "run_id", metavar="ID", help="set the id of the run"),
    CLIOption(("-q", "--queue"), _HERE + "queue", True, help="only queue the run"),
    CLIOption(
        ("-P", "--priority"), _HERE + "priority", metavar="N", help="priority of a queued run"
    ),
    CLIOption(("-u", "--unobserved"), _HERE + "unobserved", True, help="ignore all observers"),
    CLIOption(
        ("-b", "--beat_interval"),
        _HERE + "beat_interval",
        metavar="SECONDS",
        help="time between two heartbeats",
    ),
    CLIOption(
        ("-C", "--capture"),
        _HERE + "capture",
        metavar="MODE",
        help="how output is recorded: no, sys or fd",
    ),
    CLIOption(
        ("-p", "--print_config"), _HERE + "print_config", True, help="print the configuration first"
    ),
    CLIOption(
        ("-f", "--force"), _HERE + "force", True, help="silence warnings about suspicious changes"
    ),
)


def debug(argument: bool, run: "Run") -> None:
    """Leave exceptions as they are."""
    run.debug = argument


def comment(argument: str, run: "Run") -> None:
    """Keep a comment with the run."""
    run.meta_info["comment"] = argument


def name(argument: str, run: "Run") -> None:
    """Give the experiment another name for this run."""
    run.experiment_info["name"] = argument
    run.run_logger = run.root_logger.getChild(argument)


def run_id(argument: str, run: "Run") -> None:
    """Ask for an id; digits make a number, as observers count."""
    run._id = int(argument) if argument.isdecimal() else argument


def queue(argument: bool, run: "Run") -> None:
    """Put the run aside instead of starting it."""
    run.queue_only = argument


def priority(argument: str, run: "Run") -> None:
    """Note how urgent a queued run is."""
    run.meta_info["priority"] = _number(argument, "--priority")


def unobserved(argument: bool, run: "Run") -> None:
    """Leave all observers out."""
    run.unobserved = argument


def beat_interval(argument: str, run: "Run") -> None:
    """Set the seconds between two heartbeats."""
    seconds = _number(argument, "--beat_interval")
    if not seconds > 0:
        raise OptionError(f"--beat_interval takes seconds above 0, not {argument!r}")
    run.beat_interval = seconds


def capture(argument: str, run: "Run") -> None:
    """Choose how output is recorded."""
    if argument not in ("no", "sys", "fd"):
        raise OptionError(f"--capture is one of no, sys and fd, not {argument!r}")
    run.capture_mode = argument


def print_config(argument: bool, run: "Run") -> None:
    """Print the configuration before the command."""
    from sacred_core.cli.commands import print_config as show

    if argument:
        run.pre_run_hooks.insert(0, lambda: show(run))


def force(argument: bool, run: "Run") -> None:
    """Silence warnings about suspicious changes."""
    run.force = argument


def _number(argument: str | float, flag: str) -> float:
    try:
        return float(argument)
    except ValueError:
        raise OptionError(f"{flag} takes a number, not {argument!r}") from None
