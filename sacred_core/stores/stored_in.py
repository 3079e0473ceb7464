"""The store that a run was read from, which is not a part of the run."""

from typing import Any, TypeAlias, TypeVar

#: A `sacred_core.stores.RunStore`, whose module imports that of runs, which imports this one.
AnyStore: TypeAlias = Any


class StoredIn:
    """A record that was read from a store. Copies and pickles do not refer to the store."""

    __slots__ = ("_store",)
    _store: AnyStore

    @property
    def store(self) -> AnyStore:
        """The `RunStore` that the run was read from, or None; neither compared nor pickled."""
        return getattr(self, "_store", None)


Record = TypeVar("Record", bound=StoredIn)


def with_store(record: Record, store: AnyStore) -> Record:
    """Return a record after its attribute `StoredIn.store` was set."""
    record._store = store
    return record
