"""A target that stores nothing, for what copying would send."""

from collections.abc import Iterator
from typing import Any

from sacred_core.observers import RunObserver
from sacred_core.stores import Annotation, RunQuery, RunStore, StoredRun
from sacred_core.transfer.known_runs import Target


class DryTarget(Target):
    """A target for `sacred_core.transfer.copying` whose observers store nothing.

    The content that would be sent is read from the source, so that the counts are exact.

    Args:
        store: What the target has already; None if the store does not exist.
    """

    def __init__(self, store: RunStore | None) -> None:
        super().__init__(_DryStore(store if store is not None else _EmptyStore()))


class _DryStore:
    """Reads from a store; its observers do nothing."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def new_observer(self) -> RunObserver:
        return RunObserver()

    def continue_with(self, observer: RunObserver, run_id: int | str) -> None:
        """Do nothing."""

    def writer_observer(self, run_id: int | str) -> "_DryParts":
        parts = self._store.writer_store(run_id)
        return _DryParts(_DryStore(_EmptyStore() if parts is None else parts))

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Do nothing."""

    def observer_of(self, run_id: int | str | None) -> RunObserver:
        del run_id
        return RunObserver()


class _DryParts(RunObserver):
    """Records no part of a run."""

    def __init__(self, store: _DryStore) -> None:
        self._store = store

    def open_store(self) -> Any:
        return self._store


class _EmptyStore:
    """A store without runs."""

    display_name = "a new store"

    def list(self, query: RunQuery | None = None) -> Iterator[StoredRun]:
        del query
        return iter(())
