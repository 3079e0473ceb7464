"""Reads runs from a TinyDB, ours and those that Sacred 0.8 wrote."""

import contextlib
import copy
import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import attrs

from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.masking import masked_text
from sacred_core.serialization import plain
from sacred_core.stores import (
    Annotation,
    Found,
    GuardedStore,
    RunQuery,
    StoredRun,
    checked_metrics,
    once,
    require_record,
    run_or_foreign,
)
from sacred_core.stores.folder_format import parse_metrics
from sacred_core.stores.locations import absolute_path
from sacred_core.stores.run_ids import normalize_id
from sacred_tinydb.database import Document
from sacred_tinydb.fields import document_fields
from sacred_tinydb.place import Place, place_in, place_of
from sacred_tinydb.raw_documents import RawDocument
from sacred_tinydb.records import files_of
from sacred_tinydb.tags import date_tag, tagged_file, untagged_values

#: Fields of a document that hold values of the user's.
_VALUES = ("config", "info", "result", "host")


class TinyDbStore(GuardedStore):
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

    def _found(self, query: RunQuery, newest_first: bool) -> Iterator[Found]:
        """Yield the documents in the order in which they came."""
        documents = self._place.database.all()
        for key in reversed(documents) if newest_first else documents:
            stored = documents[key]
            yield (
                _id(key, stored),
                run_or_foreign(functools.partial(self._read, key, stored, query)),
            )

    def get(self, run_id: int | str) -> StoredRun:
        """Return one run; see `RunStore.get`."""
        return self._read(*self._found_one(run_id))

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
        found = self._found_one(run_id)
        with self._guard_part(run_id, "the output"):
            document = self.document(*found)
            file_id = tagged_file(document.get("captured_out_file"))
            if file_id is None:
                return str(document.get("captured_out") or "")
            return self._place.files.read(file_id).decode("utf-8", "replace")

    def metrics(self, run_id: int | str) -> dict[str, dict[str, Any]]:
        """Return ``{"steps", "values", "timestamps"}`` by metric."""
        key, stored = self._found_one(run_id)
        with self._guard_part(run_id, "the metrics"):
            file_id = tagged_file(stored.get("metrics"))
            if file_id is None:
                points = self._place.live(key).points()
                # Where it ended meanwhile, its document has everything.
                file_id = tagged_file(self._found_one(run_id)[1].get("metrics"))
            if file_id is not None:
                points = json.loads(self._place.files.read(file_id))
            return checked_metrics(parse_metrics(points))

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        """Open an artifact, a resource or a source for reading."""
        found = self._found_one(run_id)
        with self._guard_part(run_id, f"the {kind} {name!r}"):
            entries = _files(self.document(*found), kind)
            for part in next((each for each in reversed(entries) if each[0] == name), ()):
                if (file_id := tagged_file(part)) is not None:
                    return self._place.files.open(file_id)
        raise StoreError(f"the run {str(run_id)!r} has no {kind} {name!r}")

    def delete(self, run_id: int | str) -> None:
        """Remove a run, and files that no other run uses."""
        with self._place.database.locked():
            key, stored = self._found_one(run_id)
            if self._read(key, stored).is_running():
                raise StoreError(f"the run {str(run_id)!r} is under way")
            files = self._files_of(key, stored)
            # The document goes last: a deletion that was interrupted can be repeated.
            self._place.remove_unused(files, but=key)
            self._place.live(key).remove()
            self._place.database.remove(key)

    def complete_output(self, run_id: int | str, text: str) -> None:
        """Let ``text`` be the whole output of a run that did not end.

        Raises:
            StoreError: there is no such run, or its document has the whole output already.
        """
        key, stored = self._found_one(run_id)
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
            key, stored = self._found_one(run_id)
            before = stored.get("annotations")
            is_list = before is None or isinstance(before, list)
            if not is_list or isinstance(stored, RawDocument):
                raise DamagedRecordError(f"the notes of the run {str(run_id)!r} are damaged")
            kept = [*(before or ()), plain(said)]
            self._place.database.put(key, {**stored, "annotations": kept})

    def _found_one(self, run_id: int | str) -> tuple[int, Document]:
        wanted = normalize_id(run_id)
        for key, document in self._place.database.all().items():
            if _id(key, document) == wanted:
                return key, document
        raise StoreError(f"run {str(wanted)!r} not found in {str(self.root)!r}")

    def _files_of(self, key: int, stored: Document) -> set[str]:
        try:
            with self._guard("the document"):
                return set(files_of(self.document(key, stored)))
        except DamagedRecordError:
            return set()

    def _read(self, key: int, stored: Any, query: RunQuery | None = None) -> StoredRun:
        place = f"document {_id(key, stored)!r} in {str(self.root)!r}"

        def read() -> Document:
            with self._guard(place):
                document = self.document(key, require_record(stored, place))
                if "_id" not in document:
                    raise DamagedRecordError(f"{place} has no run id")
                is_own = str(document.get("format", "")).startswith("TinyDbObserver-0.1.")
                return document if is_own else _read_sacred(document)

        document = once(read)
        with contextlib.suppress(DamagedRecordError):
            document()
        fields = document_fields(document)
        if isinstance(stored, RawDocument):
            fields |= {
                name: functools.partial(_raise_unreadable, name) for name in stored.unreadable
            }
        return self._run(_id(key, stored), fields, query)


def _read_sacred(document: Document) -> Document:
    """Return a document of Sacred with plain values."""
    values = {key: untagged_values(document[key]) for key in _VALUES if key in document}
    return {**document, **values}


def _raise_unreadable(name: str) -> Any:
    raise DamagedRecordError(f"{name} cannot be parsed")


def _id(key: int, stored: Any) -> int | str:
    """Return the id of a run, also where its document has none that can be one."""
    run_id = stored.get("_id") if isinstance(stored, dict) else None
    is_sound = isinstance(run_id, (int, str)) and not isinstance(run_id, bool)
    return normalize_id(run_id) if is_sound else f"document {key}"


def _files(document: Mapping[str, Any], kind: str) -> list[list[Any]]:
    """Return the entries of the files of a kind, of which the first part is the name."""
    if kind == "source":
        return (document.get("experiment") or {}).get("sources") or []
    names = {"artifact": "artifacts", "resource": "resources"}
    return document.get(names.get(kind, "")) or []
