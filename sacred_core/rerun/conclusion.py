"""From what was recorded, and what the process of a rerun reported, to the verdict."""

import contextlib
import signal
from typing import Any

from sacred_core.rerun.expectation import Expectation, end_text
from sacred_core.rerun.records import DIFFERENT, OTHER_END, Outcome, Rerun
from sacred_core.script_cli.protocol import INTERRUPTED, USAGE


def conclude(expected: Expectation, outcome: Outcome, code: int, **facts: Any) -> Rerun:
    """Return the verdict.

    Args:
        expected: What was recorded.
        outcome: What the process reported.
        code: Its exit code, negative for a signal.
        facts: Other attributes of `Rerun`.
    """
    verdict, exit_code = _verdict(expected, outcome, code)
    return Rerun(
        verdict=verdict,
        exit_code=exit_code,
        ended=expected.ended(),
        compared=expected.compared(),
        outcome=outcome,
        end=_end(outcome, code),
        **facts,
    )


def _verdict(expected: Expectation, outcome: Outcome, code: int) -> tuple[str, int]:
    if outcome.problem is not None and outcome.status is None:
        return "not started", USAGE if outcome.is_usage else OTHER_END
    if outcome.is_stopped and outcome.departures:
        return "metrics", DIFFERENT
    if code == INTERRUPTED and (not outcome.has_ended or outcome.status == "INTERRUPTED"):
        return "interrupted", INTERRUPTED
    if not outcome.has_ended:
        return ("not started" if outcome.status is None else "end"), OTHER_END
    is_same_error = expected.error in (None, outcome.error)  # Sacred does not record all of them
    if outcome.status != expected.status or not is_same_error:
        return "end", OTHER_END
    differing = {
        "metrics": outcome.departures, "result": outcome.result, "artifacts": outcome.artifacts,
    }  # fmt: skip
    for name, found in differing.items():
        if found:
            return name, DIFFERENT
    return ("identical" if outcome.largest is None else "equal"), 0


def _end(outcome: Outcome, code: int) -> str:
    if outcome.has_ended and outcome.status is not None:
        return end_text(outcome.status, outcome.error)
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"its process was ended by {signal.Signals(-code).name}"
    return f"its process ended with the exit code {code}, before a run had ended"
