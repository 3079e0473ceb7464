"""Records a run in a TinyDB."""

import os
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from hashfs import HashFS
from tinydb import TinyDB

from sacred_core.atomic_files import create_folder
from sacred_core.exceptions import StoreError
from sacred_core.hooks.targets import call_target
from sacred_core.observers.code_archive import CodeArchive
from sacred_core.observers.deprecated import DeprecatedCreate
from sacred_core.observers.documents import DocumentObserver
from sacred_core.stable_files import FileVersion
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.claims import IdRequest, claim_id
from sacred_core.stores.locations import absolute_path, location_path, path_url, short_path
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_store import RunStore
from sacred_core.stores.tokens import TOKEN
from sacred_core.stores.worker_claims import is_growing
from sacred_tinydb.code import enter_code, enter_sources
from sacred_tinydb.database import Document
from sacred_tinydb.documents import (
    METRIC_INDEX,
    VERSION,
    changed_fields,
    file_tag,
    files_of,
    new_document,
)
from sacred_tinydb.ids import DocumentIds
from sacred_tinydb.running_folder import RunningRunFolder
from sacred_tinydb.storage import StagedCopy, Storage, storage_in, storage_of

PathLike = str | os.PathLike[str]
#: Characters of the output in the document; of a longer one the last, and a file has all.
_OUTPUT = 100_000
#: Fields that name files of what grows.
_GROWING = ("metrics", METRIC_INDEX, "captured_out_file")


