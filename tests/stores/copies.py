"""Copies all runs of a store to another one."""

import os

from sacred_core.transfer.copying import Copied, copy_runs
from sacred_core.transfer.known_runs import Target

from .places import Place

#: Whether all pairs and many cuts are tested, which takes some minutes.
IS_WHOLE = bool(os.environ.get("SACRED_TEST_ALL_COPIES"))


def copy(source: Place, target: Place) -> list[Copied]:
    """Copy all runs through new connections."""
    return [*copy_runs(source.open(), Target(target.open()))]


def moved_by_copying(source: Place, target: Place) -> tuple[list[Copied], int]:
    """Copy all runs, and return the results and the bytes that both stores took."""
    places = {id(place.proxy): place for place in (source, target)}.values()
    before = sum(place.moved() for place in places)
    found = copy(source, target)
    return found, sum(place.moved() for place in places) - before
