"""Runs as a list, and where functions that read runs take them from."""

import os
from collections.abc import Iterable, Iterator
from typing import Any, SupportsIndex, TypeAlias, cast, overload

from sacred_core.exceptions import StoreError
from sacred_core.stores.curves import PointsReader
from sacred_core.stores.locations import FilePath
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_store import RunQuery, RunStore


class RunList(list[StoredRun]):
    """Runs that were found; a slice is one as well.

    Attributes:
        store: The store that has their output, metrics and files; None if it is unknown.
        levels: The level of each run of a `tree`, 0 of a root; None of another list.
    """

    levels: list[int] | None = None

    def __init__(self, runs: Iterable[StoredRun] = (), store: RunStore | None = None) -> None:
        super().__init__(runs)
        self.store = store

    def __repr__(self) -> str:
        # Only what shows runs needs it.
        from sacred_core.stores import table_display as display

        return display.table_text(display.runs_heading(self, self.store), display.run_table(self))

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from sacred_core.stores import table_display as display

        return display.table_html(display.runs_heading(self, self.store), display.run_table(self))

    def tree(self) -> "RunList":
        """Return the runs with each one below the run in which it was started.

        A run whose parent is not in the list stays at the top level. The runs of each level stay
        in their order.
        """
        from sacred_core.stores.run_tree import arrange_tree

        placed = arrange_tree(self, lambda run: run)
        arranged = RunList((run for run, _ in placed), self.store)
        arranged.levels = [level for _, level in placed]
        return arranged

    @overload
    def __getitem__(self, index: SupportsIndex) -> StoredRun: ...
    @overload
    def __getitem__(self, index: slice) -> "RunList": ...
    def __getitem__(self, index: SupportsIndex | slice) -> "StoredRun | RunList":
        if isinstance(index, slice):
            part = RunList(super().__getitem__(index), self.store)
            part.levels = None if self.levels is None else self.levels[index]
            return part
        return super().__getitem__(index)


#: A location, see `open_store`; a store; or runs, such as the result of `find_runs`.
RunSource: TypeAlias = FilePath | RunStore | Iterable[StoredRun]


class GivenRuns:
    """Runs that a caller has, with the part of a store that finding runs and reading metrics use.

    Attributes:
        store: That of the runs, None if it is unknown, or if there are several.
    """

    def __init__(self, runs: Iterable[StoredRun]) -> None:
        self.store: RunStore | None = getattr(runs, "store", None)
        self._runs = [*runs]
        for run in self._runs:
            if not isinstance(run, StoredRun):
                raise _source_error(run)
        stores = {id(run.store): run.store for run in self._runs}
        if self.store is None and len(stores) == 1:
            self.store = next(iter(stores.values()))

    def list(self, query: RunQuery) -> Iterator[StoredRun]:
        """Yield the runs that a query without metrics selects, in their order."""
        found = [run for run in self._runs if query.accepts(run, lambda name: None)]
        yield from found if query.limit is None else found[max(0, len(found) - query.limit) :]

    def metrics(self, run_id: int | str, raw: bool = False) -> dict[str, dict[str, Any]]:
        """Raise the error for points of a run whose store is unknown."""
        del raw
        raise StoreError(
            f"the metrics of run {str(run_id)!r} have to be read from its store: "
            "pass a location, a store or the result of find_runs instead of a list of runs"
        )


def store_of(source: RunSource) -> RunStore:
    """Return what lists the runs of a source: its store, or `GivenRuns`.

    Raises:
        StoreError: the store cannot be opened, or ``source`` is something else.
    """
    if isinstance(source, (str, os.PathLike)):
        from sacred_core.stores.opening import open_store  # not needed by a script that records

        return open_store(source)
    if hasattr(source, "list"):
        return cast(RunStore, source)
    if isinstance(source, Iterable):
        return cast(RunStore, GivenRuns(source))
    raise _source_error(source)


def points_reader(store: object) -> PointsReader:
    """Return what has the points of the runs that ``store`` lists; see `store_of`."""
    own = store.store if isinstance(store, GivenRuns) else None
    return cast(PointsReader, store if own is None else own)


def _source_error(source: object) -> StoreError:
    return StoreError(
        f"cannot read runs from an object of type {type(source).__name__!r}: "
        "expected a location, a store or runs"
    )
