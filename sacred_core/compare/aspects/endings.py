"""The command, how the run ended, and what it returned and noted."""

from typing import Any

from sacred_core.compare.aspects.configuration import facts
from sacred_core.compare.compared_run import ComparedRun


def collect_command(side: ComparedRun) -> dict[str, Any]:
    """Return the names of the experiment and of the command."""
    return {"experiment": side.run.name, "command": side.run.command}


def collect_status(side: ComparedRun) -> dict[str, Any]:
    """Return the status, and the last line of the traceback of a run that failed."""
    found: dict[str, Any] = {"status": side.run.status}
    if side.run.fail_trace:
        found["error"] = side.run.fail_trace[-1].strip()
    return found


def collect_result(side: ComparedRun) -> dict[str, Any]:
    """Return the return value of the command, entries of a dictionary by their dotted paths.

    None is no value.
    """
    if side.run.result is None:
        return {}
    return facts({"result": side.run.result})


def collect_info(side: ComparedRun) -> dict[str, Any]:
    """Return the entries of ``_run.info`` by their dotted paths."""
    return facts(side.run.info)
