"""Copies runs from any store to any other.

A copy is found by the uid of the run, and continued where it ends: copying a run again sends
nothing. The end of a run is sent last, so that a copy that was interrupted has no end.
"""

from collections.abc import Callable, Iterator
from typing import Any

import attrs

from sacred_core.events import ArtifactAdded, Event, MetricsLogged, OutputCaptured, ResourceAdded
from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.shared_methods import ValueMethods
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Field
from sacred_core.stores.replay import Replay
from sacred_core.stores.run_store import ContinuingStore, RunQuery, RunStore
from sacred_core.stores.stored_parts import (
    Stored,
    annotation_key,
    has_ended,
    has_same_end,
    is_same_file_set,
)
from sacred_core.stores.uids import UidIndex
from sacred_core.transfer.sending import Sender

#: What a listing reads to find the runs that are complete in the target.
_FIELDS = tuple(
    map(Field, ("id", "meta", "stop_time", "output_length", "metrics", "files", "artifacts",
                "resources", "tags"))
)  # fmt: skip


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Copied(ValueMethods):
    """The result of copying one run.

    Attributes:
        uid: Of the run.
        source_id, target_id: Its ids in both stores; ``target_id`` is None if it was not copied.
        is_new: The target did not have the run.
        has_ended: The run has its end in the target, so that nothing will follow.
        events: The number of events that were sent; 0 if the target had everything.
        points, characters, files: The number of points of metrics, characters of output, and
            artifacts and resources among them.
        size: The number of bytes of files that were read, with those of sources.
        missing: What could not be read from the source or stored in the target.
        conflict: Why the run of the target was not changed, or ``""``: it has another end.
    """

    uid: str
    source_id: int | str
    target_id: int | str | None
    is_new: bool = False
    has_ended: bool = False
    events: int = 0
    points: int = 0
    characters: int = 0
    files: int = 0
    size: int = 0
    missing: tuple[str, ...] = ()
    conflict: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether the target has everything that the source has at this time."""
        return not self.missing and not self.conflict


class Target:
    """A store that runs are copied to.

    Args:
        store: From `sacred_core.stores.open_store` or `RunObserver.open_store`.

    Attributes:
        store: The store.

    Raises:
        StoreError: the store can only be read.
    """

    def __init__(self, store: RunStore) -> None:
        if not isinstance(store, ContinuingStore):
            raise StoreError(f"{store!r} can only be read: choose another target")
        self.store: Any = store
        self._uids = UidIndex(store)

    def find(self, uid: str) -> StoredRun | None:
        """Return the run with a uid, None if there is none.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._uids.find(uid)


