"""Reads the runs in a bucket; a plugin says in whose."""

import functools
import io
import json
from collections.abc import Iterator
from itertools import count
from typing import Any, BinaryIO

from sacred_core.exceptions import OutsideStoreError, StoreError
from sacred_core.stores import (
    Annotation,
    Found,
    GuardedStore,
    RunQuery,
    StoredRun,
    checked_metrics,
    run_or_foreign,
)
from sacred_core.stores.folder_format import (
    METRICS,
    OUTPUT,
    annotation_line,
    decode_output,
    encode_output,
    is_named_by_content,
    is_run_name,
    parse_metrics,
    read_merged,
)
from sacred_core.stores.run_ids import id_order, normalize_id
from sacred_objects import layout
from sacred_objects.artifact_keys import possible_keys
from sacred_objects.fetching import in_parallel
from sacred_objects.parts import joined, replaced
from sacred_objects.removal import delete, finish_deletions
from sacred_objects.run_folder import RunFolder
from sacred_objects.stream import opened

#: How often a run is looked at that changes while it is read.
_ATTEMPTS = 5


class ObjectStore(GuardedStore):
    """The runs at a place, also those under way.

    Args:
        place: Where they are.
    """

    def __init__(self, place: layout.Place) -> None:
        self._place = place
        self._bucket = place.bucket

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._place.shown!r})"

    def get(self, run_id: int | str) -> StoredRun:
        """Return one run; see `RunStore.get`."""
        name = self._name(run_id)
        run = self._read(name)
        if run is None:
            raise self._missing(run_id)
        return run

    def output(self, run_id: int | str) -> str:
        """Return what the run printed."""
        with self._guard_part(run_id, "the output"):
            data = self._grown(run_id, OUTPUT, layout.OUTPUT_PARTS)[0]
            return decode_output(data)

    def complete_output(self, run_id: int | str, text: str) -> None:
        """Let ``text`` be the whole output of a run that did not end, as one part of it."""
        name, entry = self._entry(run_id)
        prefix = self._place.run(name) + layout.parts_prefix(layout.OUTPUT_PARTS, entry)
        replaced(self._bucket, prefix, encode_output(text))

    def metrics(self, run_id: int | str) -> dict[str, dict[str, Any]]:
        """Return the metrics of a run, finished or running; see `RunStore.metrics`."""
        with self._guard_part(run_id, "the metrics"):
            data, is_whole = self._grown(run_id, METRICS, layout.METRICS_PARTS)
            if not data:
                return {}
            stored = json.loads(data) if is_whole else read_merged(io.BytesIO(data))
            return checked_metrics(parse_metrics(stored))

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        """Open a file of a run, which is read piece by piece; see `RunStore.open_file`."""
        folder, entry = self._entry(run_id)
        with self._guard_part(run_id, f"the {kind} {name!r}"):
            for key in self._keys(folder, entry, kind, name):
                if (file := opened(self._bucket, key)) is not None:
                    return self._contained(key, file)
        raise StoreError(f"the run {str(run_id)!r} has no {kind} {name!r}")

    def delete(self, run_id: int | str) -> None:
        """Remove a run, and resources and sources that no other run uses."""
        try:
            name = self._name(run_id)
            is_running = self.get(run_id).is_running()
        except StoreError:
            finish_deletions(self._place)  # that of this run may have been interrupted
            raise
        if is_running:
            raise StoreError(f"the run {str(run_id)!r} is under way")
        delete(self._place, name)

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Keep what somebody said in an object of its own; see `RunStore.annotate`."""
        self.get(run_id)
        prefix = self._place.run(self._name(run_id))
        data = annotation_line(annotation)
        keys = (prefix + layout.annotation_key(number) for number in count(1))
        next(key for key in keys if self._bucket.put_if_absent(key, data, layout.TEXT))

    def _entry(self, run_id: int | str) -> tuple[str, dict[str, Any]]:
        name = self._name(run_id)
        entry = self._folder(name).entry()
        if entry is None:
            raise self._missing(run_id)
        return name, entry

    def _name(self, run_id: int | str) -> str:
        name = str(normalize_id(run_id))
        if not is_run_name(name) or not _is_unicode(name):
            raise self._missing(run_id)
        return name

    def _missing(self, run_id: int | str) -> StoreError:
        return StoreError(f"run {str(normalize_id(run_id))!r} not found in {self._place.shown!r}")

    def _folder(self, name: str) -> RunFolder:
        return RunFolder(self._place, name)

    def _found(self, query: RunQuery, newest_first: bool) -> Iterator[Found]:
        """Yield the content of each folder; some are fetched ahead."""

        def read(name: str) -> Any:
            return run_or_foreign(functools.partial(self._read, name, query))

        folders = self._bucket.folders(self._place.root)
        names = sorted(filter(is_run_name, folders), key=id_order, reverse=newest_first)
        yield from zip(names, in_parallel(read, names), strict=True)

    def _read(self, name: str, query: RunQuery | None = None) -> StoredRun | None:
        folder = self._folder(name)
        if not folder.is_run():
            return None
        return self._run(normalize_id(name), folder.fields(), query)

    def _contained(self, key: str, file: BinaryIO) -> BinaryIO:
        """Return the file, if it is one of this store or a copy that an observer made.

        Raises:
            OutsideStoreError: a record names an object that belongs to something else.
        """
        place = self._place
        folders = (place.root, f"{place.resource_dir}/", f"{place.source_dir}/")
        if key.startswith(folders) or is_named_by_content(key.rpartition("/")[2], file):
            return file
        file.close()
        raise OutsideStoreError(
            f"'{self._bucket.url}/{key}' is outside of {place.shown!r}, and its name does not hold "
            "the MD5 digest of its content, as the name of a copy in a resource_dir does"
        )

    def _grown(self, run_id: int | str, whole: str, parts: str) -> tuple[bytes, bool]:
        """Return a file that grows while the run lives, and whether it is that of an ended run."""
        for _ in range(_ATTEMPTS):
            name, entry = self._entry(run_id)
            prefix = self._place.run(name)
            if entry.get("status") != "RUNNING":
                data = self._bucket.get(prefix + whole)
                if data is not None:
                    return data, True
            data = joined(self._bucket, prefix + layout.parts_prefix(parts, entry))
            if data:
                return data, False
            if data is not None and entry == self._entry(run_id)[1]:
                return self._bucket.get(prefix + whole) or b"", True  # as Sacred writes it
        raise StoreError(f"the run {str(run_id)!r} changes too fast to be read: try again")

    def _keys(self, folder: str, entry: dict[str, Any], kind: str, name: str) -> Iterator[str]:
        if kind == "artifact":
            if name in (entry.get("artifacts") or []):
                yield from (self._place.run(folder) + key for key in possible_keys(name))
            return
        pairs: Any = []
        if kind == "resource":
            pairs = entry.get("resources") or []
        elif kind == "source":
            pairs = (entry.get("experiment") or {}).get("sources") or []
        yield from (self._place.absolute(kept) for original, kept in pairs if original == name)


def _is_unicode(name: str) -> bool:
    """Return whether a key may contain ``name``: no half of a surrogate pair."""
    return not any("\ud800" <= character <= "\udfff" for character in name)
