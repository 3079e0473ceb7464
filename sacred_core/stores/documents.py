"""The base class of stores for runs of a `DocumentObserver`, and helpers for backends.

A backend implements the primitives of `DocumentStore`. The helpers encode the fields of a run,
points and annotations as JSON, and merge appended parts.
"""

import io
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO

import attrs

from sacred_core.patches import decode_patch
from sacred_core.serialization import from_json, to_json
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.document_metrics import DocumentMetrics
from sacred_core.stores.document_records import R
from sacred_core.stores.facts import FACTS, encode_facts, facts_fields
from sacred_core.stores.guarded import (
    Found,
    Read,
    has_no_file,
    not_found_error,
    run_or_foreign,
    still_running,
)
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_ids import normalize_id
from sacred_core.stores.run_queue import DocumentQueue
from sacred_core.stores.run_store import ContinuingStore, RunQuery
from sacred_core.stores.summaries import COLUMNS
from sacred_core.stores.writers import require_part

_TIMES = ("queue_time", "start_time", "stop_time", "heartbeat")
#: Attributes of `StoredRun` by the names of the fields that an observer writes. Tags and notes,
#: which users add later, are annotations.
_NOT_WRITTEN = ("id", "annotations", "tags", "notes", "damage")
_ATTRIBUTES = {
    field.alias: field.name
    for field in attrs.fields(StoredRun)
    if field.alias is not None and field.name not in _NOT_WRITTEN
}
FIELDS = tuple(_ATTRIBUTES)


