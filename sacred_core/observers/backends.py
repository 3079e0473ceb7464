"""The simplest base of a backend: one class that stores strings and files, for observer and store.

`BackendObserver` and `BackendStore` turn runs into strings and back. A backend whose layout has a
meaning for other programs, or that selects runs itself, derives from `DocumentObserver` and
`DocumentStore` instead.
"""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, ClassVar, NamedTuple, Self

from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.hooks.targets import call_target
from sacred_core.masking import mask_text
from sacred_core.observers.documents import DocumentObserver
from sacred_core.observers.parts import require_main_run
from sacred_core.serialization import from_json, reason_of, to_json
from sacred_core.stable_files import FileVersion
from sacred_core.stores import documents
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.documents import DocumentStore
from sacred_core.stores.guarded import Read
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_ids import countable_id
from sacred_core.stores.run_store import RunQuery
from sacred_core.stores.tokens import TOKEN
from sacred_core.stores.writers import writers_in

_OUTPUT, _POINTS, _ANNOTATIONS = "output", "points", "annotations"
#: Imports this module.
_PARTS = "sacred_core.observers.backend_parts"


class Part(NamedTuple):
    """A part of the output, of a metric or of the annotations of a run.

    Attributes:
        name: Of the metric, as a string to be stored; otherwise empty.
        start: The position of its first character or point.
        content: A string to be stored.
    """

    name: str
    start: int
    content: str


