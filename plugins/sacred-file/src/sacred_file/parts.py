"""Parts of a run, which other processes record in a folder of runs in the folder of the run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from sacred_core.observers.parts import PartObserver
from sacred_core.stores import StoredRun
from sacred_core.stores.folder_format import RESOURCES, SOURCES
from sacred_file import layout
from sacred_file.observer import FileStorageObserver
from sacred_file.removal import delete_run
from sacred_file.run_folder import RunFolder
from sacred_file.store import FileStore


class FilePartObserver(PartObserver, FileStorageObserver):
    """Records parts of one run below its folder; they share sources and resources with all runs."""

    main_store: FileStore

    def __init__(self, store: FileStore, run: StoredRun) -> None:
        self.main_store, self.main_run = store, run
        root = store.root
        folder = _parts_folder(store, run)
        super().__init__(folder, resource_dir=root / RESOURCES, source_dir=root / SOURCES)

    def create_root(self) -> None:
        """Create the folder of the parts, unless the run was deleted."""
        try:
            self._root.mkdir(exist_ok=True)
        except FileNotFoundError:
            raise self.main_removed_error() from None

    def open_store(self) -> "FilePartStore":
        """Return the store of the parts."""
        self.create_root()
        return FilePartStore(self.main_store, self.main_run)

    def start_run(self, run: StoredRun) -> None:
        """Write the files of the part."""
        super().start_run(run)
        self._note_change()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Return the context of a change of the part, which is one of the run as well."""
        self._note_change()
        with super().writing():
            yield

    def _note_change(self) -> None:
        """Change the time of the folder of the run; that it is missing is found out later."""
        with suppress(FileNotFoundError):
            os.utime(self._root.parent)


class FilePartStore(FileStore):
    """The parts of one run."""

    def __init__(self, store: FileStore, run: StoredRun) -> None:
        super().__init__(_parts_folder(store, run))
        self._main_store, self._main_run = store, run

    def new_observer(self) -> FilePartObserver:
        """Return an observer of parts of the run."""
        return FilePartObserver(self._main_store, self._main_run)

    def remove(self, record: RunFolder) -> bool:
        """Delete a part, and contents that no run uses."""
        return delete_run(self._main_store.root, Path(record.path), is_part=True)

    def open_shared(self, stored: str | None) -> BinaryIO | None:
        """Open content that all runs share."""
        if stored is None:
            return None
        return self._main_store.open_shared(layout.shared_name(stored))


def _parts_folder(store: FileStore, run: StoredRun) -> Path:
    return store.root / str(run.id) / layout.WRITERS
