"""Makes one of the runs that a script requests the run that a worker has claimed."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs

from sacred_core.exceptions import StoreError
from sacred_core.loggers import own_logger
from sacred_core.masking import mask_text
from sacred_core.observers.retry_policy import OUTAGES
from sacred_core.rerun.configuration import ConfigDifferences
from sacred_core.rerun.taking import RunTaker
from sacred_core.resume.preparation import resume_claimed
from sacred_core.resume.stored_runs import direct_observers, has_store, open_store_of
from sacred_core.run.conclusion import is_sentence, trace_lines
from sacred_core.run.run import Run
from sacred_core.serialization import message_of
from sacred_core.stores.worker_claims import WorkerClaim, decode_claim
from sacred_core.worker.work_plan import WorkOutcome, WorkPlan, missing_text

_logger = own_logger(__name__)
#: Lines of a traceback that are recorded of a run that could not be started.
_MOST_LINES = 60


class ClaimedRunTaker(RunTaker):
    """Takes the claimed run, with its id, and the observers of its script and call.

    Args:
        plan: The run.
        lost: Base names of configuration files that are missing.
        observer: Of the store of the run.
        report: Called with the outcome so far.

    Attributes:
        outcome: What is known of the run.
    """

    def __init__(
        self,
        plan: WorkPlan,
        lost: set[str],
        observer: Any,
        report: Callable[[WorkOutcome], None],
    ) -> None:
        super().__init__(plan, lost)
        self._work = plan
        self._observer = observer
        self._report = report
        self._claim = decode_claim(plan.claim) or WorkerClaim()
        self.outcome = WorkOutcome()

    def prepare(self, run: Run) -> None:
        """Give a run its id and its claim, or make it the next segment of the stored run."""
        run.observers = self._observers(direct_observers(run.observers))
        run.claim = self._claim
        run.beat_interval = min(run.beat_interval, self._claim.interval)
        run.pre_run_hooks.insert(0, self._note_start)
        if self._work.is_resumed:
            resume_claimed(run, self._work.run_id)
            return
        run._id = self._work.run_id
        if self._work.uid:
            run.uid = run.meta_info["uid"] = self._work.uid

    @contextlib.contextmanager
    def ending(self, run: Run) -> Iterator[None]:
        """Report how the run ended, unless it is still to be awaited."""
        try:
            with super().ending(run):
                yield
        except BaseException as error:
            self._report_end(run, error)
            raise
        if run.stop_time is not None:
            self._report_end(run, None)

    def first_updates(self, lost: list[str]) -> dict[str, Any]:
        """Return what is fixed at first: only the updates, if the record has no configuration."""
        if self._work.is_resolved:
            return super().first_updates(lost)
        return {**self._work.config.config}

    def differences(self, run: Run) -> ConfigDifferences:
        """Return where the configuration is not as recorded, if it is known."""
        return super().differences(run) if self._work.is_resolved else ConfigDifferences()

    def missing_text(self, paths: list[str]) -> str:
        """Return the message for masked entries that the script does not set."""
        return missing_text(paths)

    def note(self, text: str) -> None:
        """Log a fact."""
        _logger.warning("Run %s: %s", self._work.run_id, text)

    def report_problem(self, error: BaseException) -> None:
        """Report why the run could not be started."""
        cause = error if error.__cause__ is None else error.__cause__
        self.outcome = attrs.evolve(
            self.outcome, problem=problem_lines(error), is_unavailable=isinstance(cause, OUTAGES)
        )
        self._report(self.outcome)

    def _observers(self, given: list[Any]) -> list[Any]:
        """Return the observers of a run, that of the claimed store first."""
        own = self._observer
        given = [each for each in given if not self._is_removed(each)]
        same = [each for each in given if self._is_of_claimed_store(each)]
        first, *_ = [*same, own]
        others = [each for each in given if each not in same]
        with contextlib.suppress(AttributeError):
            first.priority = max(each.priority for each in (first, *others))
        return [first, *others]

    def _is_of_claimed_store(self, observer: Any) -> bool:
        """Return whether an observer records in the store of the run, perhaps by another name."""
        own = self._observer
        location = getattr(observer, "recording_location", lambda: None)()
        if location is not None and location == own.recording_location():
            return True
        if type(observer) is not type(own) or not has_store(observer):
            return False
        try:
            stored = open_store_of(observer).get(self._work.run_id)
        except StoreError:
            return False
        return stored.claim is not None and stored.claim.token == self._claim.token

    def _is_removed(self, observer: Any) -> bool:
        """Return whether an observer records in the temporary folder of the stored sources."""
        location = getattr(observer, "store_location", None)
        folder = self._work.folder
        return bool(folder) and isinstance(location, str) and Path(location).is_relative_to(folder)

    def _note_start(self) -> None:
        self.outcome = attrs.evolve(self.outcome, is_started=True)
        self._report(self.outcome)

    def _report_end(self, run: Run, error: BaseException | None) -> None:
        if not self.outcome.is_started and error is not None and not _is_stop(error):
            self.report_problem(error)
            return
        lost = run.lifecycle is not None and run.lifecycle.lost is not None
        status = run.status if self.outcome.is_started and not lost else None
        self.outcome = attrs.evolve(self.outcome, status=status, is_lost=lost)
        self._report(self.outcome)


def problem_lines(error: BaseException) -> list[str]:
    """Return the sentence of an error, or the end of its traceback, without secrets."""
    if is_sentence(error):
        return [mask_text(message_of(error)) + "\n"]
    text = mask_text("".join(trace_lines(error)[-_MOST_LINES:]))
    return text.splitlines(keepends=True)


def _is_stop(error: BaseException) -> bool:
    return isinstance(error, (SystemExit, KeyboardInterrupt))
