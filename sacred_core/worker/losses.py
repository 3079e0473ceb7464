"""What happens to a run whose process, or that of its worker, was lost."""

from collections.abc import Callable
from typing import Any

from sacred_core.exceptions import StoreError
from sacred_core.loggers import own_logger
from sacred_core.masking import mask_text
from sacred_core.observers.retry_policy import OUTAGES
from sacred_core.plurals import counted
from sacred_core.serialization import message_of
from sacred_core.stores.model import StoredRun
from sacred_core.stores.worker_claims import is_being_queued

logger = own_logger("sacred_core.worker")


def change_run(change: Callable[[], bool]) -> bool:
    """Return what a change of a run returns; False if the run was deleted or completed meanwhile.

    Raises:
        UnavailableError: the store cannot be reached.
    """
    try:
        return change()
    except OUTAGES:
        raise
    except StoreError as error:
        logger.info("Nothing was changed: %s", mask_text(message_of(error)))
        return False


def lose_run(store: Any, run: StoredRun, tries: int, reason: str) -> str:
    """Put a run back into the queue, or end it as failed if it was lost too often.

    If the process that queued the run was killed while it stored it, this is no loss: nothing has
    executed the run.

    Args:
        store: The queue.
        run: The run as it was read; nothing is done if it has changed since.
        tries: How often a run is started whose process is lost.
        reason: How it was lost.

    Returns:
        What was done, for the log; empty if the run has changed.
    """
    if is_being_queued(run):
        reason = "the process that queued it was lost"
        is_changed = change_run(lambda: store.requeue(run.id, reason, expected=run))
        return f"released, as {reason}" if is_changed else ""
    lost = 1 + (run.claim.lost if run.claim is not None else 0)
    if lost < tries:
        is_changed = change_run(lambda: store.requeue(run.id, reason, expected=run, is_lost=True))
        return f"queued again, as {reason} (loss {lost} of {tries})" if is_changed else ""
    text = f"the process of the run was lost {counted(lost, 'time')}; the last time, {reason}\n"
    is_changed = change_run(lambda: store.fail(run.id, [text], expected=run))
    return f"FAILED: {text.strip()}" if is_changed else ""
