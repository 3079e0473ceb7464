"""Whether a queued run may be started by its id."""

from typing import Any, TypeAlias

from sacred_core.exceptions import RunIdError, StoreError, UnavailableError
from sacred_core.observers import delivering
from sacred_core.stores.model import StoredRun
from sacred_core.stores.worker_claims import decode_claim

#: A `sacred_core.observers.documents.DocumentObserver`, whose module imports this one.
Observer: TypeAlias = Any


def find_queued(observer: Observer, run: StoredRun, run_id: int | str) -> int | str | None:
    """Return the id of the queued run that starts: the requested one, or None if there is none.

    Of several processes that start a queued run at once, the store lets one do so. A worker starts
    a run by its id in the store where it has claimed it; in others it may have another id.

    Raises:
        RunIdError: the run was started before, or another worker has claimed it.
        UnavailableError: the store cannot be read.
    """
    try:
        with observer.translate_errors():
            stored = observer.open_store().get(run_id)
    except UnavailableError:
        raise
    except (StoreError, NotImplementedError):
        return run_id
    own = decode_claim(delivering.current_claim())
    if own is not None and stored.uid != run.uid:
        with observer.translate_errors():
            other: StoredRun | None = observer.open_index().find(run.uid)
        return None if other is None or other.recorded_status != "QUEUED" else other.id
    if stored.recorded_status != "QUEUED":
        return run_id
    if stored.start_time is not None:
        raise RunIdError(
            f"run {str(run_id)!r} was started before and is queued to be continued: use "
            f"--resume {run_id}"
        )
    known = stored.claim  # none in other stores than the one in which the run was claimed
    if own is not None and known is not None and own.token != known.token:
        raise RunIdError(
            f"run {str(run_id)!r} is queued, but the worker {own.worker!r} has lost it: it showed "
            "nothing in time"
        )
    if own is None and known is not None and known.worker:
        raise RunIdError(
            f"run {str(run_id)!r} is queued and the worker {known.worker!r} starts it now: "
            "stop that worker first"
        )
    return run_id
