"""The command, how the run ended, and what it returned and noted."""

from typing import Any

from sacred_core.compare.aspects.configuration import entries
from sacred_core.compare.compared_run import ComparedRun


def collect_command(side: ComparedRun) -> dict[str, Any]:
    """Return the names of the experiment and of the command."""
    return {"experiment": side.run.name, "command": side.run.command}


def collect_status(side: ComparedRun) -> dict[str, Any]:
    """Return the status, and the last line of the traceback of a run that failed."""
    facts: dict[str, Any] = {"status": side.run.status}
    if side.run.fail_trace:
        facts["error"] = side.run.fail_trace[-1].strip()
    return facts


def collect_result(side: ComparedRun) -> dict[str, Any]:
    """Return the return value of the command, entries of a dictionary by their dotted paths.

    None is no value.
    """
    if side.run.result is None:
        return {}
    return {str(path): value for path, value in entries({"result": side.run.result})}


def collect_info(side: ComparedRun) -> dict[str, Any]:
    """Return the entries of ``_run.info`` by their dotted paths."""
    return {str(path): value for path, value in entries(side.run.info)}
