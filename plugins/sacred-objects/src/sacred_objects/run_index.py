"""The index of runs: a cache of their small objects, which writers fill.

A run that ends adds a segment. 32 segments are merged into one, and 32 of these into one of the
next level: 10,000 runs have about 50 segments. A copy counts only if a scan shows that the object
still has its version. Therefore a missing, stale or damaged index costs requests, never truth; no
lock is needed, and a process may be killed at any moment.

A segment that replaces others is written first. If one of the others is gone then, another process
has replaced it, perhaps to remove a deleted run, and the new one is removed again.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby, islice

from sacred_core.exceptions import StoreError
from sacred_core.loggers import own_logger
from sacred_core.stores.folder_format import RUN
from sacred_core.stores.run_ids import countable_id, id_order
from sacred_objects.bucket import has_scan, in_parallel
from sacred_objects.listing import (
    Scan,
    is_valid,
    list_segments,
    scan_all,
)
from sacred_objects.object_keys import BucketLayout
from sacred_objects.segments import Copy, Segment, decode_segment, encode_segment

_logger = own_logger(__name__)

#: Segments that are merged into one; levels above 0.
_SPAN, _LEVELS = 32, 2
#: Fewer segments of a level are not merged. Some of 32 runs may be running when it is their turn.
_FEWEST = _SPAN // 2, _SPAN
#: Bytes of a copy; larger objects are requested by each listing that needs them.
_LARGEST = 65_536
#: How often an index that other processes change is written again.
_ATTEMPTS = 5


class RunIndex:
    """Writes the index.

    Args:
        layout: Where the runs are.
    """

    def __init__(self, layout: BucketLayout) -> None:
        self._layout = layout
        self._bucket = layout.bucket

    def add(self, copies: Iterable[Copy]) -> None:
        """Add objects of one run. That it fails is logged: runs are listed without it."""
        small = [copy for copy in copies if len(copy.data) <= _LARGEST]
        if not small or not has_scan(self._bucket):
            return
        try:
            self._put(0, small)
            if _is_turn(small[0]):
                self.merge()
        except StoreError as error:
            _logger.info("Cannot update the index of %s: %s", self._layout.display_name, error)

    def merge(self) -> None:
        """Merge segments of the lower levels.

        Raises:
            StoreError: the bucket cannot be read or written.
        """
        for level in range(_LEVELS):
            segments = (each for each in list_segments(self._layout) if each.level == level)
            ordered = sorted(segments, key=_order)
            for _, alike in groupby(ordered, key=lambda segment: segment.first is None):
                while len(some := [*islice(alike, _SPAN)]) >= _FEWEST[level]:
                    copies = [copy for own in self._read(some) for copy in own]
                    self._replace(some, level + 1, [copies])

    def remove(self, name: str) -> None:
        """Remove the copies of a run whose record is deleted.

        Raises:
            StoreError: the bucket cannot be read or written.
        """
        done: set[str] = set()
        while found := [
            segment
            for segment in list_segments(self._layout)
            if segment.name not in done and segment.may_have([countable_id(name)])
        ]:
            for segment, copies in zip(found, self._read(found), strict=True):
                left = [copy for copy in copies if copy.run != name]
                has_run = len(left) < len(copies)
                if not has_run or self._replace([segment], segment.level, [left]):
                    done.add(segment.name)

    def update(self) -> int:
        """Write the index of all runs that are not running; return how many objects were added.

        Raises:
            StoreError: the bucket cannot be read or written.
        """
        for _ in range(_ATTEMPTS):
            scan = scan_all(self._layout)
            indexed = [copy for copies in self._read(scan.segments) for copy in copies]
            known = [copy for copy in indexed if is_valid(copy, scan.runs)]
            added = self._fetch(scan, known)
            if not added and len(known) == len(indexed):
                return 0
            if self._replace(scan.segments, _LEVELS, _by_runs([*known, *added]), is_read=True):
                return len(added)
        raise StoreError(f"the index of {self._layout.display_name} is being changed; try again")

    def _fetch(self, scan: Scan, known: Iterable[Copy]) -> list[Copy]:
        """Return copies of what the index does not have, of runs that do not change meanwhile."""
        has = {copy.key for copy in known}
        missing = [
            (f"{name}/{own}", version)
            for name, state in scan.runs.items()
            for own, version in state.versions.items()
            if f"{name}/{own}" not in has
        ]
        keys = (self._layout.root + key for key, _ in missing)
        found = zip(missing, in_parallel(self._bucket.get, keys), strict=True)
        copies = [
            Copy(key, version, data)
            for (key, version), data in found
            if data is not None and len(data) <= _LARGEST
        ]
        later = scan_all(self._layout).runs if copies else {}
        return [copy for copy in copies if later.get(copy.run) == scan.runs[copy.run]]

    def _replace(
        self,
        old: Sequence[Segment],
        level: int,
        new: Sequence[Sequence[Copy]],
        is_read: bool = False,
    ) -> bool:
        """Replace segments; return False if another process did that.

        Args:
            old: What is replaced.
            level: Of the new segments.
            new: The copies in each of them.
            is_read: Some copies are not in an old segment.
        """
        written = [self._put(level, copies) for copies in new if copies]
        left = {segment.name for segment in list_segments(self._layout)}
        is_current = left.issuperset(segment.name for segment in old)
        if is_current and is_read:
            runs = scan_all(self._layout).runs
            names = {copy.run for copies in new for copy in copies}
            is_current = all(name in runs and RUN in runs[name].versions for name in names)
        unused = old if is_current else written
        self._bucket.delete(segment.key(self._layout.root) for segment in unused)
        return is_current

    def _put(self, level: int, copies: Sequence[Copy]) -> Segment:
        segment = Segment.of(level, copies)
        self._bucket.put(segment.key(self._layout.root), encode_segment(copies), "application/gzip")
        return segment

    def _read(self, segments: Sequence[Segment]) -> list[list[Copy]]:
        keys = [segment.key(self._layout.root) for segment in segments]
        return [decode_segment(data) for data in in_parallel(self._bucket.get, keys)]


def _is_turn(copy: Copy) -> bool:
    """Return whether the run of ``copy`` is one of 32, which merge segments."""
    number = countable_id(copy.run)
    return (sum(copy.run.encode()) if number is None else number) % _SPAN == 0


def _order(segment: Segment) -> tuple[bool, int, str]:
    return segment.first is None, segment.first or 0, segment.name


def _by_runs(copies: Iterable[Copy]) -> list[list[Copy]]:
    """Return the copies of 1,024 runs each; runs with numbers are apart."""
    ordered = sorted(copies, key=lambda copy: (countable_id(copy.run) is None, id_order(copy.run)))
    runs = [list(own) for _, own in groupby(ordered, key=lambda copy: copy.run)]
    found: list[list[Copy]] = []
    for _, alike in groupby(runs, key=lambda own: countable_id(own[0].run) is None):
        while some := [*islice(alike, _SPAN**_LEVELS)]:
            found.append([copy for own in some for copy in own])
    return found
