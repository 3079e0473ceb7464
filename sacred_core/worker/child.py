"""The process of a claimed run: executes the script, and takes the run that it requests."""

from pathlib import Path
from typing import Any

from sacred_core.exceptions import SacredError
from sacred_core.observers.retry_policy import OUTAGES
from sacred_core.rerun.child import new_observer
from sacred_core.rerun.script_process import ScriptProcess
from sacred_core.run.termination import merge_signals
from sacred_core.script_cli.protocol import FAILURE
from sacred_core.worker.stopping import SAME_REQUEST
from sacred_core.worker.taking import ClaimedRunTaker, problem_lines
from sacred_core.worker.work_plan import WorkOutcome, WorkPlan


def run_plan(path: Path) -> int:
    """Execute a plan, and return the exit code if the script did not end the process."""
    plan = WorkPlan.read(path)
    merge_signals(SAME_REQUEST)
    try:
        observer = new_observer(plan.location)
    except SacredError as error:
        is_unavailable = isinstance(error, OUTAGES)
        outcome = WorkOutcome(problem=problem_lines(error), is_unavailable=is_unavailable)
        outcome.write(Path(plan.outcome))
        return FAILURE
    return _Child(plan, observer).start()


class _Child(ScriptProcess):
    taker: ClaimedRunTaker

    def __init__(self, plan: WorkPlan, observer: Any) -> None:
        super().__init__(plan)
        self._outcome = Path(plan.outcome)
        self._main = Path(plan.main).name
        self.taker = ClaimedRunTaker(plan, self.lost, observer, self._report)

    def report_exit(self, error: SystemExit) -> None:
        """Report why the script ended the process before the run was started."""
        super().report_exit(error)
        if not self.taker.is_taken and not self.has_no_match and not _is_signal(error):
            text = f"{self._main!r} ended with {_code_text(error)} before it requested a run\n"
            self._report(WorkOutcome(problem=[text]))

    def report_problem(self, error: BaseException) -> int:
        """Write the problem to the outcome."""
        if not self.taker.outcome.is_started:
            self.taker.report_problem(error)
        return FAILURE

    def report_unmatched(self) -> None:
        """Write it to the outcome."""
        self._report(WorkOutcome(is_unmatched=True))

    def _report(self, outcome: WorkOutcome) -> None:
        outcome.write(self._outcome)


def _is_signal(error: SystemExit) -> bool:
    return isinstance(error.code, int) and error.code > 128


def _code_text(error: SystemExit) -> str:
    code = error.code
    return f"exit code {0 if code is None else code if isinstance(code, int) else 1}"
