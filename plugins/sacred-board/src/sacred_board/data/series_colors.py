"""The colour of each run: the same on every page."""

import zlib
from collections.abc import Sequence

from sacred_core.stores.model import StoredRun

#: Colours, each solid, dashed and dotted.
COLORS = 8
SLOTS = 3 * COLORS


def run_slots(runs: Sequence[StoredRun]) -> list[int]:
    """Return a number from 0 to 23 for each run, which selects its colour and dashes.

    A run has the number of its id modulo 24, so that neighbouring runs are distinct, or a checksum
    of an id that is not a number. It does not depend on the page. Of runs on a page with the same
    number, the later ones have the next free one.
    """
    return _distinct([_preferred(run.id) for run in runs])


def group_slots(count: int) -> list[int]:
    """Return the numbers of groups of runs: in their order."""
    return _distinct([number % SLOTS for number in range(count)])


def _preferred(run_id: int | str | None) -> int:
    if isinstance(run_id, str) and not run_id.isdecimal():
        return zlib.crc32(run_id.encode()) % SLOTS
    return (int(run_id or 0) - 1) % SLOTS


def _distinct(preferred: Sequence[int]) -> list[int]:
    taken: set[int] = set()
    slots = []
    for number in preferred:
        if len(taken) == SLOTS:
            taken.clear()
        while number in taken:
            number = (number + 1) % SLOTS
        taken.add(number)
        slots.append(number)
    return slots
