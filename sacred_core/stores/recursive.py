"""The stores in a folder and its sub-folders as one store, such as ``results/MAP/ALGORITHM/1``."""

import builtins
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import attrs

from sacred_core.exceptions import StoreError
from sacred_core.stores import curves
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.changes import (
    change_token,
    decode_token,
    encode_token,
    list_ids,
    list_runs,
)
from sacred_core.stores.guarded import not_found_error
from sacred_core.stores.model import StoredRun
from sacred_core.stores.opening import open_store
from sacred_core.stores.recognition import find_locations
from sacred_core.stores.run_store import IdStore, RunQuery, RunStore
from sacred_core.stores.stored_in import with_store
from sacred_core.stores.summaries import MetricSummary
from sacred_core.stores.writers import PartStore, require_part, stored_parts

#: What `sacred_core.stores.curves.summaries` returns.
Blocks: TypeAlias = dict[str, list[MetricSummary]]
_KIND = "recursive"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class RecursiveStore:
    """The runs of several stores. The id of a run is the path of its store, ``/`` and its own id.

    A condition on ``id`` is about the own id. Runs are in the order of their start.

    Args:
        root: The folder.

    Raises:
        StoreError: there is no store in it.
    """

    def __init__(self, root: str) -> None:
        self.root = self.display_name = root
        self._stores: Mapping[str, RunStore] = {}
        self._next_search = 0.0
        self._find_stores()
        if not self._stores:
            raise StoreError(f"there are no runs in {root!r} and its sub-folders")

    def __repr__(self) -> str:
        return f"RecursiveStore({str(self.root)!r})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the newest runs."""
        from sacred_core.stores.table_display import store_html

        return store_html(self)

    def list(self, query: RunQuery | None = None) -> Iterator[StoredRun]:
        """Yield the runs of all stores by their start; see `RunStore.list`.

        For changes, new stores are searched for: at most every ten seconds, and in a twentieth of
        the time.
        """
        query = query or RunQuery()
        if query.since is not None and time.monotonic() >= self._next_search:
            with suppress(StoreError, OSError):  # of a store that is not complete yet
                self._find_stores()
        found = [
            self._with_id(run, _join(name, run.id))
            for name, store_query in self._queries(query).items()
            for run in list_runs(self._stores[name], store_query)
        ]
        found.sort(key=lambda run: run.start_time or run.queue_time or _LONG_AGO)
        limit = query.limit
        yield from found if limit is None else found[max(0, len(found) - limit) :]

    def change_token(self) -> str:
        """Return a token of the present state; see `sacred_core.stores.changes.change_token`."""
        tokens = {name: change_token(store) for name, store in self._stores.items()}
        return encode_token(_KIND, self, tokens)

    def _queries(self, query: RunQuery) -> dict[str, RunQuery]:
        """Return the query for each store; all runs of a store without a token are new."""
        if query.since is None:
            return dict.fromkeys(self._stores, query)
        tokens = decode_token(_KIND, self, query.since)
        return {name: attrs.evolve(query, since=tokens.get(name)) for name in self._stores}

    def ids(self) -> builtins.list[int | str]:
        """Return the ids of all runs; see `IdStore`."""
        return [
            _join(name, run_id)
            for name, store in self._stores.items()
            for run_id in list_ids(store)
        ]

    def count(self) -> int:
        """Return the number of runs; see `IdStore`."""
        return sum(
            store.count() if isinstance(store, IdStore) else len(list_ids(store))
            for store in self._stores.values()
        )

    def get(self, run_id: int | str) -> StoredRun:
        """Return one run; see `RunStore.get`."""
        store, own_id = self._find(run_id)
        return self._with_id(store.get(own_id), run_id)

    def output(self, run_id: int | str, writer: str | None = None) -> str:
        """Return what a run printed, or one of its writers."""
        store, own_id = self._find(run_id)
        if writer is not None:
            parts, part_id = require_part(store, own_id, writer)
            return parts.output(part_id)
        return store.output(own_id)

    def metrics(self, run_id: int | str, raw: bool = False) -> dict[str, dict[str, Any]]:
        """Return the metrics of a run."""
        store, own_id = self._find(run_id)
        return curves.all_points(store, own_id, raw)

    def summaries(
        self, run_id: int | str, names: Iterable[str] | None = None, raw: bool = False
    ) -> Blocks:
        """Return the summaries of the blocks of metrics; see `CurveStore`."""
        store, own_id = self._find(run_id)
        return curves.summaries(store, own_id, names, raw)

    def points(
        self, run_id: int | str, ranges: curves.Ranges, raw: bool = False
    ) -> dict[str, dict[str, Any]]:
        """Return ranges of points; see `CurveStore`."""
        store, own_id = self._find(run_id)
        return curves.points(store, own_id, ranges, raw)

    def writer_store(self, run_id: int | str) -> RunStore | None:
        """Return the store of the parts of a run; see `sacred_core.stores.writers`."""
        store, own_id = self._find(run_id)
        return store.writer_store(own_id) if isinstance(store, PartStore) else None

    def writers(self, run_id: int | str) -> dict[str, StoredRun]:
        """Return what each writer of a run recorded."""
        store, own_id = self._find(run_id)
        return stored_parts(store, own_id)

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        """Open a file of a run."""
        store, own_id = self._find(run_id)
        return store.open_file(own_id, kind, name)

    def delete(self, run_id: int | str) -> None:
        """Delete a run."""
        store, own_id = self._find(run_id)
        store.delete(own_id)

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Store an annotation of a run."""
        store, own_id = self._find(run_id)
        store.annotate(own_id, annotation)

    def _find_stores(self) -> None:
        start = time.monotonic()
        locations = find_locations(Path(self.root))
        opened = {
            name: open_store(location)
            for name, location in locations.items()
            if name not in self._stores
        }
        self._stores = {**self._stores, **opened}  # other threads may read the present one
        end = time.monotonic()
        self._next_search = end + max(10.0, 20 * (end - start))

    def _with_id(self, run: StoredRun, run_id: int | str) -> StoredRun:
        return with_store(attrs.evolve(run, id=run_id, status=run.recorded_status), self)

    def _find(self, run_id: int | str) -> tuple[RunStore, str]:
        name, _, own_id = str(run_id).rpartition("/")
        if name not in self._stores:
            raise not_found_error(run_id, self.root)
        return self._stores[name], own_id


def _join(name: str, run_id: int | str) -> str:
    return f"{name}/{run_id}" if name else str(run_id)
