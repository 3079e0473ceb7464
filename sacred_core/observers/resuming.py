"""How an observer resumes a run: its store has the run, and another process recorded it before.

The token of the run in the store is replaced first, in one step: from then on the other process can
write nothing more, and of several processes that resume the run one succeeds. Then the new segment
is recorded. A process that is killed in between leaves a run that can be resumed again.
"""

import contextlib
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from sacred_core.events import RunStarted
from sacred_core.exceptions import ResumeError, RunRemovedError, StoreError, UnavailableError
from sacred_core.loggers import own_logger
from sacred_core.stores.documents import DocumentStore
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_store import ContinuingStore, RunStore
from sacred_core.stores.segments import Ends, output_mark, resume_run, without_mark
from sacred_core.stores.summaries import MetricSummary, merge_summaries
from sacred_core.stores.worker_claims import WorkerClaim, decode_claim

#: A `sacred_core.observers.documents.DocumentObserver`, whose module imports this one.
Observer: TypeAlias = Any
#: What `update_run` writes when a run is resumed: an end is undone.
RESUMED_FIELDS = frozenset(
    "status stop_time heartbeat fail_trace segments writers metrics output_length".split()
)
#: Stores round times to milliseconds.
_SAME = timedelta(milliseconds=2)

_logger = own_logger(__name__)


def resume_stored(observer: Observer, start: RunStarted, token: str, _id: Any) -> int | str | None:
    """Make an observer record the next segment of a run that its store has.

    Args:
        observer: Of the store.
        start: The event with which the run is resumed.
        token: The new token of the run. An earlier attempt may have taken it over with this one.
        _id: The id of the run, perhaps in another store; or None.

    Returns:
        The id of the run; None if the store does not have it.

    Raises:
        ResumeError: another process has resumed the run.
    """
    with observer.translate_errors():
        store = observer.open_store()
    run = _find(observer, store, start, _id)
    if run is None:
        return None
    if not (isinstance(store, ContinuingStore) and isinstance(store, DocumentStore)):
        raise StoreError(
            f"run {str(run.id)!r} cannot be resumed: {type(store).__name__} must derive from "
            "DocumentStore, with new_observer and continue_with"
        )
    try:
        with observer.translate_errors():
            lock = observer.lock_uid(run.uid)  # of stores that check the token before a write
        with lock or contextlib.nullcontext():
            is_resumed = _take_over(observer, store, start, token, run.id)
    except RunRemovedError:
        is_resumed = False
    if not is_resumed:
        raise ResumeError(
            f"run {str(run.id)!r} in {observer.display_name} cannot be resumed: another process "
            "has resumed or deleted it meanwhile"
        )
    return run.id


def _take_over(
    observer: Observer, store: Any, start: RunStarted, token: str, run_id: int | str
) -> bool:
    """Record the new segment, and return False if another process has resumed the run.

    Until the segment is recorded the run has another token than after that. So a process that reads
    the run meanwhile does not replace the token of one that has resumed it completely.
    """
    store.continue_with(observer, run_id)
    if _replace_token(observer, token, token):  # an earlier attempt was successful
        store.continue_with(observer, run_id)
        return True
    claimed = decode_claim(start.claim)
    claim = hashlib.md5(token.encode(), usedforsecurity=False).hexdigest()
    if not _replace_token(observer, claim, claim):
        old = observer.token
        if claimed is not None and _has_lost(observer, claimed):
            return False
        if len(store.get(run_id).segments) > start.segment:  # read after the token
            return False
        if not _replace_token(observer, old, claim):
            return False
    store.continue_with(observer, run_id)  # the former process may have written more
    if not _has_begun(observer.require_run(), start):
        _begin_segment(observer, store, start)
    if not _replace_token(observer, claim, token):
        return False
    store.continue_with(observer, run_id)  # from the positions of the new segment
    return True


