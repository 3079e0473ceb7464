"""Makes one of the runs that a script requests the rerun of a recorded run."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from sacred_core.hooks.manager import plugin_manager
from sacred_core.rerun.configuration import with_sets
from sacred_core.rerun.plan import Plan
from sacred_core.rerun.taking import RunEnd, RunTaker
from sacred_core.rerun.verdict import VerdictObserver
from sacred_core.run.run import Run
from sacred_core.script_cli.protocol import INTERRUPTED

#: Options about the terminal, or about the repository, which the folder of a rerun may not be in.
_OF_CALL = frozenset(("--print_config", "--origin", "--enforce_clean"))
#: Seconds between two beats, and so between two comparisons, of a run that may be stopped.
_BEAT = 1.0


class RerunTaker(RunTaker):
    """Takes the rerun, which is recorded by observers of its own and compared.

    Args:
        plan: What is rerun.
        lost: Base names of configuration files that are missing.
        observers: Those of the rerun.
        verdict: Compares the rerun.
    """

    def __init__(
        self, plan: Plan, lost: set[str], observers: list[Any], verdict: VerdictObserver
    ) -> None:
        super().__init__(plan, lost)
        self._stops = plan.stops
        self._observers = observers
        self._verdict = verdict
        self.note = verdict.note  # type: ignore[method-assign]
        self.note_config = verdict.note_config  # type: ignore[method-assign]

    def stop(self, interrupt: Callable[[], None]) -> None:
        """Interrupt the rerun, unless it is at its end."""
        if self.run is not None and self.run.status == "RUNNING":
            interrupt()

    @contextlib.contextmanager
    def ending(self, run: Run) -> Iterator[None]:
        """Note that the rerun has ended, unless it is still to be awaited.

        Raises:
            RunEnd: it was stopped at its first departure, which needs no traceback.
        """
        try:
            with super().ending(run):
                yield
        except KeyboardInterrupt:
            if self._verdict.outcome.is_stopped:
                raise RunEnd(INTERRUPTED) from None
            raise

    def prepare(self, run: Run) -> None:
        """Replace the observers."""
        run.observers = [*self._observers, self._verdict]
        if self._stops:
            run.beat_interval = min(run.beat_interval, _BEAT)

    def with_inner_observers(self, run: Run) -> Run:
        """Return a run inside the rerun with the observers that it inherits."""
        own = set(map(id, self._observers))
        run.observers = [each for each in run.observers if id(each) in own]
        run.unobserved = not run.observers
        return run

    def dropped_options(self) -> frozenset[str]:
        """Return options that are not used again: also all observers."""
        observers = {flag for spec in plugin_manager().observers for flag in spec.flags}
        return super().dropped_options() | _OF_CALL | observers


def rerun_meta(
    meta: dict[str, Any], sets: dict[str, Any], rerun_of: dict[str, Any]
) -> dict[str, Any]:
    """Return the metadata of a rerun: what the recorded call was, and what is set now."""
    found: dict[str, Any] = {
        key: meta[key]
        for key in ("command", "options", "config_updates", "named_configs", "origins")
        if key in meta
    }
    if sets:
        found["config_updates"] = with_sets(meta.get("config_updates") or {}, sets)
        origins = meta.get("origins") or {}
        found["origins"] = {
            origin: [path for path in paths if path not in sets]
            for origin, paths in origins.items()
        }
        own = found["origins"].setdefault("command line", [])
        own += sets
    return {**found, "rerun_of": rerun_of}
