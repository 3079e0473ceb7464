"""Reads the small objects of many runs by few requests.

A scan returns the versions of 1,000 objects per request. What the index has of these versions is
not requested again, nor is what the scan shows to be missing.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from sacred_core.stores.folder_format import CONFIG, INFO, RUN, is_run_name
from sacred_core.stores.run_ids import countable_id, id_order
from sacred_objects.bucket import ObjectInfo, has_scan, in_parallel
from sacred_objects.object_keys import HEARTBEAT, INDEX, BucketLayout
from sacred_objects.segments import Copy, Segment, decode_segment

B = TypeVar("B")
#: Runs whose small objects are in memory together.
_BATCH = 1_024
#: Folders that are listed in vain, rather than by a request of their own for those after them.
_GAP = 64
#: How often the names of segments are read again that were merged meanwhile.
_ATTEMPTS = 4
_OWN = frozenset((RUN, CONFIG, INFO, HEARTBEAT))
_ANNOTATIONS = "annotations."
#: Objects in the answer to one request.
_PAGE = 1_000


def is_record_object(name: str) -> bool:
    """Return whether an object in the folder of a run is read by a listing."""
    return name in _OWN or (name.startswith(_ANNOTATIONS) and name.endswith(".jsonl"))


@attrs.define
class RunState:
    """What a scan has of one run.

    Attributes:
        versions: Of its small objects, by name.
        changed: When any object was written last, in nanoseconds since 1970.
    """

    versions: dict[str, str] = attrs.field(factory=dict)
    changed: int = 0


@attrs.define
class Scan:
    """What a scan found.

    Attributes:
        runs: By the name of the folder.
        segments: Of the index.
    """

    runs: dict[str, RunState] = attrs.field(factory=dict)
    segments: list[Segment] = attrs.field(factory=list)


def scan_all(layout: BucketLayout, has_times: bool = True) -> Scan:
    """Scan all objects.

    Args:
        layout: Where the runs are.
        has_times: The time of the last change of each run is needed.
    """
    return _scan(layout, [("", None)], skips=not has_times)


def scan_some(layout: BucketLayout, wanted: Iterable[str], names: Iterable[str]) -> Scan:
    """Scan the objects of some runs.

    Args:
        layout: Where the runs are.
        wanted: Their folders.
        names: Of all folders there.
    """
    ranges = _ranges({*wanted}, sorted(f"{name}/" for name in names))
    keys = ((layout.root + start, layout.root + stop) for start, stop in ranges)
    scan = _scan(layout, keys, skips=True)
    scan.segments = list_segments(layout)
    return scan


def list_segments(layout: BucketLayout) -> list[Segment]:
    """Return the segments of the index."""
    prefix = layout.root + INDEX
    names = (key.removeprefix(prefix) for key in layout.bucket.list(prefix))
    return [segment for name in names if (segment := Segment.parse(name)) is not None]


def batches(segments: "SegmentReader", limit: int | None, newest_first: bool) -> "Iterator[Batch]":
    """Yield all runs in batches, in the order of their ids; folders without a record too.

    Args:
        segments: Of the index.
        limit: How many runs are expected to be used; None: all.
        newest_first: The order.
    """
    layout = segments.layout
    if limit is None and has_scan(layout.bucket):
        scan = scan_all(layout, has_times=False)
        yield from batches_of(segments, scan, scan.runs, newest_first)
        return
    names = [*filter(is_run_name, layout.bucket.folders(layout.root))]
    ordered = sorted(names, key=id_order, reverse=newest_first)
    done, size = 0, _BATCH if limit is None else max(limit, 1)
    while done < len(ordered):
        some = ordered[done : done + min(size, _BATCH)]
        done, size = done + len(some), size * 4
        yield from _batches_of(segments, some, names, newest_first)


def batches_without(layout: BucketLayout, known: Container[str]) -> "Iterator[Batch]":
    """Yield all runs but some, in batches.

    Args:
        layout: Where the runs are.
        known: The folders of those that are left out.
    """
    names = [*filter(is_run_name, layout.bucket.folders(layout.root))]
    wanted = [name for name in names if name not in known]
    yield from _batches_of(SegmentReader(layout), wanted, names, newest_first=False)


def _batches_of(
    segments: "SegmentReader", wanted: Sequence[str], names: Sequence[str], newest_first: bool
) -> "Iterator[Batch]":
    if has_scan(segments.layout.bucket):
        scan = scan_some(segments.layout, wanted, names)
        yield from batches_of(segments, scan, wanted, newest_first)
    else:
        yield Batch(segments.layout, dict.fromkeys(wanted), {})


def batches_of(
    segments: "SegmentReader", scan: Scan, names: Iterable[str], newest_first: bool
) -> "Iterator[Batch]":
    """Yield runs of a scan in batches, in the order of their ids."""
    segments.use(scan.segments)
    ordered = sorted(names, key=id_order, reverse=newest_first)
    for start in range(0, len(ordered), _BATCH):
        some = ordered[start : start + _BATCH]
        states = {name: scan.runs.get(name, RunState()) for name in some}
        yield Batch(segments.layout, states, segments.contents(states))


class Batch:
    """Some runs; a bucket to read them from, which needs no request for what is known.

    Args:
        layout: Where they are.
        states: By the name of the folder; None where the bucket cannot be scanned.
        contents: Valid copies by key, below the folder of all runs.

    Attributes:
        url: See `Bucket`.
    """

    def __init__(
        self,
        layout: BucketLayout,
        states: Mapping[str, RunState | None],
        contents: Mapping[str, bytes],
    ) -> None:
        self.url = layout.bucket.url
        self._layout = layout
        self._states = states
        self._contents = contents

    @property
    def layout(self) -> BucketLayout:
        """The layout with this bucket."""
        bucket: Any = self
        return attrs.evolve(self._layout, bucket=bucket)

    def read_each(self, read: Callable[[str], B]) -> Iterator[tuple[str, B]]:
        """Yield each run with the result of a function of its name; some are read ahead."""
        remote = [name for name in self._states if not self._is_complete(name)]
        waiting, fetched = set(remote), in_parallel(read, remote)
        for name in self._states:
            yield name, next(fetched) if name in waiting else read(name)

    def folders(self, prefix: str) -> Iterator[str]:
        """See `Bucket`."""
        return self._layout.bucket.folders(prefix)

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes | None:
        """See `Bucket`."""
        name = key.removeprefix(self._layout.root)
        if name in self._contents and not start and length is None:
            return self._contents[name]
        run, _, own = name.partition("/")
        state = self._states.get(run)
        if state is not None and is_record_object(own) and own not in state.versions:
            return None
        return self._layout.bucket.get(key, start, length)

    def _is_complete(self, name: str) -> bool:
        """Return whether all small objects of a run are known."""
        state = self._states[name]
        return state is not None and all(
            f"{name}/{own}" in self._contents for own in state.versions
        )


class SegmentReader:
    """Fetches segments when they are needed, each once.

    Args:
        layout: Where they are.
        fetched: Those that earlier readers have fetched, by name; a segment never changes. Readers
            in several threads may share it. Those that no longer exist are removed.

    Attributes:
        layout: Where they are.
    """

    def __init__(self, layout: BucketLayout, fetched: dict[str, bytes] | None = None) -> None:
        self.layout = layout
        self._segments: list[Segment] = []
        self._fetched = {} if fetched is None else fetched
        self._data: dict[str, bytes | None] = {**self._fetched}

    def use(self, segments: Iterable[Segment]) -> None:
        """Set the segments of the index, as the last scan found them."""
        self._segments = [*segments]
        for name in {*self._fetched}.difference(segment.name for segment in self._segments):
            self._fetched.pop(name, None)

    def contents(self, states: Mapping[str, RunState]) -> dict[str, bytes]:
        """Return the valid copies of objects of some runs, by key."""
        return {
            copy.key: copy.data for copy in self._copies(_numbers(states)) if is_valid(copy, states)
        }

    def _copies(self, numbers: Sequence[int | None]) -> Iterator[Copy]:
        for _ in range(_ATTEMPTS):
            found = [segment for segment in self._segments if segment.may_have(numbers)]
            new = [segment for segment in found if segment.name not in self._data]
            keys = [segment.key(self.layout.root) for segment in new]
            answers = [*in_parallel(self.layout.bucket.get, keys)] if keys else []
            for segment, data in zip(new, answers, strict=True):
                self._data[segment.name] = data
                if data is not None:
                    self._fetched[segment.name] = data
            if None not in answers:
                break
            self._segments = list_segments(self.layout)  # merged meanwhile
        for segment in found:
            yield from decode_segment(self._data[segment.name])


def is_valid(copy: Copy, states: Mapping[str, RunState]) -> bool:
    """Return whether an object has the version of its copy still."""
    run, _, own = copy.key.partition("/")
    return run in states and states[run].versions.get(own) == copy.version


def _scan(layout: BucketLayout, ranges: Iterable[tuple[str, str | None]], skips: bool) -> Scan:
    """Scan ranges of keys.

    Args:
        layout: Where the runs are.
        ranges: First keys, which are left out, and the keys after the last ones.
        skips: Where a folder has thousands of other objects, they are skipped; the times of them
            are not needed.
    """
    scan = Scan()
    for start, stop in ranges:
        after: str | None = start
        while after is not None:
            after = _scan_range(layout, scan, after, stop, skips)
    return scan


def _scan_range(
    layout: BucketLayout, scan: Scan, start: str, stop: str | None, skips: bool
) -> str | None:
    """Scan keys; return after which key to continue, None at the end."""
    root, folder, others = layout.root, "", 0
    for found in layout.bucket.scan(root, start, stop):
        name, is_folder, own = found.key.removeprefix(root).partition("/")
        if name != folder:
            folder, others = name, 0
        is_used = bool(is_folder) and _add(scan, name, own, found)
        others = 0 if is_used else others + 1
        if skips and is_folder and others >= _PAGE:
            return f"{root}{_key_after(name, own)}"
    return None


def _add(scan: Scan, name: str, own: str, found: ObjectInfo) -> bool:
    """Add an object to a scan; return whether it is one that listings use."""
    if is_run_name(name):
        state = scan.runs.get(name)
        if state is None:
            state = scan.runs[name] = RunState()
        state.changed = max(state.changed, int(found.written.timestamp() * 1e6) * 1_000)
        if not is_record_object(own):
            return False
        state.versions[own] = found.version
        return True
    segment = Segment.parse(own) if f"{name}/" == INDEX else None
    if segment is not None:
        scan.segments.append(segment)
    return segment is not None


def _key_after(name: str, own: str) -> str:
    """Return a key after which the next object of a folder is that a listing uses.

    Args:
        name: Of the folder.
        own: The name of an object in it.
    """
    later = [each for each in (*_OWN, _ANNOTATIONS) if each > own] if is_run_name(name) else []
    # A key that lacks the last character is before it; "0" follows "/".
    return f"{name}/{max(own, min(later)[:-1])}" if later else f"{name}0"


def _ranges(wanted: set[str], folders: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield ranges of keys that have the wanted folders, and a few others between them.

    Args:
        wanted: Their names.
        folders: All folders with the slash at their end, sorted as keys are.
    """
    start, stop, gap = "", "", 0
    for folder in folders:
        if folder[:-1] not in wanted:
            gap += 1
            continue
        if start and gap > _GAP:
            yield start, stop
            start = ""
        start, stop, gap = start or folder, f"{folder[:-1]}0", 0  # "0" follows "/"
    if start:
        yield start, stop


def _numbers(names: Iterable[str]) -> list[int | None]:
    numbers = {countable_id(name) for name in names}
    known = sorted(number for number in numbers if number is not None)
    return [None, *known] if None in numbers else [*known]