def _has_lost(observer: Observer, own: WorkerClaim) -> bool:
    """Return whether another worker has claimed a run, or it was queued again, after a claim.

    Another store than that of the queue has the claim with which the run was started there last.
    """
    known = observer.require_run().claim or WorkerClaim()
    if known.token == own.token:
        return bool(observer.token != own.token)
    return bool(known.number >= own.number)


def warn_not_stored(observer: Observer, start: RunStarted) -> None:
    """Warn that the store does not have a run that is resumed."""
    _logger.warning(
        "%s does not have the run that is resumed: it is recorded there from segment %d on. To "
        "add the earlier segments, copy the run there with 'sacred runs copy' before it is resumed",
        observer.display_name, start.segment + 1,
    )  # fmt: skip


def is_resumed(observer: Observer) -> bool:
    """Return whether the store has the current run, in which this observer can write no more.

    Raises:
        UnavailableError: the store cannot be read.
    """
    own = observer.require_run()
    try:
        with observer.translate_errors():
            stored = observer.open_store().get(own.id)
    except UnavailableError:
        raise
    except StoreError:
        return False
    has_uid = own.meta.get("uid") == own.uid  # else another run may have the same
    return stored.uid == own.uid and (has_uid or len(stored.segments) > len(own.segments))


def _find(observer: Observer, store: RunStore, start: RunStarted, _id: Any) -> StoredRun | None:
    """Return the run with the uid of a start: usually it has the id, else runs are listed."""
    uid = str(start.meta_info.get("uid", ""))
    if _id is not None:
        try:
            run = store.get(_id)
        except UnavailableError:
            raise
        except StoreError:
            run = None
        if isinstance(run, StoredRun) and run.uid == uid:
            return run
    with observer.translate_errors():
        index = observer.open_index()
    found: StoredRun | None = index.find(uid)
    return found


def _replace_token(observer: Observer, old: str, new: str) -> bool:
    with observer.translate_errors():
        return bool(observer.replace_token(old, new))


def _has_begun(run: StoredRun, start: RunStarted) -> bool:
    """Return whether an earlier attempt has recorded the segment; only for the own token."""
    began = run.segments[-1].start_time
    return began is not None and abs(began - start.start_time) < _SAME


def _begin_segment(observer: Observer, store: DocumentStore[Any], start: RunStarted) -> None:
    """Write the mark in the output, and then the segment."""
    run = observer.require_run()
    output = without_mark(store.output(run.id), start.segment)  # of an interrupted attempt
    mark = output_mark(start, output)
    observer.write(observer.append_output, mark, len(output))
    run.metrics = _stored_metrics(store, run.id)
    points = {name: own.stop for name, own in run.metrics.items()}
    if run.segments[-1].status == "RUNNING":
        run.heartbeat = _last_time(observer, store, run)
    resume_run(run, start, Ends(len(output) + len(mark), points))
    observer.write(observer.update_run, run, RESUMED_FIELDS)


def _last_time(observer: Observer, store: DocumentStore[Any], run: StoredRun) -> datetime | None:
    """Return when a process that was killed wrote last: a heartbeat, or points after it."""
    ranges = {name: (own.stop - 1, own.stop) for name, own in (run.metrics or {}).items()}
    with store.translate_errors():
        found = store.read_ranges(store.require(run.id, "metrics"), ranges)
    last = [time for metric in found.values() for time in metric["timestamps"]]
    times = [time.replace(tzinfo=UTC) for time in last if isinstance(time, datetime)]
    return max([*times, *([run.heartbeat] if run.heartbeat else [])], default=None)


def _stored_metrics(store: DocumentStore[Any], run_id: int | str) -> dict[str, MetricSummary]:
    """Return the summary of each metric that a store has, of all segments."""
    with store.translate_errors():
        found = store.read_summaries(store.require(run_id, "metrics"), None)
    return {name: merge_summaries(blocks) for name, blocks in found.items() if blocks}
