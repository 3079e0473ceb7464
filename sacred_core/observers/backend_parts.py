"""Parts of a run in a `Backend`: runs whose id is a list, which are in no listing of runs."""

from collections.abc import Iterator
from typing import Any

from sacred_core.observers.backends import BackendObserver, BackendStore
from sacred_core.observers.parts import PartObserver
from sacred_core.serialization import to_json
from sacred_core.stores import documents
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_store import RunQuery
from sacred_core.stores.writers import WRITER, WRITER_FIELD, writers_in


class BackendPartStore(BackendStore):
    """The parts of one run.

    Args:
        store: Of the run.
        run: The run.
        key: Of the run.
    """

    def __init__(self, store: BackendStore, run: StoredRun, key: Any) -> None:
        self._use(store.backend)
        self._main_store, self._main_run, self._main_key = store, run, key

    def find(self, run_id: int | str) -> Any:
        """Return the key of a part."""
        return self.backend.find(_id_of(self._main_run, run_id)) if self._exists() else None

    def records(self, query: RunQuery, newest_first: bool) -> Iterator[tuple[Any, Any]]:
        """Yield ids and keys; the record of the run has the ids."""
        writers = writers_in(self.backend.fields(self._main_key))
        for part_id, (_, own_id) in sorted(writers.items(), reverse=newest_first):
            if (key := self.backend.find(own_id)) is not None:
                yield part_id, key

    def new_observer(self) -> "BackendPartObserver":
        """Return an observer of parts of the run."""
        return BackendPartObserver(self._main_store, self._main_run, self._main_key)


class BackendPartObserver(PartObserver, BackendObserver):
    """Records parts of one run."""

    main_store: BackendStore

    def __init__(self, store: BackendStore, run: StoredRun, key: Any) -> None:
        self._use(store.backend)
        self.main_store, self.main_run, self._main_key = store, run, key

    def open_store(self) -> BackendPartStore:
        """Return the store of the parts."""
        return BackendPartStore(self.main_store, self.main_run, self._main_key)

    def insert_run(self, run: StoredRun) -> bool:
        """Note the writer in the record of the run, and insert its part."""
        own_id = _id_of(self.main_run, run.id)
        noted = {f"{WRITER_FIELD}{run.id}": to_json([run.meta[WRITER], own_id])}
        if not self.backend.write(self._main_key, noted):
            raise self.main_removed_error()
        self._key = self.backend.insert(own_id, 0, documents.encode_fields(run))
        return self._key is not None

    def take_over_run(self, run: StoredRun) -> bool:
        """Return False: no part is queued."""
        del run
        return False

    def discard_part(self) -> None:
        """Delete the part that was inserted while its run was deleted."""
        self.backend.delete(self._key)


def _id_of(run: StoredRun, part_id: int | str) -> str:
    """Return the id of a part in the backend, which no run has; another run may get that of one."""
    return to_json([run.id, run.uid, str(part_id)])
