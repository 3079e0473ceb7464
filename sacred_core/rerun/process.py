"""Starts the process of a rerun, and waits for its end."""

import contextlib
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from sacred_core.rerun.plan import Plan, read_outcome
from sacred_core.rerun.records import Departure, Outcome
from sacred_core.run.termination import terminable
from sacred_core.script_cli.protocol import INTERRUPTED

#: Seconds that a process has to end after Ctrl-C, before it is interrupted once more.
_GRACE = 1.0
#: Seconds between two looks at the outcome of a process, until it departs.
_POLL = 0.5


def run_process(
    plan: Plan,
    private: Path,
    python: str,
    show_departure: Callable[[Departure], None],
    output: int | None,
) -> tuple[Outcome, int]:
    """Run the process of a plan, and return its outcome and exit code.

    If no run of the script is like the recorded one, the script is executed once more, and its
    first run is taken.
    """
    for takes_first in (False, True):
        plan.takes_first = takes_first
        path = private / "plan.json"
        plan.write(path)
        # -P: the working directory is no place to import sacred-core from.
        words = [python, "-P", "-m", "sacred_core.rerun", str(path)]
        process = subprocess.Popen(words, stdout=output)
        code = wait_for(process, Path(plan.outcome), show_departure)
        path.unlink(missing_ok=True)
        outcome = read_outcome(Path(plan.outcome))
        if not outcome.is_unmatched:
            break
    return outcome, code


def wait_for(
    process: "subprocess.Popen[bytes]", outcome: Path, show_departure: Callable[[Departure], None]
) -> int:
    """Return the exit code of a process; 130 after Ctrl-C, when its run has ended.

    The terminal interrupts the process, too; where only this one is interrupted, it forwards that,
    as it forwards other signals that end it.
    """
    try:
        with terminable():
            return _wait_and_show(process, outcome, show_departure)
    except KeyboardInterrupt:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        if process.poll() is None and not read_outcome(outcome).has_ended:
            process.send_signal(signal.SIGINT)
        process.wait()
        return INTERRUPTED
    except BaseException:
        process.terminate()
        process.wait()
        raise


def _wait_and_show(
    process: "subprocess.Popen[bytes]", outcome: Path, show_departure: Callable[[Departure], None]
) -> int:
    is_shown = False
    while True:
        try:
            return process.wait(None if is_shown else _POLL)
        except subprocess.TimeoutExpired:
            found = read_outcome(outcome)
            if found.departures and not found.has_ended:  # else the verdict follows at once
                show_departure(found.departures[0])
                is_shown = True
