"""The decision of plugins whether a run should end early."""

import threading
from collections.abc import Sequence
from time import monotonic
from typing import Any, TypeAlias

from sacred_core.hooks.targets import ends_process, resolve_target
from sacred_core.hooks.worker_records import StopCheck
from sacred_core.masking import mask_text
from sacred_core.serialization import reason_of

#: A `sacred_core.run.run.Run`, whose module imports this one.
Run: TypeAlias = Any
#: The key in the info of a run that should end early, with the name of the check that decided it.
STOPPED_EARLY = "stopped_early"
#: Seconds between two calls of the checks.
SHORTEST_INTERVAL = 1.0
#: The checks are called again only after this many times the time that they took.
LEAST_IDLE = 19


class StopChecks:
    """The checks of one run. May be used from any thread.

    Args:
        run: The run.
        checks: Those of the plugins.
    """

    def __init__(self, run: Run, checks: Sequence[StopCheck]) -> None:
        self._run = run
        self._checks = checks
        self._reported: set[str] = set()
        self._lock = threading.Lock()
        self._next = 0.0
        self._is_stopped = False

    def decide(self) -> bool:
        """Return whether the run should end; another thread that asks meanwhile gets False."""
        if self._is_stopped or not self._lock.acquire(blocking=False):
            return self._is_stopped
        try:
            start = monotonic()
            if start >= self._next:
                self._call_checks()
                end = monotonic()
                self._next = end + max(SHORTEST_INTERVAL, LEAST_IDLE * (end - start))
        finally:
            self._lock.release()
        return self._is_stopped

    def _call_checks(self) -> None:
        for each in self._checks:
            if self._decides(each):
                self._run.info[STOPPED_EARLY] = each.name
                self._run.run_logger.info("This run should end early (%s)", each.name)
                self._is_stopped = True
                return

    def _decides(self, each: StopCheck) -> bool:
        """Return what a check decides; the first failure of each is a warning."""
        try:
            return bool(resolve_target(each.check)(self._run))
        except BaseException as error:
            if ends_process(error):
                raise
            if each.name not in self._reported:
                self._reported.add(each.name)
                reason = mask_text(reason_of(error))
                self._run.run_logger.warning("The stop check %r failed: %s", each.name, reason)
            return False
