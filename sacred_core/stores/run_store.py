"""What a store of runs is, and which runs it is asked for."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, runtime_checkable

import attrs

from sacred_core.stores.model import Annotation, StoredRun

if TYPE_CHECKING:
    from sacred_core.stores.query.nodes import Query


@attrs.frozen(kw_only=True)
class RunQuery:
    """Which runs to list: those that fulfil everything that is given.

    Attributes:
        status: Their current status, like ``"COMPLETED"`` or ``"DEAD"``.
        name: Of the experiment.
        limit: At most so many, the newest.
        where: A hint that comes without a limit: runs that do not fulfil it may be left out, and
            whoever lists asks `matches` of those that come. `sacred_core.stores.query.narrowed`
            helps to use it.
    """

    status: str | None = None
    name: str | None = None
    limit: int | None = None
    where: "Query | None" = None

    def accepts(self, run: StoredRun) -> bool:
        """Tell whether ``run`` is one of those asked for, whatever the limit."""
        return self.status in (None, run.status) and self.name in (None, run.name)


@runtime_checkable
class RunStore(Protocol):
    """What reads the runs that one kind of observer wrote. Reading executes nothing.

    A run whose record cannot be read has the status `DAMAGED`; it raises nothing in `list` and
    `get`. Stores derive from `sacred_core.stores.GuardedStore`, which does that.
    """

    def list(self, query: RunQuery | None = None) -> Iterator[StoredRun]:
        """Yield runs from the oldest to the newest, damaged ones too.

        Raises:
            StoreError: the store as a whole cannot be read, as where the connection is lost.
        """

    def get(self, run_id: int | str) -> StoredRun:
        """Return one run, also a damaged one.

        Raises:
            StoreError: there is no such run.
        """

    def output(self, run_id: int | str) -> str:
        """Return what the run printed.

        Raises:
            DamagedRecordError: it cannot be read.
            StoreError: there is no such run.
        """

    def metrics(self, run_id: int | str) -> dict[str, dict[str, Any]]:
        """Return ``{"steps", "values", "timestamps"}``, lists of equal length, by metric.

        Raises:
            DamagedRecordError: they cannot be read.
            StoreError: there is no such run.
        """

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        """Open a file of a run for reading.

        Args:
            run_id: The run.
            kind: ``"artifact"``, ``"resource"`` or ``"source"``.
            name: As in `StoredRun.artifacts`, `StoredRun.resources`, or the name of a source.

        Raises:
            StoreError: there is no such run or file, or it is outside of the store.
        """

    def delete(self, run_id: int | str) -> None:
        """Remove a run, and what no other run uses.

        Raises:
            StoreError: there is no such run, or it is still running. A damaged one is deleted,
                and files that other runs may use stay.
        """

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Keep what somebody said of a run, beside its record.

        Raises:
            StoreError: there is no such run.
        """
