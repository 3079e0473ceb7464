"""Observers that record parts of a run, see `sacred_core.stores.writers`."""

from typing import Any

from sacred_core.exceptions import RunIdError, RunRemovedError
from sacred_core.observers.documents import DocumentObserver
from sacred_core.stores.documents import DocumentStore
from sacred_core.stores.guarded import make_run
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_ids import normalize_id
from sacred_core.stores.tokens import run_removed_error
from sacred_core.stores.writers import RUN, WRITER, part_id, part_uid, require_writer


class PartObserver(DocumentObserver):
    """Records a part of a run. A backend derives from this and from its observer, in this order.

    ``open_store`` returns the store of the parts of the run. The id of a part follows from the name
    of its writer, so that a run has one part of each writer. The first event must have the metadata
    that `sacred_core.stores.writers.part_meta` returns.

    Attributes:
        main_store: The store of the run.
        main_run: The run, as it was stored when this was created.
    """

    main_store: DocumentStore[Any]
    main_run: StoredRun

    def require_main(self) -> None:
        """Check that the run is still in its store.

        Raises:
            RunRemovedError: it was deleted; another run may have its id.
        """
        store, known = self.main_store, self.main_run
        with self.translate_errors():
            record = store.find(known.id)
            if record is not None:
                found = make_run(known.id, store.read_fields(record), store.outages)
                if found.uid == known.uid or found.damage is not None:
                    return
        raise self.main_removed_error()

    def discard_part(self) -> None:
        """Remove the part that was inserted while its run was deleted, in the backend.

        By default nothing is removed: for backends in which such a part is not inserted, or is
        deleted with the run.
        """

    def main_removed_error(self) -> RunRemovedError:
        """Return the error for a run that was deleted."""
        return run_removed_error(self.main_run.id, self.main_store.display_name)

    def _begin_new(self, run: StoredRun, _id: Any, asked_id: Any) -> Any:
        del _id, asked_id  # a part has neither the id of the run nor its id in another store
        writer, uid = require_writer(run.meta.get(WRITER)), self.main_run.uid
        run.meta = {**run.meta, "uid": part_uid(uid, writer), RUN: uid}
        self.require_main()
        try:
            own_id = super()._begin_new(run, None, part_id(writer))
        except RunIdError:
            raise RunIdError(
                f"run {str(self.main_run.id)!r} already has a writer {writer!r}: "
                "choose another name"
            ) from None
        except Exception:
            self.require_main()  # it may have been deleted meanwhile
            raise
        try:
            self.require_main()
        except RunRemovedError:
            self.discard_part()
            raise
        return own_id


def require_main_run(store: DocumentStore[Any], run_id: int | str) -> StoredRun:
    """Return the run of which parts are to be recorded.

    Args:
        store: Of the run.
        run_id: Of the run.

    Raises:
        RunRemovedError: it does not exist.
        StoreError: the store cannot be read.
    """
    with store.translate_errors():
        if store.find(normalize_id(run_id)) is None:
            raise run_removed_error(run_id, store.display_name)
    return store.get(run_id)
