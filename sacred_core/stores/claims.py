"""Which id a new run gets, the same in every store.

The id that a user requests must be free, or that of a queued run, which is then taken over. The id
that the run has in another store is used if it is free; else the run gets the next number, which is
higher than that of each run, also of each deleted one. A backend offers what `RunIds` lists.
"""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple, Protocol

from sacred_core.exceptions import RunIdError
from sacred_core.loggers import own_logger
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_ids import is_valid_id, normalize_id

_logger = own_logger(__name__)


class IdRequest(NamedTuple):
    """The id that a new run requests.

    Attributes:
        other_id: The id that the run has in another store, or None; it may be anything.
        asked_id: The id that the user requested, valid and normalized; or None.
        is_start: The run starts, so that it may take over a queued one.
        overwrite: The id of a run that the new one replaces; or None.
    """

    other_id: Any = None
    asked_id: int | str | None = None
    is_start: bool = True
    overwrite: Any = None


class RunIds(ABC):
    """The ids of one store, for one new run.

    Methods raise what the driver raises where the store cannot be reached.

    Args:
        display_name: The store, for messages, without secrets.
    """

    def __init__(self, display_name: str) -> None:
        self.display_name = display_name

    @abstractmethod
    def insert(self, run_id: int | str, other_id: int | str | None) -> bool:
        """Insert the new run if no run has this id, in one step; return whether it was inserted.

        Args:
            run_id: Normalized, see `sacred_core.stores.run_ids.normalize_id`.
            other_id: What `StoredRun.run_id` is to be: the id that the run has elsewhere.
        """

    @abstractmethod
    def take_over(self, run_id: int | str, is_start: bool) -> bool:
        """Replace the queued run of this id by the new one; return False if it is not queued.

        Args:
            run_id: As in `insert`.
            is_start: False if the new run is queued too, so that it must not replace a queued one.

        Raises:
            RunIdError: another process does this now, see `already_started_error`.
        """

    def overwrite(self, run_id: int | str) -> bool:
        """Replace the run of this id by the new one; return False if it does not exist."""
        raise NotImplementedError(f"{type(self).__name__} must implement overwrite to replace runs")

    def highest_number(self) -> int:
        """Return the highest number of a run, deleted ones included; 0 if there is none.

        Numbers that `sacred_core.stores.run_ids.countable_id` excludes do not count. Ids that are
        not numbers need another `new_id` instead.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must implement highest_number to choose ids of runs"
        )

    def new_id(self, previous: int | None) -> int | str:
        """Return an id that is probably free.

        Args:
            previous: What was returned before and another process has claimed since; or None.
        """
        return max(previous or 0, self.highest_number()) + 1


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


def claim_id(ids: RunIds, request: IdRequest) -> int | str:
    """Insert a new run, or let it take over a queued one, and return its id.

    Raises:
        RunIdError: the id that the user requested exists already, or there is no run to overwrite.
    """
    if request.overwrite is not None:
        run_id = normalize_id(request.overwrite)
        if not ids.overwrite(run_id):
            raise RunIdError(
                f"run {str(run_id)!r} not found in {ids.display_name}: it cannot be overwritten"
            )
        return run_id
    if request.asked_id is not None:
        _claim_asked(ids, request.asked_id, request.is_start)
        return request.asked_id
    if request.other_id is None:
        return _insert_new(ids, None)
    other_id = normalize_id(request.other_id)
    is_valid = is_valid_id(request.other_id)
    if is_valid and ids.insert(other_id, None):
        return other_id
    run_id = _insert_new(ids, other_id)
    _logger.warning(
        "Run id %r %s in %s; this run is stored there as %s",
        request.other_id,
        "already exists" if is_valid else "is not possible",
        ids.display_name,
        run_id,
    )
    return run_id


def already_exists_error(run_id: Any, display_name: str) -> RunIdError:
    """Return the error for an id that the user requested and another run has."""
    return RunIdError(
        f"run id {str(run_id)!r} already exists in {display_name}: choose another one"
    )


def already_started_error(run_id: Any) -> RunIdError:
    """Return the error for a queued run that another process has claimed."""
    return RunIdError(f"run {str(run_id)!r} has already been started by another process")


def _claim_asked(ids: RunIds, run_id: int | str, is_start: bool) -> None:
    if not ids.insert(run_id, None) and not ids.take_over(run_id, is_start):
        raise already_exists_error(run_id, ids.display_name)


def _insert_new(ids: RunIds, other_id: int | str | None) -> int | str:
    run_id = ids.new_id(None)
    while not ids.insert(run_id, other_id):
        run_id = ids.new_id(run_id if isinstance(run_id, int) else None)
    return run_id
