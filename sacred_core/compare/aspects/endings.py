"""The command, and how the run ended."""

from typing import Any

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
    """Return the return value of the command."""
    return {"result": side.run.result}
