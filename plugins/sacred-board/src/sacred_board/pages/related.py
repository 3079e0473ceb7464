"""The runs that belong to a run: neighbours, copies, what it repeats, and what repeats it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from sacred_board.board import Board
from sacred_board.data.locations import Location
from sacred_core.masking import mask_text
from sacred_core.stores import StoredRun

#: Runs that repeat one which are shown.
_MOST_RERUNS = 20


@attrs.frozen
class Related:
    """A run that belongs to another one.

    Attributes:
        name: What is shown.
        slug: Its location; None if it is not on the board, or not known yet.
        run_id: Its id there.
    """

    name: str
    slug: str | None = None
    run_id: int | str | None = None


@attrs.frozen
class RelatedRuns:
    """The runs that belong to a run, as far as they are known.

    Attributes:
        previous, next: Its neighbours in its location.
        copies: Its copies in other locations.
        parent: The run that it repeats.
        reruns: The runs that repeat it.
    """

    previous: Related | None = None
    next: Related | None = None
    copies: Sequence[Related] = ()
    parent: Related | None = None
    reruns: Sequence[Related] = ()


async def find_related(board: Board, location: Location, run: StoredRun) -> RelatedRuns:
    """Return the runs that belong to a run.

    Runs that are not in memory yet are loaded in the background, and not waited for.
    """
    for each in board.locations:
        each.index.start_loading()
    return await location.index.compute(lambda: _find(board.locations, location, run))


def _find(locations: Sequence[Location], location: Location, run: StoredRun) -> RelatedRuns:
    runs = location.index.runs()
    place = next((number for number, each in enumerate(runs) if each.id == run.id), None)
    before = runs[place - 1] if place else None
    after = runs[place + 1] if place is not None and place + 1 < len(runs) else None
    uid = run.uid
    others = [each for each in locations if each is not location]
    reruns = (
        _related(own, each)
        for own in locations
        for each in own.index.runs()
        if "rerun_of" in each.meta and _rerun_of(each).get("uid") == uid
    )
    return RelatedRuns(
        previous=None if before is None else _related(location, before),
        next=None if after is None else _related(location, after),
        copies=[Related(own.name, own.slug, each.id) for own, each in _with_uid(others, uid)],
        parent=_find_parent(locations, run),
        reruns=[*reruns][-_MOST_RERUNS:],
    )


def _find_parent(locations: Sequence[Location], run: StoredRun) -> Related | None:
    parent = _rerun_of(run)
    if not parent:
        return None
    for found in _with_uid(locations, parent.get("uid")):
        return _related(*found)
    where = mask_text(str(parent.get("location") or "another store"))
    return Related(f"run {parent.get('id')} in {where}")


def _with_uid(locations: Sequence[Location], uid: Any) -> Iterator[tuple[Location, StoredRun]]:
    for own in locations:
        for each in own.index.runs():
            if own.index.uid(each) == uid:
                yield own, each


def _rerun_of(run: StoredRun) -> Mapping[str, Any]:
    found = run.meta.get("rerun_of")
    return found if isinstance(found, dict) else {}


def _related(location: Location, run: StoredRun) -> Related:
    return Related(f"run {run.id}", location.slug, run.id)
