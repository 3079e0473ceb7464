"""An observer that records the run in a local folder and copies it to other stores."""

import os
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, Self

import attrs

from sacred_core.delivery.used_folders import note_folder
from sacred_core.events import Event, Heartbeat, RunQueued, RunStarted
from sacred_core.exceptions import SpoolError
from sacred_core.masking import mask_text
from sacred_core.observers.call_plan import call_plans
from sacred_core.observers.forwarding import ForwardingObserver
from sacred_core.observers.retry_policy import RetryPolicy
from sacred_core.spool.descriptions import SpoolTarget, describe_start
from sacred_core.spool.folder_format import folder_format_spec
from sacred_core.spool.part_targets import is_part, open_parts
from sacred_core.spool.session import Delivery, SpoolSession
from sacred_core.spool.updating import RunUpdater
from sacred_core.stores.locations import FilePath, absolute_path
from sacred_core.stores.model import StoredRun
from sacred_core.stores.opening import open_store
from sacred_core.stores.run_store import RunStore
from sacred_core.stores.writers import RUN, writer_of
from sacred_core.transfer.known_runs import Target


class SpoolObserver(ForwardingObserver):
    """Records each run in a local folder first; a thread copies it to the stores of observers.

    The run never waits for a server. At the end it waits for stores that answer. What they do not
    have by then is left in the folder, also after ``kill -9``; ``sacred spool flush`` delivers it.
    Delivered runs are removed from the folder. The plugin sacred-file must be installed.

    A run that is queued is not recorded in the folder, but by the inner observers.

    Args:
        inner: An observer, or several; each must have a store.
        folder: The spool. Several processes can use it at the same time.
        keep: Delivered runs are not removed.
        end_timeout: Seconds for which the end of a run waits for stores that answer.

    Attributes:
        inner: The observers.
        folder: The absolute path of the spool.

    Raises:
        SpoolError: an observer has no store, or writes to the spool itself, or sacred-file is not
            installed.
    """

    role = "in the spool"

    def __init__(
        self, inner: Any, folder: FilePath, keep: bool = False, end_timeout: float = 10.0
    ) -> None:
        self.inner = list(inner) if isinstance(inner, (list, tuple)) else [inner]
        self.folder = absolute_path(folder)
        self.keep = keep
        self.end_timeout = end_timeout
        self._spec = folder_format_spec()
        self._session: SpoolSession | None = None
        self._queued: list[tuple[str, Any]] = []
        self._failed: set[tuple[int, str, int]] = set()
        local = self._spec.create(str(self.folder))
        for observer in self.inner:
            _require_store(observer, local)
        policy = _policy_of(local)
        self.retry_policy = attrs.evolve(
            policy, end_timeout=max(policy.end_timeout, self.end_timeout)
        )
        super().__init__(local)

    def __copy__(self) -> Self:
        """Return one for another run at the same time."""
        twin = super().__copy__()
        twin._session, twin._queued, twin._failed = None, [], set()
        return twin

    def __repr__(self) -> str:
        inner = ", ".join(map(repr, self.inner))
        return f"{type(self).__name__}([{inner}], {str(self.folder)!r})"

    @property
    def priority(self) -> int:  # type: ignore[override]
        """The highest one of the inner observers."""
        return max((getattr(each, "priority", 0) for each in self.inner), default=0)

    @property
    def failure_dir(self) -> "os.PathLike[str] | None":  # type: ignore[override]
        """The folder for events that could not be recorded in the spool: the usual one."""
        return None

    def recording_location(self) -> Hashable:
        """Return the locations of all inner observers, with the folder."""
        places = [
            (type(each), getattr(each, "recording_location", lambda: None)()) for each in self.inner
        ]
        if any(place is None for _, place in places):
            return None
        return str(self.folder), frozenset(places)

    def run_locations(self, run_id: Any) -> list[tuple[str, Any]]:
        """Return where the current run is: in the spool, or else in the stores that have it."""
        if self._queued:
            return self._queued
        if self._session is not None and self._session.is_removed:
            return self._session.delivered
        return super().run_locations(run_id)

    def forward(self, event: Event, resolve_lazy: Callable[[str], Any]) -> Any:
        """Record an event in the folder."""
        if isinstance(event, RunQueued):
            return self._queue(event, resolve_lazy)
        if isinstance(event, RunStarted):
            return self._start(event, resolve_lazy)
        key = event.segment, event.writer, event.seq
        try:
            answer = super().forward(event, resolve_lazy)
        except BaseException:
            self._failed.add(key)
            raise
        self._failed.discard(key)
        if isinstance(event, Heartbeat) and self._session is not None:
            self._session.wake()
        return answer

    @property
    def record_together(self) -> Any:
        """The method of the observer that records in the folder, or None."""
        return getattr(self.covered_observer, "record_together", None)

    def join(self) -> None:
        """Wait for the stores that answer, and report those that do not have the run."""
        super().join()
        if self._session is not None:
            self._session.must_stay = bool(self._failed)
            self._session.close(self.end_timeout)

    def _queue(self, event: RunQueued, resolve_lazy: Callable[[str], Any]) -> Any:
        """Queue the run with all inner observers: other processes are to find it there."""
        self._session, self._queued = None, []
        run_id = event._id
        for observer in self.inner:
            plan = call_plans(observer).get(RunQueued)
            answer = None
            if plan is not None:
                answer = plan(attrs.evolve(event, _id=run_id), resolve_lazy)
                getattr(observer, "join", lambda: None)()
            run_id = answer if run_id is None else run_id
            own_id = run_id if answer is None else answer
            self._queued.append((_shown_location(observer), own_id))
        return run_id

    def _start(self, event: RunStarted, resolve_lazy: Callable[[str], Any]) -> Any:
        """Describe the run first, so that it is found when the process is killed at any moment."""
        self._session, self._queued, self._failed = None, [], set()
        note_folder(self.folder)
        stored = StoredRun(id="", status="")
        stored.apply(event)
        run, lock = describe_start(
            self.folder,
            event,
            uid=stored.uid,
            keep=self.keep,
            targets=tuple(map(_target_of, self.inner)),
            writer=writer_of(stored) if is_part(stored) else "",
            run=str(stored.meta.get(RUN, "")) if is_part(stored) else "",
        )
        try:
            run_id = super().forward(event, resolve_lazy)
            run = attrs.evolve(run, run_id=run_id)
            run.write()
            source = self._spec.open(str(self.folder))
            deliveries = [_delivery(source, run_id, each) for each in self.inner]
            self._session = SpoolSession(run, lock, deliveries, lambda: source.delete(run_id))
        except BaseException:
            run.remove()
            lock.release()
            raise
        return run_id