class Backend(ABC):
    """The storage of runs. All strings are stored, compared and returned unchanged.

    Strings contain only characters that UTF-8 can encode. A *key* is the backend's reference to a
    run; keys of deleted runs are not reused. If a run was deleted, methods that write to it write
    nothing and return False. A call may be repeated with the same arguments after a failure.
    Several processes can use a backend at the same time.

    Attributes:
        location: The location for `sacred_core.open_store`, without passwords.
        outages: Exceptions of the driver for connection problems that may be temporary.
    """

    location: str
    outages: ClassVar[tuple[type[Exception], ...]] = ()

    @abstractmethod
    def exists(self) -> bool:
        """Return whether something may have been recorded here; create nothing."""

    @abstractmethod
    def insert(self, run_id: str, number: int, fields: Mapping[str, str]) -> Hashable | None:
        """Insert a run atomically, if no run has this id.

        Args:
            run_id: A string, one for each id.
            number: Its number, for `highest_number`.
            fields: Strings by name.

        Returns:
            Its key; None if a run has this id.
        """

    @abstractmethod
    def highest_number(self) -> int:
        """Return the highest number of any run, also of each deleted one; 0 if there is none."""

    @abstractmethod
    def find(self, run_id: str) -> Hashable | None:
        """Return the key of a run, None if there is none."""

    @abstractmethod
    def runs(self, newest_first: bool) -> Iterable[tuple[str, Any]]:
        """Yield ids and keys of all runs, in the order in which they were inserted or reversed."""

    @abstractmethod
    def write(self, key: Any, fields: Mapping[str, str], status: str | None = None) -> bool:
        """Write fields of a run; earlier values of these fields are replaced.

        Args:
            key: Of the run.
            fields: Others do not change.
            status: If it is not None, the fields are written only if the field ``"status"`` of the
                run is ``status``, in one step; otherwise False is returned.
        """

    def replace_key(self, key: Any) -> Hashable | None:
        """Give a run a new key in one step, because another process resumes the run.

        From then on no run has the old key, so that methods that write with it return False.
        Without this method, runs cannot be resumed.

        Returns:
            The new key; None if no run has the old one.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must implement replace_key to resume runs"
        )

    @abstractmethod
    def fields(self, key: Any) -> Mapping[str, str]:
        """Return all fields of a run."""

    @abstractmethod
    def append(self, key: Any, kind: str, parts: Sequence[Part]) -> bool:
        """Store parts after those that the run has of this kind."""

    @abstractmethod
    def parts(self, key: Any, kind: str) -> Iterable[tuple[str, int, str]]:
        """Yield what `append` stored, in the same order."""

    @abstractmethod
    def put(self, key: Any, kind: str, name: str, file: BinaryIO) -> bool:
        """Store the content of a file, in place of that of the same kind and name."""

    @abstractmethod
    def open(self, key: Any, kind: str, name: str) -> BinaryIO | None:
        """Open what `put` stored for reading; return None if there is no such file."""

    @abstractmethod
    def delete(self, key: Any) -> bool:
        """Delete a run with its parts and files, in one step or so that it can be repeated."""


class _UsesBackend(ABC):
    """What the observer and the store of a backend have in common.

    Attributes:
        backend: The backend.
        display_name: Its location in messages.
    """

    backend: Backend
    display_name: str

    @classmethod
    def of(cls, backend: Backend) -> Self:
        """Return an object for a backend, in which nothing may have been recorded yet."""
        self = cls.__new__(cls)
        self._use(backend)
        return self

    def _use(self, backend: Backend) -> None:
        self.backend = backend
        self.display_name = repr(mask_text(backend.location))


class BackendObserver(_UsesBackend, DocumentObserver):
    """Records runs in a `Backend`. A plugin derives from it and sets `backend_class`.

    Args:
        arguments: Those of `backend_class`. A flag and a location have one, a string.

    Attributes:
        backend_class: The class of the backend.
    """

    backend_class: ClassVar[type[Backend]]
    backend: Backend
    _key: Any = None

    def __init__(self, *arguments: Any) -> None:
        self._use(self.backend_class(*arguments))

    def _use(self, backend: Backend) -> None:
        super()._use(backend)
        self.store_location = backend.location

    def translate_errors(self) -> AbstractContextManager[None]:
        """Raise an `UnavailableError` for the outages of the backend."""
        return _outages_as(UnavailableError, self.backend)

    def open_store(self) -> "BackendStore":
        """Return the store of the same backend, with its password and connection.

        A plugin whose store overrides methods of `BackendStore` overrides this as well.
        """
        return BackendStore.of(self.backend)

    def insert_run(self, run: StoredRun) -> bool:
        """Insert a run."""
        number = countable_id(run.id) or 0
        self._key = self.backend.insert(to_json(run.id), number, documents.encode_fields(run))
        return self._key is not None

    def take_over_run(self, run: StoredRun) -> bool:
        """Write over a queued run."""
        self._key = self.backend.find(to_json(run.id))
        fields = documents.encode_fields(run)
        del fields["queue_time"]  # that of the queued run stays
        queued = to_json("QUEUED")
        return self._key is not None and self.backend.write(self._key, fields, queued)

    def highest_number(self) -> int:
        """Return the highest number."""
        return self.backend.highest_number()

    def update_run(self, run: StoredRun, names: frozenset[str]) -> bool:
        """Write the fields."""
        return self.backend.write(self._key, documents.encode_fields(run, names))

    def append_output(self, text: str, offset: int) -> bool:
        """Append a part."""
        return self.backend.append(self._key, _OUTPUT, [Part("", offset, to_json(text))])

    def append_points(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> bool:
        """Append a part for each metric."""
        parts = [
            Part(to_json(name), starts[name], documents.encode_points(metric))
            for name, metric in metrics.items()
        ]
        return self.backend.append(self._key, _POINTS, parts)

    def append_annotation(self, annotation: Annotation) -> bool:
        """Append a part."""
        part = Part("", 0, documents.encode_annotation(annotation))
        return self.backend.append(self._key, _ANNOTATIONS, [part])

    def put_file(
        self, kind: str, name: str, version: FileVersion, details: Mapping[str, Any]
    ) -> bool:
        """Store a file."""
        with version.open() as file:
            return self.backend.put(self._key, kind, to_json(name), file)

    def continue_key(self, key: Any, run: StoredRun) -> None:
        """Record what follows for a run that is stored already."""
        self._key = key
        self.continue_run(run, self._token_of(key))

    def replace_token(self, old: str, new: str) -> bool:
        """Replace the key of the run, which is what other processes write with."""
        if old == new:
            found = self.backend.find(to_json(self.require_run().id))
            return found is not None and self._token_of(found) == new
        fields = {TOKEN: to_json(new)}
        if old != self.token or not self.backend.write(self._key, fields):
            return False
        # The new key has a new token at once: nobody takes the run for one that has none. The
        # second write is for the case that another process has written its own meanwhile.
        key = self.backend.replace_key(self._key)
        if key is None or not self.backend.write(key, fields):
            return False
        self._key = key
        return True

    def renew_claim(self, run: StoredRun) -> bool:
        """Write the claim if the run is still queued."""
        fields = documents.encode_fields(run, frozenset({"claim"}))
        return self.backend.write(self._key, fields, to_json("QUEUED"))

    def _token_of(self, key: Any) -> str:
        """Return the token of a run; an empty string if nobody has claimed or resumed it."""
        return str(from_json(self.backend.fields(key).get(TOKEN, '""')))


class BackendStore(_UsesBackend, DocumentStore[Any]):
    """Reads runs of a `Backend`. A plugin derives from it and sets `backend_class`.

    Args:
        arguments: Those of `backend_class`. A flag and a location have one, a string.

    Raises:
        StoreError: nothing was recorded there.
    """

    backend_class: ClassVar[type[Backend]]

    def __init__(self, *arguments: Any) -> None:
        self._use(self.backend_class(*arguments))
        if not self._exists():
            raise StoreError(f"there are no runs at {self.display_name}")

    def _use(self, backend: Backend) -> None:
        super()._use(backend)
        self._is_there = False

    def _exists(self) -> bool:
        with self.translate_errors():
            self._is_there = self._is_there or self.backend.exists()
        return self._is_there

    def translate_errors(self) -> AbstractContextManager[None]:
        """Raise a `StoreError` for the outages of the backend."""
        return _outages_as(StoreError, self.backend)

    @property
    def outages(self) -> tuple[type[Exception], ...]:  # type: ignore[override]
        """The outages of the backend."""
        return self.backend.outages

    def find(self, run_id: int | str) -> Any:
        """Return the key of a run."""
        return self.backend.find(to_json(run_id)) if self._exists() else None

    def records(self, query: RunQuery, newest_first: bool) -> Iterator[tuple[Any, Any]]:
        """Yield ids and keys."""
        del query
        for text, key in self.backend.runs(newest_first) if self._exists() else ():
            if not isinstance(run_id := from_json(text), list):  # else a part of a run
                yield run_id, key

    def read_fields(self, record: Any) -> Mapping[str, Read]:
        """Return functions that decode the fields and the annotations."""
        fields = self.backend.fields(record)
        stored = documents.decode_fields(fields)
        stored["annotations"] = lambda: self._annotations(record)
        if writers := writers_in(fields):
            names, recorded = [name for name, _ in writers.values()], stored["writers"]
            stored["writers"] = lambda: [*dict.fromkeys((*(recorded() or ()), *names))]
        return stored

    def _annotations(self, key: Any) -> list[Annotation]:
        parts = self.backend.parts(key, _ANNOTATIONS)
        return [documents.decode_annotation(content) for _, _, content in parts]

    def read_output(self, record: Any) -> str:
        """Return what was appended."""
        parts = self.backend.parts(record, _OUTPUT)
        return documents.merge_output((start, from_json(content)) for _, start, content in parts)

    def read_points(self, record: Any) -> Mapping[str, Any]:
        """Return what was appended."""
        parts = self.backend.parts(record, _POINTS)
        return documents.merge_points(
            (from_json(name), start, content) for name, start, content in parts
        )

    def get_file(self, record: Any, kind: str, name: str) -> BinaryIO | None:
        """Open a file."""
        return self.backend.open(record, kind, to_json(name))

    def replace_output(self, record: Any, text: str) -> None:
        """Append a part that replaces the others."""
        self.backend.append(record, _OUTPUT, [Part("", 0, to_json(text))])

    def add_annotation(self, record: Any, annotation: Annotation) -> None:
        """Append a part."""
        part = Part("", 0, documents.encode_annotation(annotation))
        self.backend.append(record, _ANNOTATIONS, [part])

    def remove(self, record: Any) -> bool:
        """Delete a run, after its parts."""
        for _, part_id in writers_in(self.backend.fields(record)).values():
            if (part := self.backend.find(part_id)) is not None:
                self.backend.delete(part)
        return self.backend.delete(record)

    def writer_store(self, run_id: int | str) -> "BackendStore | None":
        """Return the store of the parts of a run."""
        with self.translate_errors():
            key = self.require(run_id)
            if not writers_in(self.backend.fields(key)):
                return None
        parts: BackendStore = call_target(f"{_PARTS}:BackendPartStore", self, self.get(run_id), key)
        return parts if parts.count() else None

    def writer_observer(self, run_id: int | str) -> BackendObserver:
        """Return an observer that records a part of a run in the same backend."""
        run = require_main_run(self, run_id)
        key = self.require(run_id)
        observer: BackendObserver = call_target(f"{_PARTS}:BackendPartObserver", self, run, key)
        return observer

    def new_observer(self) -> BackendObserver:
        """Return an observer that records in the same backend."""
        return BackendObserver.of(self.backend)

    def continue_with(self, observer: BackendObserver, run_id: int | str) -> None:
        """Make an observer continue a run."""
        observer.continue_key(self.require(run_id), self.get(run_id))


@contextlib.contextmanager
def _outages_as(kind: type[StoreError], backend: Backend) -> Iterator[None]:
    """Raise the exceptions of the driver about the connection as those of the core."""
    try:
        yield
    except backend.outages as error:
        raise kind(f"{mask_text(backend.location)}: {mask_text(reason_of(error))}") from error
