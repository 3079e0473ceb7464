"""Several events in one transaction of the store."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from sacred_core.observers.base import RunObserver
from sacred_core.observers.delivering import MetricPositions

#: Fields that a repeated event may find changed already, although they are not stored.
_BEATEN = frozenset(("heartbeat", "info", "result", "metrics"))
#: A subclass that overrides one of these may do more in it than write to the store.
_EVENT_METHODS = (
    "heartbeat_event", "output_event", "log_metrics", "annotation_event",
    "completed_event", "interrupted_event", "failed_event",
)  # fmt: skip


class TransactionalObserver(RunObserver):
    """The part of `sacred_core.observers.documents.DocumentObserver` for stores with transactions.

    A heartbeat usually comes with new points and output. A store with transactions stores these
    events in one; with most databases the commit is what takes time.
    """

    stored_run: Any
    _positions: MetricPositions
    _unsaved: set[str]
    writing: Callable[[], AbstractContextManager[None]]

    def write_together(self) -> AbstractContextManager[None] | None:
        """Return a context in which all writes are stored at its end, or none of them.

        If it ends with an error, it must restore the state of the backend before it. By default
        None: each write is stored separately.
        """
        return None

    def record_together(self, record: Callable[[], None]) -> bool:
        """Call ``record``, which calls this observer with events without files.

        All of them are stored, or none: then it raises, and the events must be delivered again.

        Returns:
            False, without a call, if the store does not support it, or if a subclass overrides
            methods of events.
        """
        if self.stored_run is None or not _has_own_methods(type(self)):
            return False
        context = self.write_together()
        if context is None:
            return False
        positions = self._positions.copy()
        try:
            with self.writing(), context:
                record()
        except BaseException:
            self._positions = positions
            self._unsaved |= _BEATEN
            raise
        return True


def _has_own_methods(kind: type[TransactionalObserver]) -> bool:
    own = "sacred_core.observers.documents"
    return all(getattr(kind, name).__module__ == own for name in _EVENT_METHODS)
