"""Runs in memory: the reference that every backend is compared with."""

import copy
import functools
import io
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, BinaryIO, TypeVar, cast

import attrs

from sacred_core.observers.documents import DocumentObserver
from sacred_core.observers.parts import PartObserver, require_main_run
from sacred_core.stable_files import FileVersion
from sacred_core.stores import Annotation, Read, RunQuery, StoredRun
from sacred_core.stores.documents import FIELDS, DocumentStore
from sacred_core.stores.run_ids import next_number
from sacred_core.stores.summaries import COLUMNS
from sacred_core.stores.writers import writer_of

F = TypeVar("F", bound=Callable[..., Any])
#: Attributes of a stored run by the name of the field, where it differs.
_ATTRIBUTES = {"status": "recorded_status", "segments": "recorded_segments"}


@attrs.define
class MemoryRun:
    """All that is stored of one run, and the memory of its parts."""

    run: StoredRun
    token: str = ""
    annotations: list[Annotation] = attrs.field(factory=list)
    output: str = ""
    metrics: dict[str, dict[str, list[Any]]] = attrs.field(factory=dict)
    files: dict[tuple[str, str], bytes] = attrs.field(factory=dict)
    parts: "Memory | None" = None


class Memory:
    """The runs of one memory, which observers write to and stores read from."""

    def __init__(self) -> None:
        self.runs: dict[int | str, MemoryRun] = {}
        self.highest_deleted = 0
        self.lock = threading.Lock()


def _in_one_step(method: F) -> F:
    """Let a method check the token and write without another thread in between."""

    @functools.wraps(method)
    def call(self: "MemoryObserver", *args: Any, **kwargs: Any) -> Any:
        with self.memory.lock:
            return method(self, *args, **kwargs)

    return cast(F, call)


