"""The interface of stores of runs, and queries for their runs."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO, Protocol, runtime_checkable

import attrs

from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import (
    Condition,
    Field,
    MetricOf,
    Query,
    all_of,
    attributes_of,
    fields_of,
    matches,
    with_absolute_times,
)


@attrs.frozen(kw_only=True, init=False)
class RunQuery:
    """Which runs to list, and which of their fields the caller uses.

    Attributes:
        where: The condition for runs, with absolute times; None for all runs.
        limit: Maximum number of runs: the newest.
        now: The aware time for which the condition is evaluated, by default the current time.
        fields: The fields that the caller uses, None for all. A store may skip other attributes,
            which then have their defaults, and damage in them is not reported.
        since: A token of `sacred_core.stores.changes`: only runs that changed after it was taken.
            None for all runs.
    """

    where: Query | None = None
    limit: int | None = None
    now: datetime
    fields: tuple[Field, ...] | None = None
    since: str | None = None

    def __init__(
        self,
        *,
        where: Query | None = None,
        limit: int | None = None,
        now: datetime | None = None,
        fields: Iterable[Field] | None = None,
        since: str | None = None,
        status: str | None = None,
        name: str | None = None,
    ) -> None:
        """Create a query.

        Args:
            status: Adds the condition ``status = …`` to ``where``.
            name: Adds the condition ``name = …``, that of the experiment, to ``where``.
        """
        parts: list[Query] = [] if where is None else [where]
        for field, value in (("status", status), ("name", name)):
            if value is not None:
                parts.append(Condition(Field(field), "=", (value,)))
        now = now or datetime.now(UTC)
        self.__attrs_init__(
            where=with_absolute_times(all_of(parts), now) if parts else None,
            limit=limit,
            now=now,
            fields=None if fields is None else tuple(fields),
            since=since,
        )

    @property
    def attributes(self) -> frozenset[str] | None:
        """The attributes of a run that a store has to read; None for all."""
        if self.fields is None:
            return None
        conditions = () if self.where is None else fields_of(self.where)
        return attributes_of((*self.fields, *conditions))

    def accepts(self, run: StoredRun, metrics: MetricOf) -> bool:
        """Return whether ``run`` fulfils the condition; see `matches`."""
        return self.where is None or matches(self.where, run, metrics, self.now)


@runtime_checkable
class IdStore(Protocol):
    """A store that lists and counts its runs, damaged ones too, without reading them."""

    def ids(self) -> list[int | str]:
        """Return the ids of all runs, in no particular order."""

    def count(self) -> int:
        """Return the number of runs."""


@runtime_checkable
class RunStore(Protocol):
    """Reads the runs of one kind of observer. Reading executes no code.

    `list` and `get` return runs whose record cannot be read with the status `DAMAGED`. Stores
    derive from `sacred_core.stores.GuardedStore`, which implements this.
    """

    def list(self, query: RunQuery | None = None) -> Iterator[StoredRun]:
        """Yield the runs that ``query`` selects from the oldest to the newest, damaged ones too.

        A store that ignores `RunQuery.since` is not a `ChangeStore`; `find_runs` then selects the
        runs that changed.

        Raises:
            StoreError: the whole store cannot be read, for example after a lost connection.
        """

    def get(self, run_id: int | str) -> StoredRun:
        """Return one run, also a damaged one.

        Raises:
            StoreError: the run does not exist.
        """

    def output(self, run_id: int | str) -> str:
        """Return the output of the run.

        Raises:
            DamagedRecordError: it cannot be read.
            StoreError: the run does not exist.
        """

    def metrics(self, run_id: int | str, raw: bool = False) -> dict[str, dict[str, Any]]:
        """Return ``{"steps", "values", "timestamps"}``, lists of equal length, by metric.

        Args:
            run_id: The run.
            raw: Also points of a resumed run that a later segment repeats, see
                `sacred_core.stores.segment_views`.

        Raises:
            DamagedRecordError: they cannot be read.
            StoreError: the run does not exist.
        """

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        """Open a file of a run for reading.

        Args:
            run_id: The run.
            kind: ``"artifact"``, ``"resource"``, ``"source"`` or ``"patch"``.
            name: As in `StoredRun.artifacts`, `StoredRun.resources` or `StoredRun.sources`; of a
                patch the commit of its repository, see `StoredRun.repositories`.

        Raises:
            StoreError: the run or file does not exist, or it is outside of the store.
        """

    def delete(self, run_id: int | str) -> None:
        """Delete a run, and files that no other run uses. Damaged runs can be deleted.

        Raises:
            StoreError: the run does not exist or is still running.
        """

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Store an annotation of a run beside its record.

        Raises:
            StoreError: the run does not exist.
        """


@runtime_checkable
class CheckingStore(Protocol):
    """A store that knows digests of all that it has of a run: it is checked before it is copied."""

    def check_run(self, run_id: int | str) -> None:
        """Compare everything of a run with its digests.

        Raises:
            DamagedRecordError: something is missing, or differs from its digest.
            StoreError: the run does not exist.
        """


@runtime_checkable
class ContinuingStore(Protocol):
    """A store whose runs an observer can continue: ``sacred runs load`` delivers events to it.

    A store derived from `sacred_core.stores.documents.DocumentStore` has `observer_of`, and
    implements the others.
    """

    def new_observer(self) -> Any:
        """Return an observer that writes to this store, over its connection."""

    def continue_with(self, observer: Any, run_id: int | str) -> None:
        """Make an observer of this store record what follows for a run that is stored already.

        Args:
            observer: From `new_observer`, or one whose ``open_store()`` returned this store.
            run_id: The run.

        Raises:
            StoreError: the run does not exist.
        """

    def observer_of(self, run_id: int | str | None) -> Any:
        """Return an observer that writes to this store.

        Args:
            run_id: The run to continue; None: the first event starts a run.

        Raises:
            StoreError: the run does not exist.
        """


def find_stored(store: RunStore, run_id: int | str) -> StoredRun | None:
    """Return a run that may have been deleted meanwhile; None if the store does not have it.

    Raises:
        UnavailableError: the store cannot be reached.
    """
    try:
        return store.get(run_id)
    except UnavailableError:
        raise
    except StoreError:
        return None
