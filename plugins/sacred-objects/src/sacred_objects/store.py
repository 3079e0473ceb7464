"""Reads the runs in a bucket; a plugin says in whose."""

import functools
import json
import tempfile
from collections.abc import Iterable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any, BinaryIO

from sacred_file.entries import (
    annotation_line,
    annotations,
    stored_run,
    time_of,
    typed_metrics,
)
from sacred_file.layout import is_run_name
from sacred_file.metrics import folded

from sacred_core.exceptions import (
    DamagedRecordError,
    NotARunError,
    StoreError,
)
from sacred_core.jsonpickle_data import decode_jsonpickle, decode_run_entry, sacred_release
from sacred_core.stores import Annotation, RunQuery, SkippedRuns, StoredRun, check_record
from sacred_core.stores.run_ids import id_order, normalize_id
from sacred_objects import layout
from sacred_objects.artifact_keys import possible_keys
from sacred_objects.fetching import in_parallel
from sacred_objects.json_objects import read_json
from sacred_objects.parts import joined, replaced
from sacred_objects.removal import removed
from sacred_objects.stream import opened

#: How often a run is looked at that changes while it is read.
_ATTEMPTS = 5


class ObjectStore:
    """The runs at a place, also those under way.

    Args:
        place: Where they are.
    """

    def __init__(self, place: layout.Place) -> None:
        self._place = place
        self._bucket = place.bucket

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._place.shown!r})"

    def list(self, query: RunQuery | None = None) -> Iterator[StoredRun]:
        """Yield runs from the oldest to the newest; see `RunStore.list`."""
        query = query or RunQuery()
        folders = self._bucket.folders(self._place.root)
        names = sorted(filter(is_run_name, folders), key=id_order)
        if query.limit is None:
            yield from self._readable(names, query)
            return
        yield from reversed(list(islice(self._readable(reversed(names), query), query.limit)))

    def get(self, run_id: int | str) -> StoredRun:
        """Return one run; see `RunStore.get`."""
        name, entry = self._entry(run_id)
        return self._completed(name, self._alive(name, stored_run(name, entry)))

    def output(self, run_id: int | str) -> str:
        """Return what the run printed."""
        data = self._grown(run_id, layout.OUTPUT, layout.OUTPUT_PARTS)[0]
        return data.decode("utf-8", "replace")

    def complete_output(self, run_id: int | str, text: str) -> None:
        """Let ``text`` be the whole output of a run that did not end, as one part of it."""
        prefix = self._place.run(self._entry(run_id)[0]) + layout.OUTPUT_PARTS
        replaced(self._bucket, prefix, text.encode("utf-8", "backslashreplace"))

    def metrics(self, run_id: int | str) -> dict[str, dict[str, Any]]:
        """Return the metrics of a run, finished or under way; see `RunStore.metrics`."""
        data, is_whole = self._grown(run_id, layout.METRICS, layout.METRICS_PARTS)
        if not data:
            return {}
        return typed_metrics(json.loads(data) if is_whole else _folded(data))

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        """Open a file of a run, which is read piece by piece; see `RunStore.open_file`."""
        folder, entry = self._entry(run_id)
        for key in self._keys(folder, entry, kind, name):
            if (file := opened(self._bucket, key)) is not None:
                return file
        raise StoreError(f"the run {str(run_id)!r} has no {kind} {name!r}")

    def delete(self, run_id: int | str) -> None:
        """Remove a run, and resources and sources that no other run uses."""
        name, entry = self._entry(run_id)
        if self._alive(name, stored_run(name, entry)).current_status() == "RUNNING":
            raise StoreError(f"the run {str(run_id)!r} is under way")
        removed(self._place, name, entry)

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Keep what somebody said in an object of its own; see `RunStore.annotate`."""
        prefix = self._place.run(self._entry(run_id)[0])
        data = annotation_line(annotation)
        keys = (prefix + layout.annotation_key(number) for number in count(1))
        next(key for key in keys if self._bucket.put_if_absent(key, data, layout.TEXT))

    def _entry(self, run_id: int | str) -> tuple[str, dict[str, Any]]:
        name = str(normalize_id(run_id))
        entry = self._read_entry(name) if is_run_name(name) and _is_unicode(name) else None
        if entry is None:
            raise StoreError(f"run {name!r} not found in {self._place.shown!r}")
        return name, check_record(entry, self._address(name))

    def _address(self, name: str) -> str:
        return f"'{self._bucket.url}/{self._place.run(name)}{layout.RUN}'"

    def _read_entry(self, name: str) -> Any:
        key = self._place.run(name) + layout.RUN
        return read_json(self._bucket, key, decode=decode_run_entry)

    def _readable(self, names: Iterable[str], query: RunQuery) -> Iterator[StoredRun]:
        """Yield the runs that are asked for; of damaged ones a warning."""

        def read(name: str) -> StoredRun | StoreError | None:
            try:
                entry = self._read_entry(name)
                if entry is None:
                    return None
                check_record(entry, self._address(name))
                run = self._alive(name, stored_run(name, entry))
                return self._completed(name, run) if query.accepts(run) else None
            except (DamagedRecordError, NotARunError) as error:
                return error

        with SkippedRuns() as skipped:
            names = list(names)
            for name, found in zip(names, in_parallel(read, names), strict=True):
                if isinstance(found, StoreError):
                    skipped.add(name, found)
                elif found is not None:
                    yield found

    def _alive(self, name: str, run: StoredRun) -> StoredRun:
        """Give a run under way its last sign of life, where that is in an object of its own."""
        if run.status == "RUNNING":
            beat = read_json(self._bucket, self._place.run(name) + layout.HEARTBEAT, {})
            times = [t for t in (run.heartbeat, time_of(beat.get("heartbeat"))) if t is not None]
            run.heartbeat = max(times, default=None)
        return run

    def _completed(self, name: str, run: StoredRun) -> StoredRun:
        prefix = self._place.run(name)
        decode = functools.partial(decode_jsonpickle, release=sacred_release(run.experiment))
        run.config = read_json(self._bucket, prefix + layout.CONFIG, {}, decode)
        run.info = read_json(self._bucket, prefix + layout.INFO, {}, decode)
        parts = {"status": run.status, "config": run.config, "info": run.info}
        check_record(parts, self._address(name))
        for number in count(1):
            data = self._bucket.get(prefix + layout.annotation_key(number))
            if data is None:
                return run
            for annotation in annotations(data):
                run.annotate(annotation)
        return run

    def _grown(self, run_id: int | str, whole: str, parts: str) -> tuple[bytes, bool]:
        """Return a file that grows while the run lives, and whether it is that of an ended run."""
        for _ in range(_ATTEMPTS):
            name, entry = self._entry(run_id)
            prefix = self._place.run(name)
            if entry.get("status") != "RUNNING":
                data = self._bucket.get(prefix + whole)
                if data is not None:
                    return data, True
            data = joined(self._bucket, prefix + parts)
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


def _folded(lines: bytes) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "metrics.jsonl")
        path.write_bytes(lines)
        return folded(path)