class MemoryObserver(DocumentObserver):
    """Stores runs in ``memory``.

    Attributes:
        record: What was stored of the current run.
    """

    display_name = "the memory"

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.record: MemoryRun | None = None

    def recording_location(self) -> Hashable:
        """Return what identifies the memory."""
        return id(self.memory)

    def open_store(self) -> "MemoryStore":
        """Return the store of the memory."""
        return MemoryStore(self.memory)

    def insert_run(self, run: StoredRun) -> bool:
        """Add a record."""
        with self.memory.lock:
            if run.id in self.memory.runs:
                return False
            self._replace(run)
            return True

    def take_over_run(self, run: StoredRun) -> bool:
        """Replace the record of the queued run."""
        with self.memory.lock:
            queued = self.memory.runs[run.id]
            if queued.run.recorded_status != "QUEUED":
                return False
            record = self._replace(run)
            record.run.queue_time = queued.run.queue_time
            record.annotations = queued.annotations
            return True

    def highest_number(self) -> int:
        """Return the highest number of a run."""
        return next_number([*self.memory.runs, self.memory.highest_deleted]) - 1

    @_in_one_step
    def update_run(self, run: StoredRun, names: frozenset[str]) -> bool:
        """Copy what changed."""
        record = self.own_record()
        if record is None:
            return False
        for name in (_ATTRIBUTES.get(each, each) for each in names):
            setattr(record.run, name, copy.deepcopy(getattr(run, name)))
        return True

    @_in_one_step
    def append_output(self, text: str, offset: int) -> bool:
        """Add to the string."""
        record = self.own_record()
        if record is not None:
            record.output = record.output[:offset] + text
        return record is not None

    @_in_one_step
    def append_points(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> bool:
        """Put the points in their places."""
        record = self.own_record()
        if record is None:
            return False
        for name, metric in metrics.items():
            known = record.metrics.setdefault(name, {column: [] for column in COLUMNS})
            for column, values in known.items():
                values[starts[name] : starts[name] + len(metric[column])] = metric[column]
        return True

    @_in_one_step
    def append_annotation(self, annotation: Annotation) -> bool:
        """Add to the list."""
        record = self.own_record()
        if record is not None:
            record.annotations.append(annotation)
        return record is not None

    @_in_one_step
    def put_file(
        self, kind: str, name: str, version: FileVersion, details: Mapping[str, Any]
    ) -> bool:
        """Store the content."""
        record = self.own_record()
        if record is None:
            return False
        with version.open() as file:
            record.files[kind, name] = file.read()
        return True

    def replace_token(self, old: str, new: str) -> bool:
        """Replace the token."""
        with self.memory.lock:
            record = None if self.record is None else self.memory.runs.get(self.record.run.id)
            if record is None or record is not self.record or record.token != old:
                return False
            record.token = self.token = new
            return True

    def own_record(self) -> MemoryRun | None:
        """Return the record of the current run, None if it was deleted or resumed elsewhere."""
        if self.record is None or self.memory.runs.get(self.record.run.id) is not self.record:
            return None
        return self.record if self.record.token == self.token else None

    def _replace(self, run: StoredRun) -> MemoryRun:
        self.record = self.memory.runs[run.id] = MemoryRun(copy.deepcopy(run), self.token)
        return self.record


class MemoryStore(DocumentStore[MemoryRun]):
    """Reads the runs of ``memory``."""

    display_name = "the memory"

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def find(self, run_id: int | str) -> MemoryRun | None:
        """Return the record of a run."""
        return self.memory.runs.get(run_id)

    def records(self, query: RunQuery, newest_first: bool) -> Iterator[tuple[Any, MemoryRun]]:
        """Yield the records in the order in which they were added."""
        records = list(self.memory.runs.values())
        for record in reversed(records) if newest_first else records:
            yield record.run.id, record

    def read_fields(self, record: MemoryRun) -> Mapping[str, Read]:
        """Return functions that copy what is stored."""
        values = attrs.asdict(copy.deepcopy(record.run), recurse=False)
        values |= {field: values.pop(name) for field, name in _ATTRIBUTES.items()}
        values["annotations"] = list(record.annotations)
        if record.parts is not None:
            names = [writer_of(part.run) for part in record.parts.runs.values()]
            values["writers"] = list(dict.fromkeys((*values["writers"], *names)))
        read = (*FIELDS, "annotations")
        return {name: functools.partial(values.get, name) for name in read}

    def read_output(self, record: MemoryRun) -> str:
        """Return the string."""
        return record.output

    def read_points(self, record: MemoryRun) -> Mapping[str, Any]:
        """Return a copy of the points."""
        return {
            name: {column: list(values) for column, values in metric.items()}
            for name, metric in record.metrics.items()
        }

    def get_file(self, record: MemoryRun, kind: str, name: str) -> BinaryIO | None:
        """Open a content."""
        content = record.files.get((kind, name))
        return None if content is None else io.BytesIO(content)

    def new_observer(self) -> MemoryObserver:
        """Return an observer of the memory."""
        return MemoryObserver(self.memory)

    def continue_with(self, observer: MemoryObserver, run_id: int | str) -> None:
        """Make an observer continue a run."""
        observer.record = self.require(run_id)
        observer.continue_run(copy.deepcopy(observer.record.run), observer.record.token)

    def writer_store(self, run_id: int | str) -> "MemoryStore | None":
        """Return the store of the parts of a run."""
        parts = self.require(run_id).parts
        return None if parts is None or not parts.runs else MemoryStore(parts)

    def writer_observer(self, run_id: int | str) -> "MemoryPartObserver":
        """Return an observer of a part of a run."""
        return MemoryPartObserver(self, require_main_run(self, run_id))

    def replace_output(self, record: MemoryRun, text: str) -> None:
        """Replace the string."""
        record.output = text

    def add_annotation(self, record: MemoryRun, annotation: Annotation) -> None:
        """Store the annotation after the others."""
        record.annotations.append(annotation)

    def remove(self, record: MemoryRun) -> bool:
        """Remove the record."""
        run_id = record.run.id
        with self.memory.lock:
            if self.memory.runs.pop(run_id, None) is None:
                return False
            used = (run_id, self.memory.highest_deleted)
            self.memory.highest_deleted = next_number(used) - 1
            return True


class MemoryPartObserver(PartObserver, MemoryObserver):
    """Stores parts of one run in memory."""

    main_store: MemoryStore

    def __init__(self, store: MemoryStore, run: StoredRun) -> None:
        self.main_store, self.main_run = store, run
        self._main = store.require(run.id)
        with store.memory.lock:
            self._main.parts = self._main.parts or Memory()
        super().__init__(self._main.parts)

    def own_record(self) -> MemoryRun | None:
        """Return the record of the current part, None if it or its run was deleted."""
        runs = self.main_store.memory.runs
        is_there = runs.get(self.main_run.id) is self._main
        return super().own_record() if is_there else None
