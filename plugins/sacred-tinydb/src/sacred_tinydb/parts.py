"""Parts of a run, which other processes record: a TinyDB of its own for each run with writers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sacred_core.observers.parts import PartObserver
from sacred_core.stores import StoredRun
from sacred_tinydb.observer import TinyDbObserver
from sacred_tinydb.part_folders import parts_folder
from sacred_tinydb.storage import Storage, storage_in, to_run_id
from sacred_tinydb.store import TinyDbStore


class TinyDbPartStore(TinyDbStore):
    """The parts of one run.

    Args:
        store: Of the run.
        key: The number of the document of the run.
    """

    def __init__(self, store: TinyDbStore, key: int) -> None:
        self._main_store, self._main_key = store, key
        self.root = parts_folder(store.root, key)
        self.storage = storage_in(self.root)
        self.display_name = repr(str(self.root))

    def new_observer(self) -> "TinyDbPartObserver":
        """Return an observer of parts of the run."""
        documents = self._main_store.storage.database.get(self._main_key)
        run = self._main_store.get(to_run_id(self._main_key, documents))
        return TinyDbPartObserver(self._main_store, run, self._main_key)


class TinyDbPartObserver(PartObserver, TinyDbObserver):
    """Records parts of one run, in a folder beside the database of the runs."""

    main_store: TinyDbStore

    def __init__(self, store: TinyDbStore, run: StoredRun, key: int) -> None:
        self.main_store, self.main_run, self._main_key = store, run, key
        super().__init__(parts_folder(store.root, key))

    def open_store(self) -> TinyDbPartStore:
        """Return the store of the parts."""
        self.require_main()
        return TinyDbPartStore(self.main_store, self._main_key)

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Return a context in which an error is that the run was deleted, if it was."""
        try:
            yield
        except OSError:
            if not Path(self.root).is_dir():
                raise self.main_removed_error() from None
            raise

    def create_storage(self) -> Storage:
        """Create the folder of the parts, unless the run was deleted, while nothing changes."""
        with self.main_store.storage.database.lock():
            self.require_main()
            return super().create_storage()