def _delivery(source: RunStore, run_id: Any, observer: Any) -> Delivery:
    return Delivery(
        target=_target_of(observer),
        shown_location=_shown_location(observer),
        updater=RunUpdater(source, run_id, partial(_open_target, observer, source, run_id)),
        retry_interval=_policy_of(observer).retry_interval,
    )


def _policy_of(observer: Any) -> RetryPolicy:
    return getattr(observer, "retry_policy", None) or RetryPolicy()


def _open_target(observer: Any, source: RunStore, run_id: Any) -> Target:
    """Return the store of an observer, or of the parts of the run to which the run belongs."""
    if hasattr(observer, "open_store"):
        target = Target(observer.open_store())
    else:
        target = Target(open_store(observer.store_location))
    run = source.get(run_id)
    return open_parts(target, run) if is_part(run) else target


def _require_store(observer: Any, local: Any) -> None:
    location = getattr(observer, "store_location", None)
    if location is None:
        raise SpoolError(
            f"{type(observer).__name__} has no store, so runs cannot be copied to it later: "
            "add it to the experiment beside the SpoolObserver"
        )
    if location == local.store_location:
        raise SpoolError(
            f"the spool {str(location)!r} is the folder of {type(observer).__name__}: use "
            "another folder for the spool"
        )


def _target_of(observer: Any) -> SpoolTarget:
    covered = getattr(observer, "covered_observer", observer)
    return SpoolTarget(
        observer=type(covered).__name__, location=mask_text(str(observer.store_location))
    )


def _shown_location(observer: Any) -> str:
    return str(getattr(observer, "display_location", None) or observer.store_location)
