"""Synchronises two stores: each gets the runs, and the parts of runs, that only the other one has.

Nothing is overwritten. Runs are paired by their uid.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import attrs

from sacred_core.events import Event
from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.shared_methods import ValueMethods
from sacred_core.stores import Annotation, RunQuery, RunStore, StoredRun
from sacred_core.stores.annotations import current_user
from sacred_core.stores.canonical import canonical_json
from sacred_core.stores.query import Field
from sacred_core.stores.stored_parts import (
    annotation_key,
    has_ended,
    has_same_segments,
    is_unstarted,
    was_resumed,
)
from sacred_core.transfer.copying import Copied, PartCopier, RunCopier
from sacred_core.transfer.differences import Difference
from sacred_core.transfer.known_runs import LISTED_FIELDS, Target, is_complete
from sacred_core.transfer.verification import compare

#: What is read of all runs to find those that are equal.
_FIELDS = (*LISTED_FIELDS, *map(Field, ("uid", "config", "result")))
#: Parts of the record that never change, also while a run is running.
_CONSTANT = ("config", "command", "metrics")
#: Parts that are merged, also where others differ.
_MERGED = ("annotations", "recorded by writers")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Synced(ValueMethods):
    """The result of synchronising one run in two stores, A and B.

    Attributes:
        uid: Of the run.
        name: Of its experiment.
        a, b: Its id in each store; None where it is missing, also afterwards.
        to_a, to_b: What was copied to each store, None if nothing had to be.
        is_merged: Tags or notes were added.
        conflicts: What differs in a run that both stores have, so that it was not copied.
        problem: Why it could not be synchronised, or None.
    """

    uid: str
    name: str
    a: int | str | None = None
    b: int | str | None = None
    to_a: Copied | None = None
    to_b: Copied | None = None
    is_merged: bool = False
    conflicts: tuple[Difference, ...] = ()
    problem: str | None = None

    @property
    def state(self) -> str:
        """One of ``equal``, ``copied to A``, ``copied to B``, ``merged``, ``conflict``, ``failed``.

        A run is merged if both stores have it, and one has got something.
        """
        if self.problem is not None:
            return "failed"
        if self.conflicts:
            return "conflict"
        for copied, state in ((self.to_a, "copied to A"), (self.to_b, "copied to B")):
            if copied is not None and copied.is_new:
                return state
        is_changed = any(each is not None and each.events for each in (self.to_a, self.to_b))
        return "merged" if is_changed or self.is_merged else "equal"

    @property
    def missing(self) -> tuple[str, ...]:
        """What could not be copied."""
        return tuple(text for each in (self.to_a, self.to_b) if each for text in each.missing)


@attrs.frozen
class _Side:
    """A run in one of the stores."""

    target: Target
    run: StoredRun
    name: str

    @property
    def store(self) -> RunStore:
        return self.target.store  # type: ignore[no-any-return]


def synchronise(
    a: Target, b: Target, note_sent: Callable[[Event], None] = lambda event: None
) -> Iterator[Synced]:
    """Synchronise all runs of two stores, and yield the result for each.

    Runs that ended are equal without being read if both stores have the same facts about them:
    configuration, result, status, end, numbers of points and characters, files, tags and notes.

    Args:
        a, b: The stores; with `sacred_core.transfer.planning.DryTarget` nothing is stored.
        note_sent: Called with each event that is stored.

    Raises:
        UnavailableError: a store cannot be reached; calling it again continues.
        StoreError: a store cannot be read.
    """
    runs_a, runs_b = _list(a.store), _list(b.store)
    for uid, run_a in runs_a.items():
        run_b = runs_b.get(uid)
        if run_b is None:
            yield _copy(a, run_a.id, b, "B", note_sent)
        elif _is_equal(run_a, run_b):
            yield Synced(uid=uid, name=run_a.name, a=run_a.id, b=run_b.id)
        else:
            yield _synchronise_run(a, run_a.id, b, run_b.id, note_sent)
    for uid, run_b in runs_b.items():
        if uid not in runs_a:
            yield _copy(b, run_b.id, a, "A", note_sent)


def _is_equal(a: StoredRun, b: StoredRun) -> bool:
    """Return whether both stores have the same run that ended, by the facts in its record."""
    return (
        has_ended(a)
        and not a.writers
        and is_complete(a, b)
        and is_complete(b, a)
        and canonical_json([a.config, a.result]) == canonical_json([b.config, b.result])
    )


def _list(store: RunStore) -> dict[str, StoredRun]:
    found: dict[str, StoredRun] = {}
    for run in store.list(RunQuery(fields=_FIELDS)):
        found.setdefault(run.uid, run)
    return found


def _copy(
    source: Target,
    run_id: int | str,
    target: Target,
    where: str,
    note_sent: Callable[[Event], None],
) -> Synced:
    uid = name = ""
    target_id, copied, problem = None, None, None
    try:
        run = source.store.get(run_id)
        uid, name = run.uid, run.name
        copied = RunCopier(source.store, run_id, target, note_sent).copy(run)
        target_id = copied.target_id
    except UnavailableError:
        raise
    except StoreError as error:
        problem = str(error)
    if where == "A":
        return Synced(uid=uid, name=name, a=target_id, b=run_id, to_a=copied, problem=problem)
    return Synced(uid=uid, name=name, a=run_id, b=target_id, to_b=copied, problem=problem)


def _synchronise_run(
    a: Target,
    id_a: int | str,
    b: Target,
    id_b: int | str,
    note_sent: Callable[[Event], None],
) -> Synced:
    result = Synced(uid="", name="", a=id_a, b=id_b)
    try:
        one, other = _Side(a, a.store.get(id_a), "A"), _Side(b, b.store.get(id_b), "B")
        result = attrs.evolve(result, uid=one.run.uid, name=one.run.name)
        return _copy_parts(_merge(result, one, other, note_sent), one, other, note_sent)
    except UnavailableError:
        raise
    except StoreError as error:
        return attrs.evolve(result, problem=str(error))


def _merge(result: Synced, a: _Side, b: _Side, note_sent: Callable[[Event], None]) -> Synced:
    comparison = compare(a.store, a.run, b.store, b.run)
    if comparison.problem is not None:
        return attrs.evolve(result, problem=comparison.problem)
    # Annotations are merged below, also where there are conflicts.
    differences = [each for each in comparison.differences if each.part not in _MERGED]
    conflicts = tuple(each for each in differences if _is_conflict(each, a.run, b.run))
    copied: dict[str, Copied] = {}
    if differences and not conflicts:
        first, second = (a, b) if _is_later(a.run, b.run) else (b, a)
        copied[second.name] = _send(first, second, note_sent)
        if any(each.missing_in == first.name for each in differences):
            copied[first.name] = _send(second, first, note_sent)
    is_merged = _merge_annotations(a, b)
    return attrs.evolve(
        result,
        to_a=copied.get("A"),
        to_b=copied.get("B"),
        conflicts=conflicts,
        is_merged=is_merged,
    )


def _copy_parts(result: Synced, a: _Side, b: _Side, note_sent: Callable[[Event], None]) -> Synced:
    """Copy what writers of a run recorded in each store to the other one."""
    problems = []
    for source, target in ((a, b), (b, a)):
        copier = PartCopier(source.store, source.run, target.store, note_sent)
        problems += copier.copy(target.run.id)
    return attrs.evolve(result, problem="; ".join(problems)) if problems else result


def _is_conflict(difference: Difference, a: StoredRun, b: StoredRun) -> bool:
    """Return whether a difference does not follow from one store having less than the other."""
    if was_resumed(a, b) or was_resumed(b, a):  # one of them is continued
        is_changed = difference.part in _CONSTANT and difference.missing_in is None
        return is_changed or not has_same_segments(a, b)
    if difference.missing_in is not None:
        has_less, has_more = (a, b) if difference.missing_in == "A" else (b, a)
        # The end would cut the longer output, as a filter may rewrite it.
        return difference.part == "output" and has_ended(has_less) and not has_ended(has_more)
    if is_unstarted(a) or is_unstarted(b):
        return False
    return (has_ended(a) and has_ended(b)) or difference.part in _CONSTANT


def _is_later(run: StoredRun, other: StoredRun) -> bool:
    """Return whether a run has ended and the other has not, or has the later heartbeat."""
    keys = [
        (
            len(each.recorded_segments),
            has_ended(each),
            not is_unstarted(each),
            each.heartbeat or each.start_time,
        )
        for each in (run, other)
    ]
    (*state, beat), (*other_state, other_beat) = keys
    if state != other_state:
        return state > other_state
    return other_beat is None or (beat is not None and beat >= other_beat)


def _send(source: _Side, target: _Side, note_sent: Callable[[Event], None]) -> Copied:
    return RunCopier(source.store, source.run.id, target.target, note_sent).copy()


def _merge_annotations(a: _Side, b: _Side) -> bool:
    """Add to each store the annotations that only the other one has; return whether there are any.

    Tags are those that follow from all annotations in the order of their times, which need not be
    the order in which they are stored.
    """
    runs = {each.name: each.store.get(each.run.id) for each in (a, b)}
    is_merged = False
    for one, other in ((a, b), (b, a)):
        keys = set(map(annotation_key, runs[other.name].annotations))
        for annotation in runs[one.name].annotations:
            if annotation_key(annotation) not in keys:
                other.store.annotate(other.run.id, annotation)
                is_merged = True
    after = [each.store.get(each.run.id) for each in (a, b)]
    if set(after[0].tags) != set(after[1].tags):
        correction = _tags_by_time([*runs["A"].annotations, *runs["B"].annotations], after)
        for each in (a, b):
            each.store.annotate(each.run.id, correction)
    return is_merged


def _tags_by_time(annotations: list[Annotation], runs: list[StoredRun]) -> Annotation:
    """Return an annotation with which both runs have the tags that follow from the times."""
    wanted = StoredRun(id=0, status="")
    for annotation in sorted(annotations, key=lambda each: each.time):
        wanted.annotate(annotation)
    present = {tag for run in runs for tag in run.tags}
    return Annotation(
        time=datetime.now(UTC),
        user=current_user(),
        added=wanted.tags,
        removed=sorted(present - set(wanted.tags)),
    )
