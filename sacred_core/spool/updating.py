"""Brings a store up to date with one run of a spool."""

from collections.abc import Callable

from sacred_core.exceptions import StoreError
from sacred_core.stores.run_store import RunStore
from sacred_core.transfer.copying import Copied, RunCopier
from sacred_core.transfer.known_runs import Target

#: How messages about missing files begin that do not prevent the removal of a run from the spool:
#: the source may never have had them, as where a file was changed before it was stored.
_MAY_BE_MISSING = (
    "the content of the source", "the recorded content of the source", "the uncommitted changes",
)  # fmt: skip


class RunUpdater:
    """Copies what is new of a run to a store, whenever it is called.

    Args:
        source: The store of the spool.
        run_id: The run there.
        open_target: Opens the other store, at the first update.
    """

    def __init__(
        self, source: RunStore, run_id: int | str, open_target: Callable[[], Target]
    ) -> None:
        self._source = source
        self._run_id = run_id
        self._open_target = open_target
        self._target: Target | None = None
        self._copier: RunCopier | None = None

    def update(self, note_answer: Callable[[], None]) -> int | str | None:
        """Copy what is new; return the id in the store if it has the end of the run now.

        Args:
            note_answer: Called whenever the store has answered.

        Raises:
            StoreError: the store cannot be reached, has another run with the same uid, or cannot
                store all of the run; or the run cannot be read.
        """
        copied = self._copy(note_answer)
        return copied.target_id if copied.has_ended else None

    def finish(self) -> int | str | None:
        """Copy all that there is of a run whose process has ended; return the id in the store.

        Raises:
            StoreError: as `update`.
        """
        return self._copy(lambda: None).target_id

    def _copy(self, note_answer: Callable[[], None]) -> Copied:
        if self._copier is None or self._target is None:
            self._target = self._open_target()  # some do not connect before they are used
            self._copier = RunCopier(
                self._source, self._run_id, self._target, note_sent=lambda event: note_answer()
            )
        copied = self._copier.copy(self._target.prepared(self._source.get(self._run_id)))
        lost = [text for text in copied.missing if not text.startswith(_MAY_BE_MISSING)]
        if copied.conflict or lost:
            raise StoreError(copied.conflict or f"not stored: {'; '.join(lost)}")
        return copied
