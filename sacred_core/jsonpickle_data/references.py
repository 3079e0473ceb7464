"""Finds what ``{"py/id": n}`` refers to: the n-th object that jsonpickle wrote.

jsonpickle counts objects while it writes them, in the order of each dictionary. Two things make
the number ambiguous afterwards: releases count differently, and Sacred's files have their keys
sorted. So each object gets the set of all numbers that it may have had, and a reference is
resolved only if one object may have had its number, or several that are equal.
Measured with jsonpickle 0.9.6, 1.5.2 and 4.1.4; `tests/golden/sacred` has the data.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

from sacred_core.jsonpickle_data.numbering import (
    AmbiguityError,
    Numbering,
    Walk,
    is_around,
    may_precede,
)
from sacred_core.jsonpickle_data.tags import is_tagged

#: The nodes of which each reference means one, by the `id` of the reference's dictionary.
References: TypeAlias = Mapping[int, list[Any]]
#: Nodes of different numbers may be equal, but not that many.
_MOST_TARGETS = 4


class _Candidate(NamedTuple):
    """An object that a reference may mean, and whether the reference is inside of it."""

    node: Any
    is_around: bool


class _Release(Enum):
    """How releases of Sacred count, which depends on the jsonpickle that they require."""

    #: Before 0.8: jsonpickle 0.x, which sorts keys and counts numpy's numbers, written as numbers.
    OLDEST = Numbering(counts_dicts=False, counts_numbers=True, lists_in_arrays=False)
    #: 0.8.0 to 0.8.2: jsonpickle 1.
    MIDDLE = Numbering(counts_dicts=False, counts_numbers=False, lists_in_arrays=True)
    #: Since 0.8.3: jsonpickle 2 and later.
    NEWEST = Numbering(counts_dicts=True, counts_numbers=False, lists_in_arrays=True)


def find_targets(
    document: Any, release: str | None, is_ordered: bool | None, last: str | None
) -> References:
    """Return the nodes of which each reference in ``document`` certainly means one.

    A reference that may mean an object around it is missing, and one that may mean too many.

    The arguments are those of `sacred_core.jsonpickle_data.decode_jsonpickle`.
    """
    if not _has_reference(document):
        return {}
    if is_ordered is None:
        is_ordered = not _is_sorted(document)
    try:
        found = [_candidates(document, each.value, is_ordered, last) for each in _rules(release)]
    except AmbiguityError:
        return {}
    if len(found) > 1:
        found = [each for each in found if _is_possible(each)]
    targets: dict[int, list[Any]] = {}
    for key in {key for each in found for key in each}:
        candidates = [candidate for each in found for candidate in each.get(key, ())]
        nodes = {id(candidate.node): candidate.node for candidate in candidates}
        if len(nodes) <= _MOST_TARGETS and not any(each.is_around for each in candidates):
            targets[key] = list(nodes.values())
    return targets


def _candidates(
    document: Any, numbering: Numbering, is_ordered: bool, last: str | None
) -> dict[int, list[_Candidate]]:
    """Return what each reference may mean, by the `id` of its dictionary."""
    walk = Walk(numbering, is_ordered or numbering.counts_numbers, last)
    walk.visit(document)
    numbered = walk.by_number()
    return {
        key: [
            _Candidate(each.node, is_around(each, reference))
            for each in numbered[reference.number]
            if may_precede(each, reference)
            # Plain lists and dictionaries do not hold themselves: JSON has no such data.
            and (not is_around(each, reference) or _is_object(each.node))
        ]
        for key, reference in walk.references.items()
    }


def _is_possible(candidates: dict[int, list[_Candidate]]) -> bool:
    """Tell whether each reference may mean an object that does not hold it."""
    return all(any(not each.is_around for each in found) for found in candidates.values())


def _is_object(node: Any) -> bool:
    return isinstance(node, dict) and is_tagged(node)


def _rules(release: str | None) -> list[_Release]:
    try:
        major, minor, micro = (int(part) for part in (release or "").split(".")[:3])
    except ValueError:
        parts = (release or "").split(".")
        return [_Release.OLDEST] if parts[:2] == ["0", "7"] else list(_Release)
    if (major, minor) < (0, 8):
        return [_Release.OLDEST]
    return [_Release.MIDDLE if (major, minor, micro) < (0, 8, 3) else _Release.NEWEST]


def _has_reference(document: Any) -> bool:
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "py/id" in node:
                return True
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    return False


def _is_sorted(document: Any) -> bool:
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if list(node) != sorted(node):
                return False
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    return True
