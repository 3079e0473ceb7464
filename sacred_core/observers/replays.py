"""Runs that are in the store already: replayed ones, and those that are resumed.

Replayed runs are copied from another store, or were recorded before in a spool.

The first event of a replayed run has ``replayed=True`` and the uid of the run. If the store has a
run with this uid already, the observer continues that run instead of inserting another one.
"""

import random
import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sacred_core.events import WHOLE_RUN, RunStarted, is_later_beat
from sacred_core.exceptions import RunIdError, RunLostError, RunRemovedError, StoreError
from sacred_core.observers import delivering
from sacred_core.observers.transactions import TransactionalObserver
from sacred_core.stores.model import StoredRun
from sacred_core.stores.tokens import new_token, run_lost_error, run_removed_error

if TYPE_CHECKING:
    from sacred_core.stores.uids import UidIndex


#: Seconds that a process waits at most for another one to delete its run, and between two looks.
_PATIENCE, _PAUSE = 10.0, 0.1


class ReplayingObserver(TransactionalObserver):
    """The part of `sacred_core.observers.documents.DocumentObserver` for runs in the store.

    Attributes:
        display_name: The store, for messages, without secrets; set by the backend.
        stored_run: The current run, as it is to be stored; None before the first.
        token: A string that no other run has, see `sacred_core.stores.tokens`.
        uid_index: What finds runs of the store by their uid; None before the first replayed run.
            Copies of the observer share it. Other observers of the store may be given it.
    """

    display_name: str
    stored_run: StoredRun | None = None
    token = ""
    uid_index: "UidIndex | None" = None
    _stored_beat: datetime | None = None
    #: The start of the last run that was resumed, and its new token.
    _resumed: tuple[RunStarted, str] | None = None

    def replace_token(self, old: str, new: str) -> bool:
        """Replace the token of the current run in the store, atomically; see `resuming`.

        From then on, methods that write to the run with the old token write nothing and return
        False.

        Args:
            old: An empty string for a run without one, as Sacred recorded it.
            new: The token of the process that resumes the run.

        Returns:
            False if the token in the store is not ``old``, or if the run was deleted.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must implement replace_token to resume runs"
        )

    def renew_claim(self, run: StoredRun) -> bool:
        """Write `StoredRun.claim` of a queued run that a worker has claimed.

        It must not write over the start of the run, even if the process of the run writes it now.
        By default `update_run` writes the claim; a backend that checks the token before it writes,
        and not in the same step, overrides this.

        Returns:
            False if the run has another token: it was started, deleted, or lost.
        """
        return self.update_run(run, frozenset({"claim"}))

    def continue_run(self, run: StoredRun, token: str) -> None:
        """Record what follows for a run that is stored already; its store calls this.

        Positions of events are counted from the beginning of the last segment of the run.

        Args:
            run: As it is stored.
            token: Its token in the store.
        """
        self.set_run(run, token)

    def begin_resumed(self, _id: Any) -> Any:
        """Resume the run whose start is the current event, and return its id.

        Args:
            _id: The id of the run, perhaps in another store.

        Returns:
            None if the event is another one, or if the store does not have the run.
        """
        start = delivering.resumed()
        if start is None:
            return None
        from sacred_core.observers import resuming  # few runs are resumed

        run_id = resuming.resume_stored(self, start, self.start_token(), _id)
        if run_id is None:
            resuming.warn_not_stored(self, start)
        return run_id

    def start_token(self) -> str:
        """Return the token of the run that starts.

        It is new, unless the current event is the same start of a run that is resumed as before.
        """
        start = delivering.resumed()
        if start is None:
            return new_token()
        if self._resumed is None or self._resumed[0] != start:
            self._resumed = start, new_token()
        return self._resumed[1]

    def require_run(self) -> StoredRun:
        """Return the current run, or raise a `RuntimeError` if none has started."""
        if self.stored_run is None:
            raise RuntimeError(f"{self!r} has no run: the record is created when a run starts")
        return self.stored_run

    def removed_error(self) -> RunRemovedError:
        """Return the error for a run that was deleted, or that another process has resumed."""
        from sacred_core.observers.resuming import is_resumed

        run = self.require_run()
        make = run_lost_error if is_resumed(self) else run_removed_error
        return make(run.id, self.display_name)

    def set_run(self, run: StoredRun | None, token: str) -> None:
        """Use a run of which this observer has written nothing yet."""
        self.stored_run, self.token = run, token
        segments = run.recorded_segments if run is not None else ()
        offsets = segments[-1].points if segments else None
        self._positions, self._unsaved = delivering.MetricPositions(offsets), set()
        self._stored_beat = None

    def output_start(self) -> int:
        """Return where the output begins whose positions the current event has."""
        segments = self.require_run().recorded_segments
        if not segments or delivering.current_segment() == WHOLE_RUN:
            return 0
        return segments[-1].output

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Return the context of a method of the backend that writes to the run.

        Raises:
            RunLostError: another process has resumed the run, or the current event is one of an
                earlier segment.
            RunRemovedError: the run was deleted.
        """
        segments = self.require_run().recorded_segments
        if segments and WHOLE_RUN < delivering.current_segment() < len(segments) - 1:
            raise run_lost_error(self.require_run().id, self.display_name)
        try:
            with self.translate_errors():
                yield
        except RunLostError:
            raise
        except RunRemovedError:
            raise self.removed_error() from None

    def write(self, method: Callable[..., bool], *arguments: Any) -> None:
        """Call a method of the backend that writes to the run."""
        with self.writing():
            is_stored = method(*arguments)
        if not is_stored:
            raise self.removed_error()

    def lock_uid(self, uid: str) -> AbstractContextManager[object] | None:
        """Return a context in which no other process inserts a run with this uid.

        By default None: after a run was inserted, it is compared with other runs with its uid, and
        one of them remains: the one with the requested id, or else with the lowest number. This
        needs a store in which `insert_run` makes a run visible, and later runs get higher numbers.
        """
        return None

    @abstractmethod
    def translate_errors(self) -> AbstractContextManager[None]:
        """See `DocumentObserver.translate_errors`."""

    def start_run(self, run: StoredRun) -> None:
        """Complete the record of a run that has an id: store the sources."""
        experiment = run.experiment
        self.store_sources(experiment.get("base_dir") or ".", experiment.get("sources") or ())

    @abstractmethod
    def store_sources(self, base_dir: str, sources: Iterable[Sequence[Any]]) -> list[Any]:
        """See `DocumentObserver.store_sources`."""

    @abstractmethod
    def append_output(self, text: str, offset: int) -> bool:
        """See `DocumentObserver.append_output`."""

    @abstractmethod
    def update_run(self, run: StoredRun, names: frozenset[str]) -> bool:
        """See `DocumentObserver.update_run`."""

    def begin_replayed(
        self, run: StoredRun, uid: str, _id: Any, begin: Callable[[Any, Any], Any]
    ) -> Any:
        """Store a replayed run, or continue the run with its uid, and return its id.

        A queued run is taken over by its start. If another process inserts the run at the same
        time, one of the two runs remains.

        Args:
            run: As the first event has it.
            uid: Of the run.
            _id: The id in another store, or None.
            begin: Inserts ``run``; called with ``_id`` and the id that is requested.
        """
        run.meta = {**run.meta, "uid": uid}  # an override may have removed it
        with self.translate_errors():
            index = self.open_index()
        stored = index.find(uid)
        if stored is not None and _is_continued(run, stored):
            return self._continue_stored(stored, run)
        with self.translate_errors():
            lock = self.lock_uid(uid)
        if lock is None:
            return self._insert_alone(run, stored, _id, begin)
        with lock:
            stored = index.find(uid)
            if stored is not None and _is_continued(run, stored):
                return self._continue_stored(stored, run)
            own_id = self._insert(run, stored, _id, begin)
            index.note(self.require_run())
            return own_id

    def is_stored_beat(self, beat_time: datetime | None) -> bool:
        """Return whether a heartbeat of a continued run is not newer than the stored one."""
        return beat_time is not None and not is_later_beat(beat_time, self._stored_beat)

    def open_index(self) -> "UidIndex":
        """Return `uid_index`, which is created if it is missing."""
        from sacred_core.stores.uids import UidIndex  # imports what reading needs

        if self.uid_index is None:
            self.uid_index = UidIndex(self.open_store())
        return self.uid_index

    def _insert(
        self, run: StoredRun, queued: StoredRun | None, _id: Any, begin: Callable[[Any, Any], Any]
    ) -> Any:
        """Insert a run, or take over the queued one, and return its id."""
        try:
            if queued is None:
                return begin(_id, delivering.asked_id(_id))
            return begin(queued.id, queued.id)
        except RunIdError:
            # Another process may have inserted it under the requested id, or have started it.
            stored = self.open_index().find(run.uid)
            if stored is None or not _is_continued(run, stored):
                raise
            return self._continue_stored(stored, run)

    def _insert_alone(
        self, run: StoredRun, queued: StoredRun | None, _id: Any, begin: Callable[[Any, Any], Any]
    ) -> Any:
        """Insert a run where others may do so too, and return the id of the one that stays.

        A queued run is claimed meanwhile: no worker takes the one that is deleted.
        """
        if run.recorded_status != "QUEUED":
            self._insert(run, queued, _id, begin)
            return self._keep_one(run)
        from sacred_core.stores.worker_claims import QUEUEING, WorkerClaim

        run.claim = WorkerClaim(worker=QUEUEING)
        self._insert(run, queued, _id, begin)
        kept = self._keep_one(run)
        if self.require_run() is run:  # else another one was there before
            run.claim = None
            self.write(self.update_run, run, frozenset({"status", "claim"}))
        return kept

    def _keep_one(self, run: StoredRun) -> Any:
        """Return the id of the stored run, unless another one with its uid precedes it."""
        own, index = self.require_run(), self.open_index()
        index.note(own)
        first = _find_first(own, index)
        if first is own:
            return own.id
        # A run that is running cannot be deleted.
        own.recorded_status = "INTERRUPTED"
        self.write(self.update_run, own, frozenset({"status"}))
        index.store.delete(own.id)
        return self._continue_stored(first, run)

    def _continue_stored(self, stored: StoredRun, run: StoredRun) -> Any:
        """Record what follows for a stored run, of which ``run`` is the replayed start."""
        from sacred_core.stores.run_store import ContinuingStore

        store = self.open_index().store
        if not isinstance(store, ContinuingStore):
            raise StoreError(
                f"run {str(stored.id)!r} is stored already, and {type(store).__name__} cannot "
                "continue runs: it needs new_observer and continue_with"
            )
        store.continue_with(self, stored.id)
        self._stored_beat = stored.heartbeat
        sources = self.require_run().files.setdefault("source", {})
        for name, info in run.files.get("source", {}).items():  # not stored before the first beat
            sources.setdefault(name, info)
        is_default = type(self).start_run is ReplayingObserver.start_run
        if is_default and run.recorded_status != "QUEUED":  # the first attempt may have failed
            self.start_run(run)
        return stored.id


def _find_first(own: StoredRun, index: "UidIndex") -> StoredRun:
    """Return the run with the uid of ``own`` that remains.

    A run that ``own`` precedes may have been compared before ``own`` was inserted, as the id of
    ``own`` was another run's: it remains then. Else its process deletes it now.
    """
    from sacred_core.stores.uids import precedence

    until = time.monotonic() + _PATIENCE
    while others := index.find_all(own.uid, excluding=own.id):
        first = min((own, *others), key=precedence)
        if first is not own:
            return first
        kept = next((each for each in others if each.heartbeat or each.stop_time), None)
        if kept is not None or time.monotonic() > until:
            return kept or others[0]
        time.sleep(random.uniform(0, _PAUSE))
    return own


def _is_continued(run: StoredRun, stored: StoredRun) -> bool:
    """Return whether a stored run is continued; the start of a queued one takes it over instead."""
    is_queued = stored.recorded_status == "QUEUED" and stored.start_time is None
    return run.recorded_status == "QUEUED" or not is_queued
