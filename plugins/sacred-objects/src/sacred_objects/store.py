"""Reads the runs in a bucket; a plugin provides the bucket."""

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from functools import partial
from itertools import islice
from typing import Any, BinaryIO, ClassVar, Self, cast

from sacred_core.exceptions import OutsideStoreError, StoreError
from sacred_core.hooks.targets import call_target
from sacred_core.observers.parts import require_main_run
from sacred_core.stores import (
    Annotation,
    Found,
    Read,
    RunQuery,
    run_or_foreign,
)
from sacred_core.stores.changes import CLOCK_TOLERANCE, time_position
from sacred_core.stores.curves import Ranges
from sacred_core.stores.documents import DocumentStore
from sacred_core.stores.folder_format import (
    METRIC_INDEX,
    METRICS,
    OUTPUT,
    RUN,
    MetricReader,
    decode_output,
    encode_output,
    is_named_by_content,
    is_run_name,
    parse_metrics,
    read_merged,
)
from sacred_core.stores.run_ids import normalize_id
from sacred_core.stores.summaries import MetricSummary
from sacred_core.stores.worker_claims import is_growing
from sacred_objects import object_keys
from sacred_objects.annotations import put_annotation
from sacred_objects.bucket import (
    has_scan,
    open_object,
    open_ranges,
)
from sacred_objects.ids import highest_folder, known_numbers, raise_number
from sacred_objects.listing import Batch, SegmentReader, batches, batches_of, scan_all
from sacred_objects.object_keys import possible_keys
from sacred_objects.observer import ObjectObserver
from sacred_objects.parts import PartsReader, replace_parts
from sacred_objects.queue import ObjectQueue
from sacred_objects.removal import delete_run, finish_deletions
from sacred_objects.run_folder import RunFolder
from sacred_objects.run_index import RunIndex

#: Imports this module.
_PARTS = "sacred_objects.parts_of_runs"
#: How often a run is looked at that changes while it is read.
_ATTEMPTS = 5
#: Folders of a bucket that an error names.
_MOST_NAMES = 20


