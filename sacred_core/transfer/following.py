"""Copies runs that are chosen by their ids, and follows those that are running."""

import time
from collections.abc import Callable, Iterable, Iterator

import attrs

from sacred_core.events import Event
from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.stores import RunStore
from sacred_core.transfer.copying import Copied, RunCopier, copy_or_report
from sacred_core.transfer.known_runs import Target

#: Runs from which on all runs of the target are listed first, instead of a look-up for each.
_MANY = 20
#: What is summed up where a run is copied in several parts.
_SUMS = ("events", "points", "characters", "files", "size")


def copy_chosen(
    source: RunStore,
    ids: Iterable[int | str],
    target: Target,
    note_sent: Callable[[Event], None] = lambda event: None,
) -> Iterator[Copied]:
    """Copy runs in the order of their ids in ``ids``, and yield the result for each.

    Args:
        source: The store of the runs.
        ids: Of the runs.
        target: Where they are copied to.
        note_sent: Called with each event that is stored there.

    Raises:
        UnavailableError: a store cannot be reached.
    """
    for run_id in _prepare(ids, target):
        yield copy_or_report(RunCopier(source, run_id, target, note_sent), run_id)


def follow_chosen(
    source: RunStore,
    ids: Iterable[int | str],
    target: Target,
    interval: float,
    note_sent: Callable[[Event], None] = lambda event: None,
) -> Iterator[Copied]:
    """Copy runs as `copy_chosen`; copy those that are running again until they end.

    The result for such a run follows those of the others, once it has ended or has missed its
    heartbeats.

    Args:
        source, ids, target, note_sent: As of `copy_chosen`.
        interval: Seconds between two readings of a running run.

    Raises:
        UnavailableError: a store cannot be reached.
    """
    running: dict[int | str, tuple[RunCopier, Copied]] = {}
    for run_id in _prepare(ids, target):
        copier = RunCopier(source, run_id, target, note_sent)
        is_running = _is_running(source, run_id)
        copied = copy_or_report(copier, run_id)
        if is_running and copied.target_id is not None:
            running[run_id] = copier, copied
        else:
            yield copied
    while running:
        time.sleep(interval)
        for run_id, (copier, before) in [*running.items()]:
            is_running = _is_running(source, run_id)  # before the last part is read
            copied = _sum(before, copy_or_report(copier, run_id))
            running[run_id] = copier, copied
            if not is_running:
                del running[run_id]
                yield copied


def _prepare(ids: Iterable[int | str], target: Target) -> list[int | str]:
    chosen = list(ids)
    if len(chosen) >= _MANY:
        target.list_runs()
    return chosen


def _is_running(source: RunStore, run_id: int | str) -> bool:
    try:
        return source.get(run_id).is_running()
    except UnavailableError:
        raise
    except StoreError:  # it was deleted
        return False


def _sum(before: Copied, after: Copied) -> Copied:
    """Return the result of both parts of a copy."""
    sums = {name: getattr(before, name) + getattr(after, name) for name in _SUMS}
    missing = tuple(dict.fromkeys((*before.missing, *after.missing)))
    target_id = before.target_id if after.target_id is None else after.target_id
    return attrs.evolve(
        after, **sums, uid=before.uid, target_id=target_id, is_new=before.is_new, missing=missing
    )
