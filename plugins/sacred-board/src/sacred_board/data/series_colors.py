"""The colour of each run: the same on every page."""

import zlib
from collections.abc import Sequence

from sacred_core.stores.model import StoredRun

#: Colours, each solid, dashed and dotted.
COLORS = 8
SLOTS = 3 * COLORS


def run_slots(runs: Sequence[StoredRun]) -> list[int]:
    """Return a number from 0 to 23 for each run, which selects its colour and dashes.

    The colour is that of the id modulo 8, so that neighbouring runs are distinct, or of a checksum
    of an id that is not a number: it does not depend on the page. Only a run whose colour an
    earlier run of the page has gets a free one, and dashes only where no colour is free: lines of
    many points have no dashes.
    """
    return _distinct([_preferred(run.id) for run in runs])


def group_slots(count: int) -> list[int]:
    """Return the numbers of groups of runs: in their order."""
    return [number % SLOTS for number in range(count)]


def _preferred(run_id: int | str | None) -> int:
    if isinstance(run_id, str) and not run_id.isdecimal():
        return zlib.crc32(run_id.encode()) % COLORS
    return (int(run_id or 0) - 1) % COLORS


def _distinct(preferred: Sequence[int]) -> list[int]:
    first = {color: index for index, color in reversed([*enumerate(preferred)])}
    taken = set(first)
    slots = []
    for index, color in enumerate(preferred):
        number = color
        if first[color] != index:
            while number in taken:  # the next colour, then all of them with other dashes
                number = (number + 1) % COLORS + number // COLORS * COLORS
                number += COLORS if number % COLORS == color else 0
                if number >= SLOTS:
                    taken.clear()
                    number = color
        taken.add(number)
        slots.append(number)
    return slots