class ObjectStore(ObjectQueue, DocumentStore[RunFolder]):
    """The runs in a folder of a bucket, also those that are running.

    Args:
        layout: Where they are.

    Attributes:
        scheme, option_names: See `ObjectObserver`.
        clock_tolerance: How much the clocks of the servers may differ: runs that changed within
            this time before a token was taken are listed as changed again.
    """

    change_kind: str | None = "objects"
    clock_tolerance = CLOCK_TOLERANCE
    scheme: ClassVar[str]
    option_names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, layout: object_keys.BucketLayout) -> None:
        self._layout = layout
        self._bucket = layout.bucket
        self._parts = PartsReader(layout.bucket)
        self._segments: dict[str, bytes] = {}  # for `SegmentReader`
        self.display_name = layout.display_name
        if not has_scan(self._bucket):
            self.change_kind = None  # the bucket is that of another plugin

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._layout.display_name!r})"

    @classmethod
    def from_location(cls, location: str) -> Self:
        """Return the plugin's store at a URL, such as ``s3://bucket/folder?region=...``."""
        make: Callable[..., Self] = cls
        try:
            found = object_keys.parse_location(location, cls.scheme, cls.option_names)
            return make(found.bucket, found.basedir, **found.options)
        except ValueError as error:
            raise StoreError(str(error)) from None

    from_argument = from_location

    def require_existing(self) -> None:
        """Raise an error for a folder without objects."""
        root = self._layout.root
        if root and next(iter(self._bucket.list(root)), None) is None:
            names = [*islice(self._bucket.folders(""), _MOST_NAMES)]
            known = (
                f"the bucket has the folders {', '.join(names)}" if names else "the bucket is empty"
            )
            raise StoreError(f"there is no folder {self.display_name!r}: {known}")

    def find(self, run_id: int | str) -> RunFolder | None:
        """Return the folder of a run."""
        name = str(run_id)
        if not is_run_name(name) or not _is_unicode(name):
            return None
        folder = RunFolder(self._layout, name)
        return folder if folder.is_run() else None

    def records(self, query: RunQuery, newest_first: bool) -> Iterator[tuple[Any, RunFolder]]:
        """Yield all folders, also those without a record."""
        for batch in self._batches(query, newest_first):
            for name, folder in batch.read_each(partial(RunFolder, batch.layout)):
                yield normalize_id(name), folder

    def ids(self) -> list[int | str]:
        """Return the ids of all runs, from one listing of the keys."""
        keys = (key.removeprefix(self._layout.root) for key in self._bucket.list(self._layout.root))
        paths = (key.partition("/") for key in keys)
        return [normalize_id(name) for name, _, own in paths if own == RUN and is_run_name(name)]

    def new_ids(self, known: Set[int | str]) -> list[int | str]:
        """Return the ids of folders that are not in ``known``, also those without a record."""
        ids = map(normalize_id, filter(is_run_name, self._bucket.folders(self._layout.root)))
        return [each for each in ids if each not in known]

    def count(self) -> int:
        """Return the number of runs, damaged ones and folders without a record too."""
        return sum(map(is_run_name, self._bucket.folders(self._layout.root)))

    def change_position(self) -> int:
        """Return the time of the last change of any run, see `time_position`."""
        states = scan_all(self._layout).runs.values()
        return time_position((state.changed for state in states), self.clock_tolerance)

    def update_index(self) -> int:
        """Write the index of all runs, such as those of Sacred and of earlier releases.

        Runs that this release records are in the index when they end. Runs that are not in it are
        listed as well, by some requests for each.

        Returns:
            How many objects were added to the index.

        Raises:
            StoreError: the bucket cannot be read or written.
        """
        noted = known_numbers(self._layout)[object_keys.STARTED_NUMBER]
        raise_number(self._layout, highest_folder(self._layout), noted)
        return RunIndex(self._layout).update() if has_scan(self._bucket) else 0

    def new_observer(self) -> ObjectObserver:
        """Return an observer of the same bucket."""
        return ObjectObserver.from_layout(self._layout)

    def writer_store(self, run_id: int | str) -> "ObjectStore | None":
        """Return the store of the parts of a run, in the folder of the run."""
        with self.translate_errors():
            parts = self._layout.parts(self.require(run_id).name)
            if not any(map(is_run_name, self._bucket.folders(parts.root))):
                return None
        store: ObjectStore = call_target(f"{_PARTS}:ObjectPartStore", self, self.get(run_id), parts)
        return store

    def writer_observer(self, run_id: int | str) -> ObjectObserver:
        """Return an observer that records a part of a run in the same bucket."""
        run = require_main_run(self, run_id)
        parts = self._layout.parts(str(run.id))
        observer: ObjectObserver = call_target(f"{_PARTS}:ObjectPartObserver", self, run, parts)
        return observer

    def continue_with(self, observer: ObjectObserver, run_id: int | str) -> None:
        """Make an observer continue a run."""
        entry = self.require(run_id).entry() or {}
        observer.continue_folder(
            self.get(run_id, raw=True), entry, self.output(run_id), self.metrics(run_id, raw=True)
        )

    def read_fields(self, record: RunFolder) -> Mapping[str, Read]:
        """Return what reads each field from the objects of a run."""
        return record.fields()

    def read_output(self, record: RunFolder) -> str:
        """Return the content of ``cout.txt``, or of the parts of a running run."""
        return decode_output(self._read_growing(record, OUTPUT, object_keys.OUTPUT_PARTS)[0])

    def read_points(self, record: RunFolder) -> Mapping[str, Any]:
        """Return the content of ``metrics.json``, or of the parts of a running run."""
        data, is_whole = self._read_growing(record, METRICS, object_keys.METRICS_PARTS)
        if not data:
            return {}
        return parse_metrics(json.loads(data) if is_whole else read_merged(io.BytesIO(data)))

    def read_summaries(
        self, record: RunFolder, names: Iterable[str] | None
    ) -> dict[str, list[MetricSummary]]:
        """Return the summaries in ``metrics.index.json``."""
        return self._metric_reader(record).summaries(names)

    def read_ranges(self, record: RunFolder, ranges: Ranges) -> dict[str, dict[str, Any]]:
        """Return ranges of points."""
        return self._metric_reader(record).points(ranges)

    def _metric_reader(self, record: RunFolder) -> MetricReader:
        index = (
            None
            if is_growing(record.entry() or {})
            else self._bucket.get(record.prefix + METRIC_INDEX)
        )
        file = None if index is None else open_ranges(self._bucket, record.prefix + METRICS)
        if index is not None and file is not None:
            return MetricReader(cast(BinaryIO, file), io.BytesIO(index), None)
        data, is_whole = self._read_growing(record, METRICS, object_keys.METRICS_PARTS)
        points = io.BytesIO(data) if data else None
        return MetricReader(points, None, None) if is_whole else MetricReader(None, None, points)

    def get_file(self, record: RunFolder, kind: str, name: str) -> BinaryIO | None:
        """Open a file of a run, which is read piece by piece."""
        for key in self._keys(record, kind, name):
            if (file := open_object(self._bucket, key)) is not None:
                return self._require_contained(key, file)
        return None

    def replace_output(self, record: RunFolder, text: str) -> None:
        """Replace the parts of the output of a run that did not end by one part."""
        parts = object_keys.parts_prefix(object_keys.OUTPUT_PARTS, record.entry() or {})
        replace_parts(self._bucket, record.prefix + parts, encode_output(text))

    def add_annotation(self, record: RunFolder, annotation: Annotation) -> None:
        """Write the line of an annotation into a separate object."""
        _, copy = put_annotation(self._bucket, record.prefix, annotation)
        if (record.entry() or {}).get("status") != "RUNNING":
            RunIndex(self._layout).add([copy])

    def delete(self, run_id: int | str) -> None:
        """Delete a run, and contents that no other run uses."""
        try:
            self.require(run_id)
        except StoreError:
            finish_deletions(self._layout)  # that of this run may have been interrupted
            raise
        super().delete(run_id)

    def remove(self, record: RunFolder) -> bool:
        """Delete a run; what cannot be removed yet is removed by a later deletion."""
        delete_run(self._layout, record.name)
        return True

    def _find_all(self, query: RunQuery, newest_first: bool) -> Iterator[Found]:
        """Yield the content of each folder; some are fetched ahead."""
        for batch in self._batches(query, newest_first):
            for name, run in batch.read_each(partial(self._read_listed, batch.layout, query)):
                yield normalize_id(name), run

    def _read_listed(self, layout: object_keys.BucketLayout, query: RunQuery, name: str) -> Any:
        folder = RunFolder(layout, name)
        return run_or_foreign(
            lambda: self._read_run(normalize_id(name), folder, query) if folder.is_run() else None
        )

    def _batches(self, query: RunQuery, newest_first: bool) -> Iterator[Batch]:
        since = self.position_since(query)
        segments = SegmentReader(self._layout, self._segments)
        if since is None:
            yield from batches(segments, query.limit, newest_first)
            return
        scan = scan_all(self._layout)
        names = [name for name, state in scan.runs.items() if state.changed >= since]
        yield from batches_of(segments, scan, names, newest_first)

    def _require_contained(self, key: str, file: BinaryIO) -> BinaryIO:
        """Return the file, if it is one of this store or a copy that an observer made.

        Raises:
            OutsideStoreError: a record names an object that belongs to something else.
        """
        layout = self._layout
        folders = (layout.root, f"{layout.resource_dir}/", f"{layout.source_dir}/")
        if key.startswith(folders) or is_named_by_content(key.rpartition("/")[2], file):
            return file
        file.close()
        raise OutsideStoreError(
            f"'{self._bucket.url}/{key}' is outside of {layout.display_name!r}, and its name "
            "does not contain the MD5 digest of its content, as the name of a copy in a "
            "resource_dir does"
        )

    def _read_growing(self, folder: RunFolder, whole: str, parts: str) -> tuple[bytes, bool]:
        """Return a file that grows while the run lasts, and whether it is that of an ended run."""
        for _ in range(_ATTEMPTS):
            entry = folder.entry() or {}
            if not is_growing(entry):
                data = self._bucket.get(folder.prefix + whole)
                if data is not None:
                    return data, True
            data = self._parts.join(folder.prefix + object_keys.parts_prefix(parts, entry))
            if data:
                return data, False
            folder = self.require(folder.name)
            if data is not None and entry == folder.entry():
                return self._bucket.get(folder.prefix + whole) or b"", True  # as Sacred writes it
        raise StoreError(f"run {folder.name!r} is being written; try again")

    def _keys(self, folder: RunFolder, kind: str, name: str) -> Iterator[str]:
        entry = folder.entry() or {}
        if kind == "artifact":
            if name in (entry.get("artifacts") or []):
                yield from (folder.prefix + key for key in possible_keys(name))
            return
        pairs: Any = []
        if kind == "patch":
            pairs = [(name, name)]
        elif kind == "resource":
            pairs = entry.get("resources") or []
        elif kind == "source":
            pairs = (entry.get("experiment") or {}).get("sources") or []
        # A resource that was read again with another content is listed again.
        yield from (
            self._layout.to_key(stored) for original, stored in reversed(pairs) if original == name
        )


def _is_unicode(name: str) -> bool:
    """Return whether a key may contain ``name``: no half of a surrogate pair."""
    return not any("\ud800" <= character <= "\udfff" for character in name)