class TinyDbObserver(DeprecatedCreate, DocumentObserver):
    """Records runs as documents in one JSON file, and their files next to it, each content once.

    The JSON file is written when a run starts and ends; changes in between are in a separate
    folder of the run.

    Args:
        path: The folder; the first run creates it.
        overwrite: The id of a run that the next run replaces.
        priority: See `sacred_core.RunObserver`.

    Attributes:
        root: The folder, an absolute path as a string.
        run_entry: The document of the current run; change it and call `save` to add to it.
    """

    VERSION = VERSION
    display_name = "the TinyDB"
    run_entry: Document
    _live: RunningRunFolder | None
    _state: Document
    _replaced: set[str]
    _is_ended: bool
    _read_growing: Callable[[], tuple[str, Mapping[str, Any]]] | None

    def __init__(
        self,
        path: PathLike = "./runs_db",
        overwrite: int | str | None = None,
        priority: int = 10,
    ) -> None:
        self.root = str(absolute_path(path))
        self._storage: Storage | None = None
        self._set_up(overwrite, priority)

    @classmethod
    def from_argument(cls, argument: str) -> "TinyDbObserver":
        """Return the observer for the argument of ``-t``: a folder, or its location."""
        return cls(location_path(argument, "tinydb"))

    @classmethod
    def create_from(
        cls,
        db: TinyDB,
        fs: HashFS,
        overwrite: int | str | None = None,
        root: PathLike | None = None,
        priority: int = 10,
    ) -> "TinyDbObserver":
        """Return an observer that uses your own database and file system.

        Args:
            db: The database. Only one process may write to it, unless its storage supports more.
            fs: The file system. Folders of running runs are next to its root.
            overwrite, priority: See the class.
            root: See `root`; by default the folder of ``fs``.
        """
        self = cls.__new__(cls)
        self.root = os.path.abspath(root or Path(fs.root).parent)
        self._storage = storage_of(db, fs)
        self._set_up(overwrite, priority)
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.root!r})"

    def recording_location(self) -> Hashable:
        """Return the absolute path of the folder."""
        return self.root

    @property
    def db(self) -> TinyDB:
        """The database."""
        return self._storage_in_use.database.db

    @property
    def fs(self) -> HashFS:
        """The files."""
        return self._storage_in_use.files.fs

    @property
    def store_location(self) -> str:  # type: ignore[override]
        """The URL of the folder."""
        return path_url(self.root, "tinydb")

    @property
    def spool_folder(self) -> Path | None:  # type: ignore[override]
        """The folder of the current run."""
        return None if self._live is None else self._live.folder

    def open_store(self) -> RunStore:
        """Return the store of the same database and files; the folder is created."""
        arguments = self._storage_in_use, Path(self.root)
        store: RunStore = call_target("sacred_tinydb.store:TinyDbStore.of_storage", *arguments)
        return store

    def lock_uid(self, uid: str) -> AbstractContextManager[None]:
        """Lock the database: ids have no order."""
        del uid
        return self._storage_in_use.database.lock()

    def prepare_run(self, run: StoredRun) -> None:
        """Copy the code of the run, before others have to wait for the lock."""
        self._reset()
        run.experiment = self._code.experiment(run.experiment)

    def claim_run(self, run: StoredRun, request: IdRequest) -> int | str:
        """Insert the document, or replace that of a queued run."""
        storage = self._storage_in_use
        self.run_entry = {**new_document(run), TOKEN: self.token}
        with storage.database.lock():
            run.experiment = enter_code(storage.files, run.experiment)
            self.run_entry["experiment"] = run.experiment
            ids = DocumentIds(storage, self.run_entry, self.display_name)
            claim_id(ids, request)
            self._number = ids.number
            self._live = storage.running_folder(ids.number, self.token)
            self._live.begin()
            storage.remove_unused(set(files_of(ids.replaced)))
        run_id: int | str = self.run_entry["_id"]
        return run_id

    def start_run(self, run: StoredRun) -> None:
        """The document names the sources already."""

    def update_run(self, run: StoredRun, names: frozenset[str]) -> bool:
        """Write what changed to the folder of the run."""
        changed = changed_fields(run, names | ({"result"} if "heartbeat" in names else set()))
        if self._is_ended and "stop_time" in names and run.stop_time is None:
            return self._reopen(changed)
        is_queued = self.run_entry.get("status") == "QUEUED"
        if self._is_ended and not is_queued and not changed.keys() & {"experiment", "facts"}:
            return True
        return self._change(changed, run.info if "info" in names else None)

    def replace_token(self, old: str, new: str) -> bool:
        """Replace the token in the document and in the folder of the run."""
        return self._storage_in_use.replace_token(self._number, old, new)

    def append_output(self, text: str, offset: int) -> bool:
        """Append to the output in the folder of the run."""
        return self._append(lambda live: live.write_output(text, offset))

    def append_points(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> bool:
        """Append to the points in the folder of the run."""
        return self._append(lambda live: live.write_points(metrics, starts))

    def put_file(
        self, kind: str, name: str, version: FileVersion, details: Mapping[str, Any]
    ) -> bool:
        """Store a file, the same content once for all runs, and add it to the document."""
        staged = self._storage_in_use.files.stage_version(version)
        with self._lock_run(staged) as is_there:
            if not is_there:
                return False
            tag = file_tag(self._storage_in_use.files.enter(staged))
            if kind == "resource":
                new, known = [name, staged.md5, tag], self.run_entry["resources"]
                others = [each for each in known if each != new]  # it may have old content again
                return known[-1:] == [new] or self._change({"resources": [*others, new]})
            more: list[Any] = [dict(details)] if details else []
            new = [name, str(version.path), staged.md5, tag, *more]
            entries = {entry[0]: entry for entry in self.run_entry["artifacts"]}
            if name in entries:
                self._replaced.update(files_of({"artifacts": [entries[name]]}))
            return self._change({"artifacts": list({**entries, name: new}.values())})

    def append_annotation(self, annotation: Annotation) -> bool:
        """Add to the list in the document, where the store adds too."""
        storage = self._storage_in_use
        with self._lock_run() as is_there:
            if is_there:
                storage.annotate(self._number, storage.database.get(self._number), annotation)
            return is_there

    def code_event(
        self, sources: Iterable[Sequence[str]], dependencies: Iterable[str], base_dir: str
    ) -> None:
        """Add what was imported after the start to the sources and dependencies."""
        with self._storage_in_use.database.lock():
            super().code_event(sources, dependencies, base_dir)

    def store_sources(self, base_dir: str, sources: Iterable[Sequence[Any]]) -> list[Any]:
        """Store files of code, while locked, and return their entries."""
        staged = self._code.sources(base_dir, sources)
        with self._lock_run(
            *(copy for _, copy in staged if isinstance(copy, StagedCopy))
        ) as is_there:
            if not is_there:
                raise self.removed_error()
            return enter_sources(self._storage_in_use.files, staged)

    def end_run(self, run: StoredRun) -> None:
        """Write everything into the document; the folder of the run is removed."""
        live = self._live
        if self._is_ended or live is None:
            return
        self.run_entry = {**self.run_entry, "info": live.info(), **self._large_fields(live)}
        self.save()
        self._is_ended = True
        live.remove()

    def continue_document(
        self,
        run: StoredRun,
        number: int,
        document: Document,
        read_growing: Callable[[], tuple[str, Mapping[str, Any]]],
    ) -> None:
        """Record further events of a stored run; called by the store.

        Args:
            run: The stored run.
            number: The number of its document.
            document: The current document, with the content of the folder of a running run.
            read_growing: Returns the stored output and the points of all metrics.
        """
        self._reset()
        self._read_growing = read_growing
        run.experiment = document.get("experiment") or {}
        self.continue_run(run, document.get(TOKEN) or "")
        self.run_entry, self._number = document, number
        self._live = self._storage_in_use.running_folder(number, self.token)
        self._state = self._live.state()
        self._is_ended = not is_growing(document)

    def save(self) -> None:
        """Write `run_entry`."""
        self.require_run()
        storage = self._storage_in_use
        with self._lock_run() as is_there:
            if not is_there:
                raise self.removed_error()
            known = storage.database.get(self._number) or {}
            annotations = {key: known[key] for key in ("annotations",) if key in known}
            storage.database.put(self._number, {**self.run_entry, **annotations})
            if self._replaced:
                storage.remove_unused(self._replaced)

    def _set_up(self, overwrite: int | str | None, priority: int) -> None:
        self.overwrite = overwrite
        self.priority = priority
        self.display_location = path_url(short_path(self.root), "tinydb")
        self._reset()

    def _reset(self) -> None:
        self.run_entry, self._state = {}, {}
        self._live, self._number = None, 0
        self._replaced = set()
        self._is_ended, self._read_growing = False, None

    @property
    def _storage_in_use(self) -> Storage:
        if self._storage is None:
            self._storage = self.create_storage()
        return self._storage

    def create_storage(self) -> Storage:
        """Create the folder of the store, unless it exists."""
        root = Path(self.root)
        create_folder(root)
        return storage_in(root)

    def _append(self, write: Callable[[RunningRunFolder], None]) -> bool:
        """Append to a file in the folder of the run."""
        if self._is_ended:
            return self._append_to_ended(write)
        return self._live is not None and self._live.write(write)

    def _append_to_ended(self, write: Callable[[RunningRunFolder], None]) -> bool:
        """Append to output or points of a run that ended, whose files are written anew."""
        live = self._storage_in_use.running_folder(self._number, self.token)
        with self._lock_run() as is_there:
            if not is_there:
                return False
            if self._read_growing is None:
                raise StoreError(
                    f"run {str(self.require_run().id)!r} has ended: to add output or metrics in "
                    f"{self.display_name}, use an observer from TinyDbStore.observer_of"
                )
            output, metrics = self._read_growing()
            live.fill(output, metrics)
            write(live)
            self._replaced.update(files_of({name: self.run_entry.get(name) for name in _GROWING}))
            self.run_entry = {**self.run_entry, **self._large_fields(live)}
            self.save()
            live.remove()
        return True

    def _reopen(self, changed: Document) -> bool:
        """Begin the folder of a run that had ended, because it is resumed."""
        live = self._storage_in_use.running_folder(self._number, self.token)
        with self._lock_run() as is_there:
            if not is_there or self._read_growing is None:
                return False
            output, metrics = self._read_growing()
            live.fill(output, metrics)
            live.save_info(self.run_entry.get("info") or {})
            self._replaced.update(files_of({name: self.run_entry.get(name) for name in _GROWING}))
            entry = {**self.run_entry, **changed, "captured_out": "", "info": {}}
            self.run_entry = {k: v for k, v in entry.items() if k not in (*_GROWING, "fail_trace")}
            self.save()
        self._live, self._state, self._is_ended = live, {}, False
        return True

    def _change(self, fields: Document, info: Mapping[str, Any] | None = None) -> bool:
        if self._is_ended:  # a file that could not be stored before
            self.run_entry.update(fields)
            self.save()
            return True

        def write(live: RunningRunFolder) -> None:
            live.require()
            if info is not None:
                live.save_info(info)
            if fields:
                live.save({**self._state, **fields})

        if self._live is None or not self._live.write(write):
            return False
        self._state.update(fields)
        self.run_entry.update(fields)
        return True

    @contextmanager
    def _lock_run(self, *staged: StagedCopy) -> Iterator[bool]:
        """Prevent changes by others, and return whether the run is there.

        The copies are removed if it is not.
        """
        with self._storage_in_use.database.lock():
            found = self._storage_in_use.database.get(self._number) or {}
            is_there = found.get(TOKEN) == self.token
            if not is_there:
                for copy in staged:
                    copy.path.unlink(missing_ok=True)
            yield is_there

    @property
    def _code(self) -> CodeArchive:
        files = self._storage_in_use.files
        return CodeArchive(files.stage_version, files.stage_bytes)

    def _large_fields(self, live: RunningRunFolder) -> Document:
        """Return what the document has of output and points, whose bulk becomes files."""
        files, fields = self._storage_in_use.files, {}
        text = live.output()
        fields["captured_out"] = text[-_OUTPUT:]
        if len(text) > _OUTPUT:
            data = text.encode("utf-8", "backslashreplace")
            fields["captured_out_file"] = file_tag(files.enter(files.stage_bytes(data)))
        for name, path in zip(("metrics", METRIC_INDEX), live.metrics_files(), strict=False):
            fields[name] = file_tag(files.enter(files.stage(path)))
        return fields
