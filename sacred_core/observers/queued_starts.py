"""Whether a queued run may be started by its id."""

from typing import Any, TypeAlias

from sacred_core.exceptions import RunIdError, StoreError, UnavailableError
from sacred_core.observers import delivering
from sacred_core.stores.worker_claims import decode_claim

#: A `sacred_core.observers.documents.DocumentObserver`, whose module imports this one.
Observer: TypeAlias = Any


def check_queued(observer: Observer, run_id: int | str) -> None:
    """Check that a queued run with the id that the user requested may be started.

    Of several processes that start it at once, the store lets one do so.

    Raises:
        RunIdError: it was started before, or a worker has claimed it.
        UnavailableError: the store cannot be read.
    """
    try:
        with observer.translate_errors():
            stored = observer.open_store().get(run_id)
    except UnavailableError:
        raise
    except (StoreError, NotImplementedError):
        return
    if stored.recorded_status != "QUEUED":
        return
    if stored.start_time is not None:
        raise RunIdError(
            f"run {str(run_id)!r} was started before and is queued to be continued: use "
            f"--resume {run_id}"
        )
    own = decode_claim(delivering.current_claim())
    if stored.claim and stored.claim.worker and (own is None or own.token != stored.claim.token):
        raise RunIdError(
            f"run {str(run_id)!r} is queued and the worker {stored.claim.worker!r} starts it now: "
            "stop that worker first"
        )
