"""The queue of a store: workers claim its queued runs, renew their claims, and put runs back.

A claim is the token of the run: the worker that replaces it, in one step, has the run. So each
store whose runs can be resumed has a queue. A backend that chooses and claims a run in one step
overrides `DocumentQueue.take_first`.

Nothing here compares clocks of two machines. Who judges whether a worker is dead observes its runs
for some time, see `sacred_core.stores.worker_claims.state_of`.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeAlias, cast, runtime_checkable

import attrs

from sacred_core.exceptions import RunRemovedError, StoreError
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Query, all_of, parse, parse_where
from sacred_core.stores.run_store import ContinuingStore, RunQuery, RunStore, find_stored
from sacred_core.stores.segments import close_segment
from sacred_core.stores.tokens import new_token
from sacred_core.stores.worker_claims import (
    CLAIM_PREFIX,
    MISSED_INTERVALS,
    WorkerClaim,
    following_claim,
    is_claimed_by,
    is_waiting,
    new_claim,
    next_beat,
    priority_of,
    state_of,
)

#: A `sacred_core.observers.documents.DocumentObserver`, whose module imports this one.
Observer: TypeAlias = Any
#: Runs that have not ended. One whose heartbeats are old by the clock of this machine is DEAD.
_OPEN = parse("status in [QUEUED, RUNNING, DEAD]")
#: Seconds after which a worker that showed nothing has lost its runs.
LEASE = 30.0
#: The facts of a run that has recorded none, to which a claim is added.
NO_FACTS: Mapping[str, Any] = {"metrics": {}, "files": {}}
#: Seconds between two calls of `DocumentQueue.adopt_queued`, which may read all runs.
_ADOPTION_TIME = 60.0
#: Between how many runs workers choose that often try the same one.
_WIDEST_SPREAD = 256
#: How many runs of a list may have been taken by other workers before there is a new list.
_MOST_MISSES = 20
#: Seconds after which queued runs are listed again, so that new ones with a high priority are seen.
_LIST_TIME = 30.0
#: What `update_run` writes when a run is put back into the queue: an end is undone.
REQUEUED_FIELDS = frozenset("status stop_time heartbeat fail_trace segments claim".split())


@runtime_checkable
class RunQueue(Protocol):
    """A store whose queued runs workers execute. All methods may be called from many processes."""

    def claim(
        self, where: Query | str | None = None, worker: str = "", lease: float = LEASE
    ) -> StoredRun | None:
        """Choose a queued run and claim it, in one atomic step.

        A run with a higher priority is chosen first. Stores whose runs have an order choose the
        oldest of several with the same priority.

        Args:
            where: The condition for runs; None or an empty string: all.
            worker: The name of the worker.
            lease: Seconds after which the worker has lost the run if it showed nothing.

        Returns:
            The run, with its `StoredRun.claim`; None if no queued run fulfils the condition.

        Raises:
            QueryError: ``where`` is not a condition.
            StoreError: the store cannot be read or written.
        """

    def open_runs(self, where: Query | None = None) -> Iterator[StoredRun]:
        """Yield the runs that are queued or being executed and fulfil a condition.

        Idle workers call this often.

        Raises:
            StoreError: the store cannot be read.
        """

    def renew(self, run_id: int | str, claim: WorkerClaim) -> bool:
        """Show that the worker of a claimed run, which has not started, is alive.

        Returns:
            False if the run has started, or if the worker has lost it.
        """

    def requeue(
        self,
        run_id: int | str,
        reason: str,
        *,
        expected: StoredRun | None = None,
        is_lost: bool = False,
    ) -> bool:
        """Put a run that has not completed back into the queue, and fence its former process.

        A run that had started is resumed as its next segment when a worker claims it again.

        Args:
            run_id: The run.
            reason: Why, for those who read the record.
            expected: What was read of the run: it is put back only if nothing has changed since.
            is_lost: Its process, or that of its worker, was lost: this is counted.

        Returns:
            False if it is not in the expected state.

        Raises:
            StoreError: the run does not exist, or has completed.
        """


class DocumentQueue:
    """Implements `RunQueue` for each store that is a `ContinuingStore`."""

    #: How many runs `take_first` tries in one step; 1 for stores that claim one run after another.
    claims_at_once = 1
    #: Among how many of the oldest runs the next listing begins: the more, the more often another
    #: worker was faster.
    _spread = 1
    #: The condition of the last listing, when it was made, and what is left of it in order.
    _waiting: tuple[Query | None, float, list[int | str]] = (None, 0.0, [])
    _adopted: float | None = None
    #: Tokens of claims that were not recorded when this object saw them first, with that time.
    _unrecorded: Mapping[int | str, tuple[str, float]] = {}

    def claim(
        self, where: Query | str | None = None, worker: str = "", lease: float = LEASE
    ) -> StoredRun | None:
        """Claim a run; see `RunQueue.claim`."""
        where, claim = parse_where(where), new_claim(worker, lease)
        if self._adopted is None or time.monotonic() - self._adopted > _ADOPTION_TIME:
            self.adopt_queued()
            self._adopted = time.monotonic()
        if where is None and self.claims_at_once > 1:
            return self.take_first(None, claim)
        for waiting in self._listings(where):
            run_ids = waiting[: self.claims_at_once]
            run = self.take_first(run_ids, claim)
            # Those before the claimed run are those of other workers.
            is_claimed = run is not None and run.id in run_ids
            del waiting[: run_ids.index(run.id) + 1 if is_claimed and run else len(run_ids)]
            if run is not None:
                self._spread = max(self._spread - 1, 1)
                return run
            self._skip_some(waiting)
        return None

    def _skip_some(self, waiting: list[int | str]) -> None:
        """Go on at another place of a list, as another worker was faster at this one."""
        self._spread = min(self._spread * 4, _WIDEST_SPREAD)
        if self.claims_at_once == 1 and waiting:
            start = random.randrange(min(len(waiting), self._spread))
            waiting[:] = [*waiting[start:], *waiting[:start]]

    def adopt_queued(self) -> None:
        """Add runs to the queue that another program, or an earlier release, has queued."""

    def take_first(
        self, run_ids: Sequence[int | str] | None, claim: WorkerClaim
    ) -> StoredRun | None:
        """Claim the first of some runs that is still waiting; None if none of them is.

        With a higher `claims_at_once` than 1, ``run_ids`` may be None: the first of all runs.
        """
        taken = (self.take_claim(run_id, claim) for run_id in run_ids or ())
        return next((run for run in taken if run is not None), None)

    def take_claim(self, run_id: int | str, claim: WorkerClaim) -> StoredRun | None:
        """Claim one run; return None if it is not queued, or if another worker has it."""
        try:
            is_free = is_waiting(cast(RunStore, self).get(run_id))
            return self.try_claim(run_id, claim) if is_free else None
        except RunRemovedError:
            return None
        except StoreError:
            if find_stored(cast(RunStore, self), run_id) is not None:
                raise
            return None

    def try_claim(self, run_id: int | str, claim: WorkerClaim) -> StoredRun | None:
        """Try to claim a run that was waiting a moment ago; return None if it is not any more."""
        store = cast(ContinuingStore, self)
        observer = store.observer_of(run_id)
        if self._is_being_claimed(run_id, observer.token, claim):
            return None
        # After the token was read: who has replaced it has not changed the run before.
        if not is_waiting(cast(RunStore, self).get(run_id)):
            return None
        if not _replace_token(observer, observer.token, claim.token):
            return None
        store.continue_with(observer, run_id)
        if observer.token != claim.token:  # replaced since; the run may have been read before that
            return None
        run: StoredRun = observer.require_run()
        run.claim = following_claim(claim, run.claim)
        observer.write(observer.update_run, run, frozenset({"claim"}))
        return run

    def _is_being_claimed(self, run_id: int | str, token: str, claim: WorkerClaim) -> bool:
        """Return whether a worker has replaced the token of a run, and does not record it yet.

        A worker that was killed in between has the run no longer after the time of a claim.
        """
        if not token.startswith(CLAIM_PREFIX):
            return False
        seen, since = self._unrecorded.get(run_id, ("", 0.0))
        if seen != token:
            seen, since = token, time.monotonic()
            self._unrecorded = {**self._unrecorded, run_id: (seen, since)}
        return time.monotonic() - since < claim.interval * MISSED_INTERVALS

    def renew(self, run_id: int | str, claim: WorkerClaim) -> bool:
        """Renew a claim; see `RunQueue.renew`."""
        try:
            observer = cast(ContinuingStore, self).observer_of(run_id)
            run: StoredRun = observer.require_run()
            if not (is_claimed_by(run, claim) and observer.token == claim.token):
                return False
            run.claim = next_beat(run.claim)
            with observer.translate_errors():
                return bool(observer.renew_claim(run))
        except RunRemovedError:
            return False
        except StoreError:
            if find_stored(cast(RunStore, self), run_id) is not None:
                raise
            return False

    def requeue(
        self,
        run_id: int | str,
        reason: str,
        *,
        expected: StoredRun | None = None,
        is_lost: bool = False,
    ) -> bool:
        """Put a run back; see `RunQueue.requeue`."""

        def put_back(observer: Observer) -> None:
            run: StoredRun = observer.require_run()
            known = run.claim or WorkerClaim()
            close_segment(run)
            run.recorded_status, run.stop_time, run.fail_trace = "QUEUED", None, []
            run.claim = attrs.evolve(
                known, worker="", token="", reason=reason, lost=known.lost + is_lost
            )
            observer.write(observer.update_run, run, REQUEUED_FIELDS)

        return self._change(run_id, expected, put_back)

    def fail(
        self, run_id: int | str, trace: Sequence[str], expected: StoredRun | None = None
    ) -> bool:
        """End a run that could not be executed with the status FAILED, and fence its process.

        Args:
            run_id: The run.
            trace: Lines that explain it, as in `StoredRun.fail_trace`.
            expected: See `requeue`.

        Returns:
            False if it is not in the expected state.
        """
        lines = list(trace)
        return self._change(
            run_id, expected, lambda observer: observer.failed_event(datetime.now(UTC), lines)
        )

    def _change(
        self,
        run_id: int | str,
        expected: StoredRun | None,
        change: Callable[[Observer], None],
    ) -> bool:
        """Change a run after its process was fenced; return False if another worker did so first.

        A run that was deleted since it was read is not in its expected state either.
        """
        try:
            observer = self._take(run_id, expected)
            if observer is None:
                return False
            change(observer)
        except RunRemovedError:
            return False
        except StoreError:
            if expected is None or find_stored(cast(RunStore, self), run_id) is not None:
                raise
            return False
        return True

    def cancel(self, run_id: int | str, reason: str, expected: StoredRun | None = None) -> bool:
        """End a run with the status CANCELLED, and fence its process: no worker repeats it.

        Args:
            run_id: The run.
            reason: Why, for those who read the record.
            expected: See `requeue`.

        Returns:
            False if it has ended, or is not in the expected state.
        """
        if cast(RunStore, self).get(run_id).recorded_status not in ("QUEUED", "RUNNING"):
            return False

        def end(observer: Observer) -> None:
            observer.interrupted_event(datetime.now(UTC), "CANCELLED", [reason])

        return self._change(run_id, expected, end)

    def _take(self, run_id: int | str, expected: StoredRun | None) -> Observer | None:
        """Return an observer with a new token of a run, None if it is not in an expected state."""
        store = cast(ContinuingStore, self)
        observer = store.observer_of(run_id)
        run = cast(RunStore, self).get(run_id)  # after the token
        if expected is not None and state_of(run) != state_of(expected):
            return None
        if run.recorded_status == "COMPLETED":
            raise StoreError(f"run {str(run_id)!r} has completed: it cannot be queued again")
        token = new_token()
        if not _replace_token(observer, observer.token, token):
            return None
        store.continue_with(observer, run_id)
        if observer.token != token:  # replaced since; the run may have been read before that
            return None
        # What was written before the token was replaced, such as the end, is not undone.
        return observer if _owner_of(observer.require_run()) == _owner_of(run) else None

    def open_runs(self, where: Query | None = None) -> Iterator[StoredRun]:
        """Yield the runs that have not ended; see `RunQueue.open_runs`.

        A store that would read all its runs for this overrides it.
        """
        yield from cast(RunStore, self).list(open_query(where))

    def _listings(self, where: Query | None) -> Iterator[list[int | str]]:
        """Yield lists of runs that may be waiting: of the last listing, and then of new ones.

        The caller removes from the list what it has tried, and gets the rest of it again. Where
        other workers have taken many runs of a list, there is a new one.
        """
        known, since, left = self._waiting
        if known != where or time.monotonic() - since > _LIST_TIME:
            left = []
        tried: set[int | str] = set()
        while True:
            for _ in range(_MOST_MISSES):
                if not left:
                    break
                tried.update(left[: self.claims_at_once])
                yield left
            left = [each for each in self._list_waiting(where) if each not in tried]
            self._waiting = (where, time.monotonic(), left)
            if not left:
                return

    def _list_waiting(self, where: Query | None) -> list[int | str]:
        """Return the ids of waiting runs, the next one first.

        In stores that claim one run after another, workers that meet begin with other ones of
        those with the same priority, and go on from there: so few of them try the same run.
        """
        runs = [run for run in self.open_runs(where) if is_waiting(run)]
        runs.sort(key=lambda run: -priority_of(run))
        if self.claims_at_once > 1:
            return [run.id for run in runs]
        highest = [run.id for run in runs if priority_of(run) == priority_of(runs[0])]
        start = random.randrange(min(len(highest), self._spread)) if highest else 0
        return [*highest[start:], *highest[:start]]


def open_query(where: Query | None) -> RunQuery:
    """Return the query for the runs that fulfil a condition and have not ended."""
    return RunQuery(where=_OPEN if where is None else all_of([where, _OPEN]))


def _owner_of(run: StoredRun) -> tuple[Any, ...]:
    """Return what changes when a run ends, starts, or gets another worker."""
    claim = run.claim or WorkerClaim()
    return run.recorded_status, claim.token, claim.lost


def _replace_token(observer: Observer, old: str, new: str) -> bool:
    with observer.translate_errors():
        return bool(observer.replace_token(old, new))
