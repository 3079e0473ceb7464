"""Copies runs from any store to any other.

A copy is found by the uid of the run, and continued where it ends: copying a run again sends
nothing. The end of a run is sent last, so that a copy that was interrupted has no end.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import chain
from typing import Any

import attrs

from sacred_core.events import ArtifactAdded, Event, MetricsLogged, OutputCaptured, ResourceAdded
from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.shared_methods import ValueMethods
from sacred_core.stores.model import StoredRun
from sacred_core.stores.replay import Replay
from sacred_core.stores.run_store import CheckingStore, RunQuery, RunStore
from sacred_core.stores.stored_parts import (
    Stored,
    has_ended,
    has_same_segments,
    is_continued,
    is_unstarted,
    was_resumed,
    with_all_points,
)
from sacred_core.stores.writers import PartStore, WriterStore, stored_parts
from sacred_core.transfer.known_runs import LISTED_FIELDS, Target, has_recorded_uid, is_complete
from sacred_core.transfer.sending import Sender


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
        self._observer: Any = None

    def copy(self, run: StoredRun | None = None) -> Copied:
        """Copy what the target does not have yet.

        Args:
            run: In the source, with all attributes; by default it is read.

        Raises:
            UnavailableError: a store cannot be reached; calling it again continues the copy.
            StoreError: the run is damaged, or the target cannot store it.
        """
        run = run or self._source.get(self._run_id)
        if isinstance(self._source, CheckingStore):
            self._source.check_run(run.id)
        with self._target.lock(run.uid):
            return self._copy_locked(run)

    def _copy_locked(self, run: StoredRun) -> Copied:
        stored, self._stored = self._stored or self._find(run.uid), None
        counts = _Counts(self._note_sent)
        replay = Replay(self._source, run, stored)
        target_id, failures = self._send(replay, run, stored, counts.add)
        conflict = "" if stored is None else _conflict(run, stored.run)
        if not conflict and replay.output is not None and target_id is not None:
            if run.recorded_segments:
                run = with_all_points(self._source, run)
            known = attrs.evolve(run, id=target_id, status=run.recorded_status)
            self._stored = Stored(run=known, output=replay.output)
        return Copied(
            uid=run.uid,
            source_id=run.id,
            target_id=target_id,
            is_new=stored is None,
            has_ended=has_ended(run),
            events=counts.events,
            points=counts.points,
            characters=counts.characters,
            files=counts.files,
            size=replay.size,
            missing=(*replay.missing, *failures),
            conflict=conflict,
        )

    def _find(self, uid: str) -> Stored | None:
        known = self._target.find(uid)
        return None if known is None else Stored.of(self._target.store, known)

    def _send(
        self,
        replay: Replay,
        run: StoredRun,
        stored: Stored | None,
        note_sent: Callable[[Event], None],
    ) -> tuple[int | str | None, list[str]]:
        """Send all events, and return the id of the run in the target and what it did not store.

        What writers recorded is sent before the end.

        To continue a run may mean to read all of it: it is done only if there is an event, and the
        observer is used for the next copy.
        """
        known_id = None if stored is None else stored.run.id
        parts = PartCopier(self._source, run, self._target.store, note_sent)
        # Closed also after an error, so that the folder of the files is removed.
        with closing(iter(replay)) as events:
            first = next(events, None)
            if first is None:
                return known_id, parts.copy(known_id)
            observer, self._observer = self._observer, None
            if observer is None:
                is_started = stored is not None and not is_unstarted(stored.run)
                observer = self._target.observer_of(known_id if is_started else None)
            sender = Sender(observer, known_id, note_sent)
            sender.send(parts.copy_before_end(chain((first,), events), sender))
        self._observer = observer
        return sender.run_id, [*sender.failures, *parts.copy(sender.run_id)]


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


def copy_or_report(copier: RunCopier, run_id: int | str, run: StoredRun | None = None) -> Copied:
    """Return the result of copying a run; one that cannot be copied is a result with the reason.

    Args:
        copier: Of the run.
        run_id: The run in the source.
        run: As in `RunCopier.copy`.

    Raises:
        UnavailableError: a store cannot be reached.
    """
    try:
        return copier.copy(run)
    except UnavailableError:
        raise
    except StoreError as error:
        uid = "" if run is None else run.uid
        return Copied(uid=uid, source_id=run_id, target_id=None, missing=(str(error),))


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
    target.list_runs()
    query = query or RunQuery()
    listing = RunQuery(
        where=query.where, limit=query.limit, now=query.now, since=query.since, fields=LISTED_FIELDS
    )
    for listed in source.list(listing):
        # The uid of a run of Sacred depends on the whole record.
        run = listed if has_recorded_uid(listed) else source.get(listed.id)
        copy = target.listed(run.uid)
        if copy is not None and not run.writers and is_complete(run, copy):
            yield Copied(uid=run.uid, source_id=run.id, target_id=copy.id, has_ended=has_ended(run))
        else:
            run = source.get(listed.id) if run is listed else run
            yield copy_or_report(RunCopier(source, run.id, target, note_sent), run.id, run)


class PartCopier:
    """Copies what the writers of a run recorded.

    Args:
        source: The store of the run.
        run: The run there.
        target: The store to which it is copied.
        note_sent: Called with each event that is stored there.
    """

    def __init__(
        self, source: RunStore, run: StoredRun, target: Any, note_sent: Callable[[Event], None]
    ) -> None:
        self._source, self._run, self._target = source, run, target
        self._note_sent = note_sent
        self._problems: list[str] | None = None

    def copy_before_end(self, events: Iterable[Event], sender: Sender) -> Iterator[Event]:
        """Yield the events of a run; before its end, its parts are copied."""
        for event in events:
            if event.final:
                self.copy(sender.run_id)
            yield event

    def copy(self, target_id: int | str | None) -> list[str]:
        """Copy the parts once, and return what could not be copied.

        Args:
            target_id: The id of the run in the target; None if it was not copied.
        """
        if self._problems is None and target_id is not None:
            self._problems = list(self._copy(target_id))
        return self._problems or []

    def _copy(self, target_id: int | str) -> Iterator[str]:
        source, target = self._source, self._target
        parts = source.writer_store(self._run.id) if isinstance(source, PartStore) else None
        if parts is None:
            return
        if not isinstance(target, WriterStore):
            names = ", ".join(stored_parts(source, self._run.id))
            yield f"the target cannot store writers of a run: {names}"
            return
        copies = Target(target.writer_observer(target_id).open_store())
        for copied in copy_runs(parts, copies, note_sent=self._note_sent):
            problems = [*copied.missing, *filter(None, [copied.conflict])]
            yield from (f"writer {copied.source_id}: {problem}" for problem in problems)


class _Counts:
    """Counts what is sent."""

    def __init__(self, note_sent: Callable[[Event], None]) -> None:
        self._note_sent = note_sent
        self.events = self.points = self.characters = self.files = 0

    def add(self, event: Event) -> None:
        self.events += 1
        if isinstance(event, MetricsLogged):
            self.points += sum(len(metric["steps"]) for metric in event.metrics_by_name.values())
        elif isinstance(event, OutputCaptured):
            self.characters += len(event.text)
        elif isinstance(event, (ArtifactAdded, ResourceAdded)):
            self.files += 1
        self._note_sent(event)


def _conflict(run: StoredRun, known: StoredRun) -> str:
    """Return why a run of the target is not changed, or an empty string."""
    if not has_same_segments(run, known):
        return (
            f"it was resumed there at {known.segments[-1].start_time}, and here at "
            f"{run.segments[-1].start_time}"
        )
    is_earlier = was_resumed(known, run)  # what the source has of it is in the target
    if is_earlier or not has_ended(run) or is_continued(run, known):
        return ""
    return (
        f"it is {known.recorded_status} there since {known.stop_time}, and "
        f"{run.recorded_status} here since {run.stop_time}"
    )
