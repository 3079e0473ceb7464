"""Runs that are replayed: copied from another store, or recorded before in a spool.

The first event of a replayed run has ``replayed=True`` and the uid of the run. If the store has a
run with this uid already, the observer continues that run instead of inserting another one.
"""

import random
import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sacred_core.events import is_later_beat
from sacred_core.exceptions import RunIdError, StoreError
from sacred_core.observers import delivering
from sacred_core.observers.transactions import TransactionalObserver
from sacred_core.stores.model import StoredRun

if TYPE_CHECKING:
    from sacred_core.stores.uids import UidIndex


#: Seconds that a process waits at most for another one to delete its run, and between two looks.
_PATIENCE, _PAUSE = 10.0, 0.1


class ReplayingObserver(TransactionalObserver):
    """The part of `sacred_core.observers.documents.DocumentObserver` for replayed runs.

    Attributes:
        uid_index: What finds runs of the store by their uid; None before the first replayed run.
            Copies of the observer share it. Other observers of the store may be given it.
    """

    uid_index: "UidIndex | None" = None
    _stored_beat: datetime | None = None
    _write: Callable[..., None]

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
            index = self._open_index()
        stored = index.find(uid)
        if stored is not None and _is_continued(run, stored):
            return self._continue_stored(stored, run)
        with self.translate_errors():
            lock = self.lock_uid(uid)
        if lock is None:
            self._insert(run, stored, _id, begin)
            return self._keep_one(run)
        with lock:
            stored = index.find(uid)
            if stored is not None and _is_continued(run, stored):
                return self._continue_stored(stored, run)
            own_id = self._insert(run, stored, _id, begin)
            index.note(self.stored_run)
            return own_id

    def is_stored_beat(self, beat_time: datetime | None) -> bool:
        """Return whether a heartbeat of a continued run is not newer than the stored one."""
        return beat_time is not None and not is_later_beat(beat_time, self._stored_beat)

    def _open_index(self) -> "UidIndex":
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
            stored = self._open_index().find(run.uid)
            if stored is None or not _is_continued(run, stored):
                raise
            return self._continue_stored(stored, run)

    def _keep_one(self, run: StoredRun) -> Any:
        """Return the id of the stored run, unless another one with its uid precedes it."""
        own, index = self.stored_run, self._open_index()
        index.note(own)
        first = _find_first(own, index)
        if first is own:
            return own.id
        # A run that is running cannot be deleted.
        own.recorded_status = "INTERRUPTED"
        self._write(self.update_run, own, frozenset({"status"}))
        index.store.delete(own.id)
        return self._continue_stored(first, run)

    def _continue_stored(self, stored: StoredRun, run: StoredRun) -> Any:
        """Record what follows for a stored run, of which ``run`` is the replayed start."""
        from sacred_core.stores.run_store import ContinuingStore

        store = self._open_index().store
        if not isinstance(store, ContinuingStore):
            raise StoreError(
                f"run {str(stored.id)!r} is stored already, and {type(store).__name__} cannot "
                "continue runs: it needs new_observer and continue_with"
            )
        store.continue_with(self, stored.id)
        self._stored_beat = stored.heartbeat
        sources = self.stored_run.files.setdefault("source", {})
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
    return run.recorded_status == "QUEUED" or stored.recorded_status != "QUEUED"
