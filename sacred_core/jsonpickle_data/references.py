"""Finds what ``{"py/id": n}`` refers to: the n-th object that jsonpickle wrote.

jsonpickle counts objects while it writes them, in the order of each dictionary. Two things make
the number ambiguous afterwards: releases count differently, and Sacred's files have their keys
sorted. So each object gets the set of all numbers that it may have had, and a reference is
resolved only if one object may have had its number, or several that are equal.
Measured with jsonpickle 0.9.6, 1.5.2 and 4.1.4; `tests/golden/sacred` has the data.
"""

import json
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

import attrs

from sacred_core.jsonpickle_data.tags import family, is_tagged

#: Entries with objects in a dictionary of unknown order that are distinguished; of more, any order
#: of any objects in them is taken for possible.
_MOST_ENTRIES = 64
#: Bits of all sets of numbers, and comparisons of inexact objects with references.
_MOST_BITS = 2_000_000_000
_MOST_COMPARISONS = 5_000_000
#: Parts of tags that contain no counted objects: written by handlers of jsonpickle as they are.
_UNCOUNTED = {
    "array": ("shape", "strides", "dtype"), "masked array": ("shape", "strides", "dtype"),
    "frame": ("values", "dtypes", "meta"), "index": ("values", "meta"),
    "timestamp": ("values", "meta"), "scalar": ("dtype",),
}  # fmt: skip
#: Tags that are not counted and contain nothing.
_VALUES = ("py/b64", "py/b85", "py/type", "py/class", "py/function", "py/bytes")
#: The nodes of which each reference means one, by the `id` of the reference's dictionary.
References: TypeAlias = Mapping[int, list[Any]]
#: Nodes of different numbers may be equal, but not that many.
_MOST_TARGETS = 4


@attrs.frozen
class Numbering:
    """The rules by which a release of jsonpickle numbers objects.

    Attributes:
        counts_dicts: Plain dictionaries have numbers, too.
        counts_numbers: Any number may be one of numpy, which has a number but no tag.
        lists_in_arrays: The lists of numpy's arrays have numbers.
    """

    counts_dicts: bool
    counts_numbers: bool
    lists_in_arrays: bool


class AmbiguityError(Exception):
    """The order of the document leaves too many possibilities."""


@attrs.frozen
class Place:
    """The numbers that are possible at one place.

    They are ``low`` to ``low + span``, and the same again from each bit that is set in ``mask``.
    """

    low: int = 0
    span: int = 0
    mask: int = 1

    def after(self, count: int) -> "Place":
        """Return the place behind ``count`` more objects."""
        return Place(self.low + count, self.span, self.mask)

    def after_any_of(self, sizes: Iterable[int]) -> "Place":
        """Return the place behind any of the parts that have these numbers of objects."""
        sizes = list(sizes)
        mask = self.mask
        if len(sizes) > _MOST_ENTRIES:
            return Place(self.low, self.span + sum(sizes), mask)
        for size in sizes:
            mask |= mask << size
        return Place(self.low, self.span, mask)

    @property
    def is_exact(self) -> bool:
        """Whether only one number is possible."""
        return self.span == 0 and self.mask == 1

    def __contains__(self, number: int) -> bool:
        first = number - self.low
        if first < 0:
            return False
        reach = self.mask >> max(0, first - self.span)
        return bool(reach & ((1 << (min(first, self.span) + 1)) - 1))


@attrs.frozen
class Counted:
    """An object that has a number."""

    node: Any
    place: Place
    path: tuple[tuple[int, bool], ...]


@attrs.frozen
class Reference:
    """A mention of an object that was written before."""

    node: Any
    number: int
    path: tuple[tuple[int, bool], ...]


