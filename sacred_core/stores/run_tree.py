"""Runs as a tree: each run below the run in which it was started."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import attrs

from sacred_core.exceptions import NotARunError
from sacred_core.stores.changes import list_ids
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_ids import id_order
from sacred_core.stores.run_store import RunStore
from sacred_core.stores.uids import UidIndex

T = TypeVar("T")

#: Levels that are indented further than those above them.
MOST_LEVELS = 16
#: Runs that are read to find the children of one run.
_MOST_READ = 200
#: Clocks of the machines of a parent and of a child may differ by this.
_TOLERANCE = timedelta(minutes=1)


def parent_uid(run: StoredRun) -> str | None:
    """Return the uid of the run in which a run was started; None if it was started by itself."""
    uid = run.meta.get("parent")
    return uid if isinstance(uid, str) else None


def arrange_tree(items: Sequence[T], run_of: Callable[[T], StoredRun]) -> list[tuple[T, int]]:
    """Return items in the order of a tree, each with its level; roots have level 0.

    A run whose parent is not among them is a root. Roots, and the children of one run, stay in
    their order.

    Args:
        items: Runs, or what contains them.
        run_of: Returns the run of an item.
    """
    parents = [parent_uid(run_of(item)) for item in items]
    if not any(parents):
        return [(item, 0) for item in items]
    uids = {run_of(item).uid: number for number, item in reversed([*enumerate(items)])}
    children: dict[int, list[int]] = {}
    roots: list[int] = []
    for number, uid in enumerate(parents):
        above = uids.get(uid) if uid is not None else None
        if above is None or above == number:
            roots.append(number)
        else:
            children.setdefault(above, []).append(number)
    placed = [*_placed(roots, children)]
    left = set(range(len(items))) - {number for number, _ in placed}
    placed += ((number, 0) for number in sorted(left))  # stored records may contain a circle
    return [(items[number], level) for number, level in placed]


def _placed(roots: list[int], children: dict[int, list[int]]) -> Iterator[tuple[int, int]]:
    waiting = [(number, 0) for number in reversed(roots)]
    while waiting:
        number, level = waiting.pop()
        yield number, level
        waiting += ((each, level + 1) for each in reversed(children.get(number, ())))


def indented(text: str, level: int) -> str:
    """Return the text of the first cell of a run at a level of the tree."""
    return "  " * min(level, MOST_LEVELS) + text


@attrs.frozen
class Relatives:
    """The runs around one run.

    Attributes:
        parent_uid: The uid of its parent, None if it has none.
        parent: Its parent, None if it is not in the store.
        children: Those of its store, the oldest first.
        is_complete: Whether all runs were read that may be its children.
    """

    parent_uid: str | None
    parent: StoredRun | None
    children: list[StoredRun]
    is_complete: bool


def find_relatives(store: RunStore, run: StoredRun) -> Relatives:
    """Return the parent and the children of a run.

    A child starts while its parent is running. Therefore only the runs are read that follow it in
    the store, up to the first one that started after its end.

    Args:
        store: The store of the run.
        run: The run.

    Raises:
        StoreError: the store cannot be read.
    """
    uid = parent_uid(run)
    parent = None if uid is None else UidIndex(store).find(uid)
    children: list[StoredRun] = []
    later = _ids_after(store, run.id)
    for each in _existing(store, later[:_MOST_READ]):
        if isinstance(run.id, int) and _is_after(each, run):
            return Relatives(uid, parent, children, is_complete=True)
        if parent_uid(each) == run.uid:
            children.append(each)
    return Relatives(uid, parent, children, is_complete=len(later) <= _MOST_READ)


def _ids_after(store: RunStore, run_id: int | str) -> list[int | str]:
    """Return the ids of runs that may follow a run: numbers above its own, or all strings."""
    others = (each for each in list_ids(store) if each != run_id)
    if isinstance(run_id, str):
        return sorted(others, key=id_order)
    return sorted((each for each in others if id_order(each) > id_order(run_id)), key=id_order)


def _existing(store: RunStore, ids: Iterable[Any]) -> Iterator[StoredRun]:
    for run_id in ids:
        try:
            yield store.get(run_id)
        except NotARunError:  # it was deleted
            continue


def _is_after(run: StoredRun, parent: StoredRun) -> bool:
    """Return whether a run started when another one had ended."""
    started, last = run.start_time, parent.stop_time
    if last is None and not parent.is_running():
        last = parent.heartbeat
    return started is not None and last is not None and started > last + _TOLERANCE