class DocumentStore(DocumentMetrics[R], DocumentQueue):
    """Reads, deletes and annotates runs. A backend implements the abstract methods.

    ``R`` is the backend's reference to a run, such as the key of a row, a path, or a document. If
    a method raises for one record, this run is damaged; other runs are not affected.

    Attributes:
        display_name: The store, for messages, without secrets; set by the backend.
    """

    @abstractmethod
    def records(self, query: RunQuery, newest_first: bool) -> Iterable[tuple[Any, R]]:
        """Yield the ids and records of runs from the oldest to the newest, or reversed.

        Args:
            query: Runs that do not fulfil it may be skipped. Without fields, as for `ids`, no
                record needs to be read. With `change_kind`, runs that did not
                change since `position_since` are skipped.
            newest_first: The order.
        """

    @abstractmethod
    def read_output(self, record: R) -> str:
        """Return the output of the run."""

    @abstractmethod
    def get_file(self, record: R, kind: str, name: str) -> BinaryIO | None:
        """Open a file for reading, see `sacred_core.stores.RunStore.open_file`.

        Args:
            record: Of the run.
            kind: ``"artifact"``, ``"resource"``, ``"source"`` or ``"patch"``.
            name: Of the file; of a patch what the record has in its place.

        Returns:
            None if the run has no such file.
        """

    def replace_output(self, record: R, text: str) -> None:
        """Store ``text`` as the whole output of a run that did not end."""
        raise NotImplementedError(
            f"{type(self).__name__} must implement replace_output to store output"
        )

    @abstractmethod
    def add_annotation(self, record: R, annotation: Annotation) -> None:
        """Store an annotation after those that the run has already."""

    @abstractmethod
    def remove(self, record: R) -> bool:
        """Delete a run and its data, and return False if the run does not exist any more.

        Its number is still counted by `DocumentObserver.highest_number`.
        """

    def require_existing(self) -> None:
        """Raise an error if there is no store yet; called where no run was found.

        Override it if the listing of a missing store is empty, for example of a missing database.
        It creates nothing.

        Raises:
            StoreError: the store does not exist; the message names similar ones.
        """

    def count(self) -> int:
        """Return the number of runs, damaged ones too, without reading them."""
        return len(self.ids())

    def ids(self) -> list[int | str]:
        """Return the ids of all runs, damaged ones too, without reading them."""
        with self.translate_errors():
            return [run_id for run_id, _ in self.records(RunQuery(fields=()), newest_first=False)]

    def get(self, run_id: int | str, raw: bool = False) -> StoredRun:
        """Return one run; see `RunStore.get`.

        Args:
            run_id: The run.
            raw: The summaries of its metrics are those of all points, also of those that a later
                segment repeats.
        """
        with self.translate_errors():
            record = self.require(run_id)
            run = self._read_run(normalize_id(run_id), record)
            if run.recorded_segments and not raw:
                self.show_summaries(run, record)
            return run

    def output(self, run_id: int | str, writer: str | None = None) -> str:
        """Return the output of the run, or of one of its writers."""
        if writer is not None:
            parts, part_id = require_part(self, run_id, writer)
            return parts.output(part_id)
        with self.translate_errors():
            record = self.require(run_id, "output")
            with self._guard_part(run_id, "the output"):
                return self.read_output(record)

    def complete_output(self, run_id: int | str, text: str) -> None:
        """Replace the output of a run that did not end by ``text``."""
        with self.translate_errors():
            self.replace_output(self.require(run_id, "output"), text)

    def observer_of(self: ContinuingStore, run_id: int | str | None) -> Any:
        """Return an observer of this store; see `ContinuingStore`.

        The store of a backend has this ability with `ContinuingStore.new_observer` and
        `ContinuingStore.continue_with`.
        """
        observer = self.new_observer()
        if run_id is not None:
            self.continue_with(observer, run_id)
        return observer

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        """Open an artifact, a resource or a source for reading."""
        with self.translate_errors():
            # The record as a whole has the name of a patch.
            record = self.require(run_id, None if kind == "patch" else "files")
            with self._guard_part(run_id, f"the {kind} {name!r}"):
                if kind == "patch":
                    file = self._open_patch(record, name)
                else:
                    file = self.get_file(record, kind, name)
        if file is None:
            raise has_no_file(run_id, kind, name)
        return file

    def _open_patch(self, record: R, commit: str) -> BinaryIO | None:
        experiment = self.read_fields(record)["experiment"]() or {}
        for repository in experiment.get("repositories") or ():
            if repository.get("commit") != commit:
                continue
            stored = repository.get("patch")
            if "patch_base64" in repository or "\n" in str(stored):  # as the event has it
                return io.BytesIO(decode_patch(repository) or b"")
            return None if stored is None else self.get_file(record, "patch", stored)
        return None

    def delete(self, run_id: int | str) -> None:
        """Delete a run that is not running, and what no other run uses."""
        with self.translate_errors():
            record = self.require(run_id)
            if self._read_run(run_id, record).is_running():
                raise still_running(run_id)
            if not self.remove(record):
                raise not_found_error(run_id, self.display_name)

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Add tags and notes to a run; its record is not changed."""
        with self.translate_errors():
            self.add_annotation(self.require(run_id, "annotations"), annotation)

    def _find_all(self, query: RunQuery, newest_first: bool) -> Iterator[Found]:
        with self.translate_errors():
            for run_id, record in self.records(query, newest_first):
                yield run_id, run_or_foreign(partial(self._read_run, run_id, record, query))

    def _read_run(self, run_id: Any, record: R, query: RunQuery | None = None) -> StoredRun:
        return self._run(run_id, self.read_fields(record), query)


def encode_fields(run: StoredRun, names: Iterable[str] = FIELDS) -> dict[str, str]:
    """Return the JSON of fields of a run by their names; `decode_fields` reads it.

    The fields in `FACTS` are in one value with the name ``"facts"``.
    """
    wanted = list(names)
    texts = {name: _encode(getattr(run, _ATTRIBUTES[name])) for name in wanted if name not in FACTS}
    if not FACTS.isdisjoint(wanted):
        texts["facts"] = to_json(encode_facts(run))
    return texts


def decode_fields(texts: Mapping[str, str]) -> dict[str, Read]:
    """Return functions that read the fields that `encode_fields` wrote; others are skipped."""
    fields: dict[str, Read] = {
        name: partial(_decode, name, texts[name]) for name in FIELDS if name in texts
    }
    if "facts" in texts:
        fields |= facts_fields(partial(from_json, texts["facts"]))
    return fields


def encode_points(metric: Mapping[str, Any]) -> str:
    """Return the JSON of points: ``{"steps", "values", "timestamps"}``; see `merge_points`."""
    times = [time.isoformat() for time in metric["timestamps"]]
    return to_json([list(metric["steps"]), list(metric["values"]), times])


def encode_annotation(annotation: Annotation) -> str:
    """Return the JSON of an annotation."""
    return to_json({**attrs.asdict(annotation), "time": annotation.time.isoformat()})


def decode_annotation(text: str) -> Annotation:
    """Return the annotation that `encode_annotation` wrote."""
    fields = from_json(text)
    return Annotation(**{**fields, "time": datetime.fromisoformat(fields["time"])})


def merge_output(parts: Iterable[tuple[int, str]]) -> str:
    """Return the output from what was appended to it.

    Args:
        parts: Offsets and strings in the order in which they were stored.
    """
    merged: list[tuple[int, str]] = []
    for offset, text in parts:
        while merged and merged[-1][0] >= offset:
            merged.pop()
        if merged:
            start, last = merged.pop()
            merged.append((start, last[: offset - start]))
        merged.append((offset, text))
    return "".join(text for _, text in merged)


def merge_points(parts: Iterable[tuple[str, int, str]]) -> dict[str, dict[str, list[Any]]]:
    """Return metrics by name from points that were appended to them.

    Args:
        parts: Names, the index of the first point of each part, and what `encode_points` wrote,
            in the order in which they were stored.
    """
    metrics: dict[str, dict[str, list[Any]]] = {}
    for name, start, text in parts:
        columns = metrics.setdefault(name, {column: [] for column in COLUMNS})
        for column, values in zip(COLUMNS, from_json(text), strict=True):
            columns[column][start : start + len(values)] = values
    for columns in metrics.values():
        columns["timestamps"] = list(map(datetime.fromisoformat, columns["timestamps"]))
    return metrics


def _encode(value: Any) -> str:
    return to_json(value.isoformat() if isinstance(value, datetime) else value)


def _decode(name: str, text: str) -> Any:
    value = from_json(text)
    return datetime.fromisoformat(value) if name in _TIMES and value is not None else value
