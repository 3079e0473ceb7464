"""Finds the runs of a store by their uid, without listing all runs for each uid."""

import threading
from collections.abc import Iterable, Set
from typing import Protocol, runtime_checkable

from sacred_core.exceptions import NotARunError, StoreError, UnavailableError
from sacred_core.stores.changes import list_ids
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Field
from sacred_core.stores.run_ids import id_order, normalize_id
from sacred_core.stores.run_store import RunQuery, RunStore

RunId = int | str

#: What an index reads of a run.
_FIELDS = (Field("id"), Field("uid"))
#: Maximum number of new runs that are read one by one; more are listed.
_MANY = 50


@runtime_checkable
class UidStore(Protocol):
    """A store that finds recorded uids itself, for example with an index of its database."""

    def find_uid(self, uid: str) -> list[RunId]:
        """Return the ids of all runs whose record contains this uid, and perhaps others."""

    def has_derived_uids(self) -> bool:
        """Return whether the record of a run may have no uid, such as that of a run of Sacred."""


@runtime_checkable
class NewIdStore(Protocol):
    """A store that lists the ids of new runs faster than those of all runs."""

    def new_ids(self, known: Set[RunId]) -> list[RunId]:
        """Return the ids that are not in ``known``, perhaps also those of no run."""


class UidIndex:
    """The runs of a store by their uid, recorded or derived; see `StoredRun.uid`.

    The first lookup lists all runs with the fields that a uid depends on. Later lookups read only
    runs that were added since. A `UidStore` is asked for the uid: its runs are listed once, and
    only if a recorded uid is not found and the store has derived uids. A store that lists new ids
    is not asked if `has_all` is true.

    An index can be used in several threads. A run that replaced a deleted one under its id may not
    be found.

    Args:
        store: From `sacred_core.stores.open_store` or `RunObserver.open_store`.

    Attributes:
        store: The store.
        has_all: The caller has noted all runs that were there.
    """

    has_all = False

    def __init__(self, store: RunStore) -> None:
        self.store = store
        self._ids: dict[str, list[RunId]] = {}
        self._known: set[RunId] = set()
        self._is_listed = False
        self._lock = threading.Lock()

    def find(self, uid: str) -> StoredRun | None:
        """Return the first run of `find_all`, or None.

        With `has_all`, a run that another process has just inserted may not be found.

        Raises:
            StoreError: the store cannot be read.
        """
        lists_new = self.has_all and isinstance(self.store, NewIdStore)
        return next(iter(self._find(uid, None, lists_new)), None)

    def find_all(self, uid: str, excluding: RunId | None = None) -> list[StoredRun]:
        """Return all runs with a uid, as they are stored now, in the order of `precedence`.

        Args:
            uid: As in `StoredRun.uid`.
            excluding: The id of a run that is skipped without reading it.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._find(uid, excluding, lists_new=False)

    def _find(self, uid: str, excluding: RunId | None, lists_new: bool) -> list[StoredRun]:
        with self._lock:
            candidates = self._candidates(uid, lists_new)
        found = [run for each in candidates if each != excluding and (run := self._read(each))]
        return sorted((run for run in found if run.uid == uid), key=precedence)

    def note(self, run: StoredRun) -> None:
        """Add a run that the caller has just stored, so that it is not read.

        Args:
            run: It has a recorded uid.
        """
        with self._lock:
            self._add(run)

    def _candidates(self, uid: str, lists_new: bool) -> list[RunId]:
        # An id of a deleted run may be used again: new ids do not show that.
        if isinstance(self.store, UidStore) and not lists_new:
            found = [normalize_id(each) for each in self.store.find_uid(uid)]
            if not found and not self._is_listed and self.store.has_derived_uids():
                self._list()
        else:
            found = []
            self._add_new()
        return list(dict.fromkeys((*found, *self._ids.get(uid, ()))))

    def _add_new(self) -> None:
        new = self._new_ids()
        if len(new) > _MANY:
            self._list()
        else:
            self._add_all(filter(None, map(self._read, new)))

    def _new_ids(self) -> list[RunId]:
        if isinstance(self.store, NewIdStore):
            return self.store.new_ids(self._known)
        return [each for each in list_ids(self.store) if each not in self._known]

    def _list(self) -> None:
        self._add_all(self.store.list(RunQuery(fields=_FIELDS)))
        self._is_listed = True

    def _add_all(self, runs: Iterable[StoredRun]) -> None:
        for run in runs:
            self._add(run)

    def _add(self, run: StoredRun) -> None:
        if run.id in self._known:
            return
        is_recorded = run.meta.get("uid") == run.uid
        if not is_recorded and run.recorded_status == "QUEUED":
            return  # its derived uid changes when it starts
        self._known.add(run.id)
        if is_recorded or run.damage is None:  # else the uid is derived from a part of the record
            self._ids.setdefault(run.uid, []).append(run.id)

    def _read(self, run_id: RunId) -> StoredRun | None:
        """Return a run; None if it does not exist."""
        try:
            return self.store.get(run_id)
        except UnavailableError:
            raise
        except NotARunError:
            return None
        except StoreError:
            if run_id in map(normalize_id, list_ids(self.store)):
                raise
            return None


def precedence(run: StoredRun) -> tuple[bool, tuple[int, int | str]]:
    """Return the key that sorts runs with one uid: the first of them is the one that remains.

    A run that two processes insert at the same time gets the requested id, or a lower number, in
    the process that inserts it first.
    """
    return run.run_id is not None, id_order(run.id)