class RunCopier:
    """Copies one run, which may be in progress, again and again.

    It remembers what the target has, so that only what is new is read there.

    Args:
        source: The store of the run.
        run_id: The run there.
        target: Where it is copied to.
        note_sent: Called with each event that is stored there.
    """

    def __init__(
        self,
        source: RunStore,
        run_id: int | str,
        target: Target,
        note_sent: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self._source, self._run_id, self._target = source, run_id, target
        self._note_sent = note_sent
        self._stored: Stored | None = None

    def copy(self, run: StoredRun | None = None) -> Copied:
        """Copy what the target does not have yet.

        Args:
            run: In the source, with all attributes; by default it is read.

        Raises:
            UnavailableError: a store cannot be reached; calling it again continues the copy.
            StoreError: the run is damaged, or the target cannot store it.
        """
        run = run or self._source.get(self._run_id)
        stored, self._stored = self._stored or self._find(run.uid), None
        counts = _Counts(self._note_sent)
        sender = self._sender(stored, counts.add)
        replay = Replay(self._source, run, stored)
        sender.send(replay)
        conflict = "" if stored is None else _conflict(run, stored.run)
        if not conflict and replay.output is not None and sender.run_id is not None:
            known = attrs.evolve(run, id=sender.run_id, status=run.recorded_status)
            self._stored = Stored(run=known, output=replay.output)
        return Copied(
            uid=run.uid,
            source_id=run.id,
            target_id=sender.run_id,
            is_new=stored is None,
            has_ended=has_ended(run),
            events=sender.count,
            points=counts.points,
            characters=counts.characters,
            files=counts.files,
            size=replay.size,
            missing=(*replay.missing, *sender.failures),
            conflict=conflict,
        )

    def _find(self, uid: str) -> Stored | None:
        known = self._target.find(uid)
        return None if known is None else Stored.of(self._target.store, known)

    def _sender(self, stored: Stored | None, note_sent: Callable[[Event], None]) -> Sender:
        known_id = None if stored is None else stored.run.id
        is_started = stored is not None and stored.run.recorded_status != "QUEUED"
        observer = self._target.store.observer_of(known_id if is_started else None)
        return Sender(observer, known_id, note_sent)


def copy_run(
    source: RunStore,
    run: StoredRun,
    target: Target,
    note_sent: Callable[[Event], None] = lambda event: None,
) -> Copied:
    """Copy what a target does not have of a run.

    Args:
        source: The store of the run.
        run: In the source, with all attributes, as `RunStore.get` returns it.
        target: Where it is copied to.
        note_sent: Called with each event that is stored there.

    Raises:
        UnavailableError: a store cannot be reached; copying the run again continues it.
        StoreError: the run is damaged, or the target cannot store it.
    """
    return RunCopier(source, run.id, target, note_sent).copy(run)


def copy_runs(
    source: RunStore,
    target: Target,
    query: RunQuery | None = None,
    note_sent: Callable[[Event], None] = lambda event: None,
) -> Iterator[Copied]:
    """Copy runs in the order of the source, and yield the result for each.

    The runs that the target has already are found by one listing of each store.

    Args:
        source: The store of the runs.
        target: Where they are copied to.
        query: Which runs; all by default.
        note_sent: As in `copy_run`.

    Raises:
        UnavailableError: a store cannot be reached.
        StoreError: a store cannot be read. A run that cannot be copied is a result with a reason.
    """
    listed = target.store.list(RunQuery(fields=_FIELDS))
    known = {uid: run for run in listed if (uid := _recorded_uid(run))}
    query = query or RunQuery()
    listing = RunQuery(
        where=query.where, limit=query.limit, now=query.now, since=query.since, fields=_FIELDS
    )
    for run in source.list(listing):
        uid = _recorded_uid(run)
        copy = known.get(uid)
        if copy is not None and is_complete(run, copy):
            yield Copied(uid=uid, source_id=run.id, target_id=copy.id, has_ended=True)
        else:
            yield _copy_listed(source, run.id, target, note_sent)


def is_complete(run: StoredRun, copy: StoredRun) -> bool:
    """Return whether a copy has all of a run that ended, as far as their records have facts.

    Args:
        run: In the source.
        copy: In the target.
    """
    keys = [annotation_key(each) for each in copy.annotations]
    return (
        has_same_end(run, copy)
        and None not in (run.output_length, run.metrics, copy.metrics)
        and run.output_length == copy.output_length
        and _counts(run) == _counts(copy)
        and is_same_file_set(run.resource_info, copy.resource_info)
        and is_same_file_set(run.artifact_info, copy.artifact_info)
        and all(annotation_key(each) in keys for each in run.annotations)
    )


class _Counts:
    """Counts what is sent."""

    def __init__(self, note_sent: Callable[[Event], None]) -> None:
        self._note_sent = note_sent
        self.points = self.characters = self.files = 0

    def add(self, event: Event) -> None:
        if isinstance(event, MetricsLogged):
            self.points += sum(len(metric["steps"]) for metric in event.metrics_by_name.values())
        elif isinstance(event, OutputCaptured):
            self.characters += len(event.text)
        elif isinstance(event, (ArtifactAdded, ResourceAdded)):
            self.files += 1
        self._note_sent(event)


def _copy_listed(
    source: RunStore, run_id: int | str, target: Target, note_sent: Callable[[Event], None]
) -> Copied:
    run = source.get(run_id)
    try:
        return copy_run(source, run, target, note_sent)
    except UnavailableError:
        raise
    except StoreError as error:
        return Copied(uid=run.uid, source_id=run.id, target_id=None, missing=(str(error),))


def _recorded_uid(run: StoredRun) -> str:
    """Return the uid in the record; an empty string if there is none, and it is derived from it."""
    uid = run.meta.get("uid")
    return uid if isinstance(uid, str) else ""


def _conflict(run: StoredRun, known: StoredRun) -> str:
    """Return why a run of the target is not changed, or an empty string."""
    if not (has_ended(known) and has_ended(run)) or has_same_end(run, known):
        return ""
    return (
        f"it is {known.recorded_status} there since {known.stop_time}, and "
        f"{run.recorded_status} here since {run.stop_time}"
    )


def _counts(run: StoredRun) -> dict[str, int]:
    return {name: summary.stop for name, summary in (run.metrics or {}).items() if summary.stop}
