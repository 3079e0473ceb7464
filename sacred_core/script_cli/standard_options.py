"""The effects of the standard options on a run before it starts."""

import math
import operator
import os
from typing import TYPE_CHECKING, SupportsIndex

from sacred_core.exceptions import OptionError, RunIdError
from sacred_core.loggers import level_of, own_child
from sacred_core.stores.run_ids import validate_id

if TYPE_CHECKING:
    from sacred_core.run import Run


def loglevel(argument: str | int, run: "Run") -> None:
    """Show log lines of this level and above while the run lasts."""
    run.log_level = level_of(argument)


def debug(argument: bool, run: "Run") -> None:
    """Leave exceptions as they are."""
    run.debug = argument


def pdb(argument: bool, run: "Run") -> None:
    """Start a debugger where the command fails."""
    run.pdb = argument


def comment(argument: object, run: "Run") -> None:
    """Store a comment with the run."""
    run.meta_info["comment"] = str(argument)


def name(argument: object, run: "Run") -> None:
    """Set another name of the experiment for this run."""
    if argument == "":
        raise OptionError("--name must not be empty")
    run.experiment_info["name"] = str(argument)
    run.run_logger = own_child(run.root_logger, str(argument))


def id(argument: str | SupportsIndex, run: "Run") -> None:  # noqa: A001 - named like its flag
    """Ask for an id; the decimal form of an integer means that integer."""
    if isinstance(argument, SupportsIndex) and not isinstance(argument, bool):
        argument = operator.index(argument)  # also numpy's integers
    elif not isinstance(argument, str):
        raise OptionError(f"--id must be a string or an integer, got {argument!r}")
    try:
        run._id = validate_id(argument)
    except RunIdError as error:
        raise OptionError(f"--id: {error}") from None


def queue(argument: bool, run: "Run") -> None:
    """Put the run aside instead of starting it."""
    run.queue_only = argument


def priority(argument: str, run: "Run") -> None:
    """Set the priority of a queued run."""
    run.meta_info["priority"] = number = _number(argument, "--priority")
    if math.isnan(number):
        raise OptionError(f"--priority must be a number, got {argument!r}")


def unobserved(argument: bool, run: "Run") -> None:
    """Leave all observers out."""
    run.unobserved = argument


def beat_interval(argument: str, run: "Run") -> None:
    """Set the seconds between two heartbeats."""
    seconds = _number(argument, "--beat_interval")
    if not seconds > 0:
        raise OptionError(f"--beat_interval must be a number of seconds above 0, got {argument!r}")
    run.beat_interval = seconds


def capture(argument: str, run: "Run") -> None:
    """Choose how output is recorded."""
    if argument not in ("no", "sys", "fd"):
        raise OptionError(f"--capture must be one of no, sys and fd, got {argument!r}")
    run.capture_mode = argument


def spool(argument: object, run: "Run") -> None:
    """Record the run in a folder first, and copy it to the stores of the observers."""
    if not isinstance(argument, (str, os.PathLike)) or not os.fspath(argument):
        raise OptionError(f"--spool must be the path of a folder, got {argument!r}")
    run.spool = os.fspath(argument)


def resume(argument: object, run: "Run") -> None:
    """Resume a recorded run, or start a new one from it."""
    from sacred_core.resume import prepare_resume
    from sacred_core.resume.preparation import resume_argument

    run.resume = resume_argument(argument)
    run.prepare_resume = prepare_resume


def fork(argument: bool, run: "Run") -> None:
    """Start a new run from the one of ``--resume``."""
    run.fork = argument


def print_config(argument: bool, run: "Run") -> None:
    """Print the configuration before the command."""
    from sacred_core.script_cli.standard_commands import print_config as show

    if argument:
        run.pre_run_hooks.insert(0, lambda: show(run))


def enforce_clean(argument: bool, run: "Run") -> None:
    """Refuse to run with sources that are not committed."""
    repositories = run.experiment_info.get("repositories", [])
    if argument and not repositories:
        raise OptionError(
            "--enforce_clean: no git repository is recorded for this experiment (is git "
            "installed, is there a commit, is save_git_info off?)"
        )
    for repository in repositories:
        if argument and repository["dirty"] is None:
            raise OptionError(
                f"--enforce_clean: it is unknown whether the repository {repository['url'] or ''} "
                "has uncommitted changes: install the program git"
            )
        if argument and repository["dirty"]:
            raise OptionError(
                f"--enforce_clean: the repository {repository['url'] or ''} at commit "
                f"{repository['commit'][:12]} is dirty: commit or stash your changes"
            )


def origin(argument: bool, run: "Run") -> None:
    """Show the origin of each value in print_config."""
    run.shows_origin = argument


def force(argument: bool, run: "Run") -> None:
    """Leave out the checks for unknown entries and suspicious changes."""
    run.force = argument


def _number(argument: str | float, flag: str) -> float:
    try:
        return float(argument)
    except (TypeError, ValueError):
        raise OptionError(f"{flag} must be a number, got {argument!r}") from None