@attrs.define
class Walk:
    """Visits a document in the order in which it was written.

    Attributes:
        numbering: How objects are counted.
        is_ordered: Whether dictionaries have the order in which they were written.
        last: The entry of the document that was written after all others.
        objects: What has numbers.
        references: What refers to them, by the `id` of its node.

    Raises:
        AmbiguityError: `visit` finds too many possibilities.
    """

    numbering: Numbering
    is_ordered: bool
    last: str | None = None
    objects: list[Counted] = attrs.field(factory=list)
    references: dict[int, Reference] = attrs.field(factory=dict)
    #: Which part of each container around the place, and whether its parts are in unknown order.
    _path: list[tuple[int, bool]] = attrs.field(factory=list)
    _sizes: dict[int, int] = attrs.field(factory=dict)
    _bits: int = 0

    def visit(self, document: Any) -> None:
        """Count the objects of a whole document."""
        self._visit(document, Place(), is_root=True)

    def by_number(self) -> dict[int, list[Counted]]:
        """Return the objects that may have each of the numbers in references."""
        wanted = {reference.number for reference in self.references.values()}
        found: dict[int, list[Counted]] = {number: [] for number in wanted}
        inexact = sum(not each.place.is_exact for each in self.objects)
        if inexact * len(wanted) > _MOST_COMPARISONS:
            raise AmbiguityError
        for each in self.objects:
            for number in wanted & {each.place.low} if each.place.is_exact else wanted:
                if number in each.place:
                    found[number].append(each)
        return found

    def _visit(self, node: Any, place: Place, is_root: bool = False) -> Place:
        if isinstance(node, list):
            return self._in_order(node, self._count(node, place))
        if not isinstance(node, dict):
            is_number = isinstance(node, (int, float)) and self.numbering.counts_numbers
            return Place(place.low, place.span + 1) if is_number else place
        if "py/id" in node:
            if type(node["py/id"]) is int:
                self.references[id(node)] = Reference(node, node["py/id"], tuple(self._path))
            return place
        if not is_tagged(node):
            counted = self._count(node, place) if self.numbering.counts_dicts else place
            return self._entries(node, counted, self.last if is_root else None)
        return self._tag(node, place)

    def _count(self, node: Any, place: Place) -> Place:
        self.objects.append(Counted(node, place, tuple(self._path)))
        return place.after(1)

    def _tag(self, node: dict[str, Any], place: Place) -> Place:
        for tag in ("py/tuple", "py/set"):
            if isinstance(node.get(tag), list):
                return self._in_order(node[tag], place)
        if any(tag in node for tag in _VALUES):
            return place
        place = self._count(node, place)
        if isinstance(node.get("py/reduce"), list):
            return self._in_order(node["py/reduce"], place)
        kind = family(node)
        parts = {k: v for k, v in node.items() if k not in ("py/object", "py/iterator")}
        is_text = node.get("txt") is True  # of pandas: text, and what is needed to read it
        for name in ("values", "meta") if is_text else _UNCOUNTED.get(kind, ()):
            parts.pop(name, None)
        if kind in ("array", "masked array") and not self.numbering.lists_in_arrays:
            parts.pop("values", None)
        return self._parts(parts, place)

    def _parts(self, parts: dict[str, Any], place: Place) -> Place:
        """Visit the parts of an object: its arguments, its attributes, its state, its items."""
        before = [parts.pop(name) for name in ("py/newargs", "py/newargsex") if name in parts]
        behind = [parts.pop("py/state", None)]
        items = parts.pop("py/seq", None)
        reduced = parts.pop("__reduce__", None)
        if isinstance(reduced, list) and len(reduced) > 1 and isinstance(reduced[1], list):
            before += reduced[1]
        behind += items if isinstance(items, list) else []
        place = self._in_order(before, place)
        place = self._entries(parts, place, None, first=len(before))
        return self._in_order(behind, place, first=len(before) + len(parts))

    def _in_order(self, nodes: Iterable[Any], place: Place, first: int = 0) -> Place:
        for part, node in enumerate(nodes, first):
            if isinstance(node, (list, dict)) or self.numbering.counts_numbers:
                self._path.append((part, False))
                place = self._visit(node, place)
                self._path.pop()
        return place

    def _entries(
        self, entries: dict[str, Any], place: Place, last: str | None, first: int = 0
    ) -> Place:
        """Visit the entries of a dictionary, whose places have the numbers from ``first``."""
        if self.is_ordered:
            for part, (key, value) in enumerate(entries.items(), first):
                place = self._in_order([value], self._key(key, place), part)
            return place
        if last in entries:
            others = {key: value for key, value in entries.items() if key != last}
            place = self._entries(others, place, None, first)
            return self._in_order([entries[last]], place, first + len(others))
        sizes = [_size(self, value, key) for key, value in entries.items()]
        counted = [size for size in sizes if size]
        for part, (key, value) in enumerate(entries.items(), first):
            if not isinstance(value, (list, dict)) and not sizes[part - first]:
                continue
            others_counted = counted.copy()
            if sizes[part - first]:
                others_counted.remove(sizes[part - first])
            start = self._key(key, place.after_any_of(others_counted))
            self._bits += start.mask.bit_length()
            if self._bits > _MOST_BITS:
                raise AmbiguityError
            self._path.append((part, True))
            self._visit(value, start)
            self._path.pop()
        return place.after(sum(sizes))

    def _key(self, key: str, place: Place) -> Place:
        """Count the objects in a key, which jsonpickle wrote as JSON text."""
        if not key.startswith(("json://{", "json://[")):
            return place
        try:
            tag = json.loads(key[len("json://") :])
        except ValueError:
            return place
        counter = Walk(self.numbering, is_ordered=True)
        counter.visit(tag)
        return place.after(len(counter.objects))

    def size_of(self, node: Any) -> int:
        """Return the number of objects in ``node``, if numbers are not counted."""
        if not isinstance(node, (list, dict)):
            return 0
        if id(node) not in self._sizes:
            counter = Walk(self.numbering, is_ordered=True)
            counter.visit(node)
            self._sizes[id(node)] = len(counter.objects)
        return self._sizes[id(node)]


def _size(walk: Walk, value: Any, key: str) -> int:
    return walk.size_of(value) + walk._key(key, Place()).low


def is_around(each: Counted, reference: Reference) -> bool:
    """Return whether a reference is inside of the object that it may mean."""
    return reference.path[: len(each.path)] == each.path and len(reference.path) > len(each.path)


def may_precede(each: Counted, reference: Reference) -> bool:
    """Return whether an object may have been written before a reference."""
    for (mine, is_unordered), (its, _) in zip(each.path, reference.path, strict=False):
        if mine != its:
            return is_unordered or mine < its
    return len(each.path) < len(reference.path)


class _Candidate(NamedTuple):
    """An object that a reference may mean, and whether the reference is inside of it."""

    node: Any
    is_around: bool


class _Release(Enum):
    """The numbering of a release of Sacred, by the jsonpickle that it requires."""

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
            # Plain lists and dictionaries do not contain themselves: JSON has no such data.
            and (not is_around(each, reference) or _is_object(each.node))
        ]
        for key, reference in walk.references.items()
    }


def _is_possible(candidates: dict[int, list[_Candidate]]) -> bool:
    """Return whether each reference may mean an object that does not contain it."""
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
