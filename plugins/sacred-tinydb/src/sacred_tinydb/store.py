"""Reads runs from a TinyDB, ours and those that Sacred 0.8 wrote."""

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import attrs
from sacred_file.entries import typed_metrics

from sacred_core.exceptions import DamagedRecordError, NotARunError, StoreError
from sacred_core.masking import masked_text
from sacred_core.serialization import plain
from sacred_core.stores import Annotation, RunQuery, SkippedRuns, StoredRun, check_record
from sacred_core.stores.locations import absolute_path
from sacred_core.stores.run_ids import normalize_id
from sacred_tinydb.database import Document
from sacred_tinydb.place import Place, place_in, place_of
from sacred_tinydb.records import files_of
from sacred_tinydb.tags import date_tag, tagged_date, tagged_file, untagged_values

#: Fields of a document that hold values of the user's.
_VALUES = ("config", "info", "result", "host")


class TinyDbStore:
    """The runs in a folder, also those under way. Reading executes nothing.

    Args:
        root: The folder of `sacred_tinydb.TinyDbObserver`.

    Raises:
        StoreError: there is no such folder.
    """

    def __init__(self, root: Any) -> None:
        self.root = absolute_path(root)
        if not self.root.is_dir():
            raise StoreError(f"there is no folder {str(self.root)!r}")
        self._place = place_in(self.root)

    @classmethod
    def of(cls, db: Any, fs: Any) -> "TinyDbStore":
        """Return the store of a TinyDB and a HashFS."""
        self = cls.__new__(cls)
        self.root = Path(fs.root).parent
        self._place = place_of(db, fs)
        return self

    @classmethod
    def from_location(cls, location: str) -> "TinyDbStore":
        """Return the store at ``tinydb:///folder``, or ``tinydb://folder`` for a relative one."""
        parts = urlsplit(location)
        if parts.query:
            raise StoreError(f"{masked_text(location)!r} has options, and there are none")
        return cls(url2pathname(unquote(parts.netloc + parts.path)))

    def __repr__(self) -> str:
        return f"TinyDbStore({str(self.root)!r})"

    @property
    def place(self) -> Place:
        """Where the runs are."""
        return self._place

    def list(self, query: RunQuery | None = None) -> Iterator[StoredRun]:
        """Yield runs in the order in which they came."""
        query = query or RunQuery()
        documents = self._place.database.all()
        if query.limit is None:
            yield from filter(query.accepts, self._readable(documents, documents))
            return
        found = filter(query.accepts, self._readable(documents, reversed(documents)))
        yield from reversed(list(islice(found, max(query.limit, 0))))

    def _readable(
        self, documents: Mapping[int, Document], keys: Iterable[int]
    ) -> Iterator[StoredRun]:
        """Yield the runs of documents; log which are skipped."""
        with SkippedRuns() as skipped:
            for key in keys:
                try:
                    yield self._run(key, documents[key])
                except (DamagedRecordError, NotARunError) as error:
                    skipped.add(documents[key].get("_id", key), error)

    def get(self, run_id: int | str) -> StoredRun:
        """Return one run."""
        return self._run(*self._found(run_id))

    def document(self, key: int, stored: Mapping[str, Any]) -> Document:
        """Return the document ``key`` as it is now, with what a run under way adds."""
        if stored.get("status") != "RUNNING":
            return copy.deepcopy(dict(stored))
        live = self._place.live(key)
        changed = {**live.state(), "info": live.info(), "captured_out": live.output()}
        if not live.folder.exists():  # it ended meanwhile, and its document has everything
            stored, changed = self._place.database.all().get(key, stored), {}
        return copy.deepcopy({**stored, **{k: v for k, v in changed.items() if v}})

    def output(self, run_id: int | str) -> str:
        """Return what the run printed."""
        document = self.document(*self._found(run_id))
        file_id = tagged_file(document.get("captured_out_file"))
        if file_id is None:
            return str(document.get("captured_out") or "")
        return self._place.files.read(file_id).decode("utf-8", "replace")

    def metrics(self, run_id: int | str) -> dict[str, dict[str, Any]]:
        """Return ``{"steps", "values", "timestamps"}`` by metric."""
        key, stored = self._found(run_id)
        file_id = tagged_file(stored.get("metrics"))
        if file_id is None:
            points = self._place.live(key).points()
            # Where it ended meanwhile, its document has everything.
            file_id = tagged_file(self._found(run_id)[1].get("metrics"))
        if file_id is not None:
            points = json.loads(self._place.files.read(file_id))
        return typed_metrics(points)

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        """Open an artifact, a resource or a source for reading."""
        document = self.document(*self._found(run_id))
        named = {entry[0]: entry for entry in _files(document, kind)}  # of several the last
        for part in named.get(name, ()):
            if (file_id := tagged_file(part)) is not None:
                return self._place.files.open(file_id)
        raise StoreError(f"the run {str(run_id)!r} has no {kind} {name!r}")

    def delete(self, run_id: int | str) -> None:
        """Remove a run, and files that no other run uses."""
        with self._place.database.locked():
            key, stored = self._found(run_id)
            if self._run(key, stored).current_status() == "RUNNING":
                raise StoreError(f"the run {str(run_id)!r} is under way")
            files = set(files_of(self.document(key, stored)))
            self._place.database.remove(key)
            self._place.live(key).remove()
            self._place.remove_unused(files)

    def complete_output(self, run_id: int | str, text: str) -> None:
        """Let ``text`` be the whole output of a run that did not end.

        Raises:
            StoreError: there is no such run, or its document has the whole output already.
        """
        key, stored = self._found(run_id)
        live = self._place.live(key)
        if stored.get("status") != "RUNNING" or not live.folder.exists():
            if self.output(run_id) == text:
                return
            raise StoreError(f"the run {str(run_id)!r} has ended")
        live.replace_output(text)

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Add to what is said of a run, in its document."""
        said = {name: value for name, value in attrs.asdict(annotation).items() if value}
        said["time"] = date_tag(annotation.time)
        with self._place.database.locked():
            key, stored = self._found(run_id)
            kept = [*(stored.get("annotations") or ()), plain(said)]
            self._place.database.put(key, {**stored, "annotations": kept})

    def _found(self, run_id: int | str) -> tuple[int, Document]:
        wanted = normalize_id(run_id)
        for key, document in self._place.database.all().items():
            if "_id" in document and normalize_id(document["_id"]) == wanted:
                return key, document
        raise StoreError(f"run {str(wanted)!r} not found in {str(self.root)!r}")

    def _run(self, key: int, stored: Document) -> StoredRun:
        document = self.document(key, stored)
        if not str(document.get("format", "")).startswith("TinyDbObserver-0.1."):
            document = _read_sacred(document)
        check_record(document, f"document {document.get('_id', key)!r} in {str(self.root)!r}")
        if "_id" not in document:
            raise NotARunError(f"document {key} in {str(self.root)!r} has no run id")
        meta = document.get("meta") or {}
        queued = tagged_date(meta.get("queue_time"))
        run = StoredRun(
            id=normalize_id(document["_id"]),
            run_id=document.get("run_id"),
            status=str(document.get("status") or ""),
            command=str(document.get("command") or ""),
            experiment=document.get("experiment") or {},
            host=document.get("host") or {},
            config=document.get("config") or {},
            meta=meta if queued is None else {**meta, "queue_time": queued.isoformat()},
            info=document.get("info") or {},
            result=document.get("result"),
            queue_time=queued,
            start_time=tagged_date(document.get("start_time")),
            stop_time=tagged_date(document.get("stop_time")),
            heartbeat=tagged_date(document.get("heartbeat")),
            fail_trace=document.get("fail_trace") or [],
            artifacts=[entry[0] for entry in _files(document, "artifact")],
            resources=list(dict.fromkeys(entry[0] for entry in _files(document, "resource"))),
        )
        for said in document.get("annotations") or ():
            run.annotate(Annotation(**{**said, "time": tagged_date(said["time"])}))
        return run


def _read_sacred(document: Document) -> Document:
    """Return a document of Sacred with plain values."""
    values = {key: untagged_values(document[key]) for key in _VALUES if key in document}
    return {**document, **values}


def _files(document: Mapping[str, Any], kind: str) -> list[list[Any]]:
    """Return the entries of the files of a kind, of which the first part is the name."""
    if kind == "source":
        return (document.get("experiment") or {}).get("sources") or []
    names = {"artifact": "artifacts", "resource": "resources"}
    return document.get(names.get(kind, "")) or []
