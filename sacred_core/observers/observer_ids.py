"""The ids of the store of an observer."""

from typing import Protocol

from sacred_core.stores.claims import RunIds
from sacred_core.stores.model import StoredRun


class InsertingObserver(Protocol):
    """The part of a `DocumentObserver` that inserts runs."""

    display_name: str

    def insert_run(self, run: StoredRun) -> bool:
        """Insert a run atomically if its id is free; return whether it was inserted."""

    def take_over_run(self, run: StoredRun) -> bool:
        """Replace the queued run of the same id by the starting run, atomically."""

    def highest_number(self) -> int:
        """Return the highest number of all runs."""


class ObserverIds(RunIds):
    """The ids of the store of an observer, for one new run."""

    def __init__(self, observer: InsertingObserver, run: StoredRun) -> None:
        super().__init__(observer.display_name)
        self._observer = observer
        self._run = run

    def insert(self, run_id: int | str, other_id: int | str | None) -> bool:
        """Insert the run."""
        self._run.id, self._run.run_id = run_id, other_id
        return self._observer.insert_run(self._run)

    def take_over(self, run_id: int | str, is_start: bool) -> bool:
        """Replace the queued run."""
        self._run.id = run_id
        return is_start and self._observer.take_over_run(self._run)

    def highest_number(self) -> int:
        """Return the highest number."""
        return self._observer.highest_number()
