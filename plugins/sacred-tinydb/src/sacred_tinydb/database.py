"""The documents of runs, which several processes may change."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from filelock import FileLock, Timeout
from tinydb import TinyDB
from tinydb.storages import Storage
from tinydb.table import Table

from sacred_core.atomic_files import replacing
from sacred_core.exceptions import StoreError
from sacred_core.serialization import from_json, to_json
from sacred_tinydb.raw_documents import has_raw, read_tables, write_tables

#: Plain data; times and files as `sacred_tinydb.tags` writes them.
Document: TypeAlias = dict[str, Any]

TABLE = "runs"
#: Seconds that one process waits while others write.
_PATIENCE = 60.0


class WholeFile(Storage):
    """A JSON file that is whole at any moment, also when its writer is killed.

    What was read is remembered until the file is another one. Who changes what `read` returned
    must write it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._known: tuple[Any, Any] = (None, None)

    def read(self) -> Any:
        """Return what the file holds, None if there is none."""
        try:
            with self._path.open("rb") as file:
                version = _version(file.fileno())
                if self._known[0] != version:
                    self._known = (version, _parsed(file.read()))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise StoreError(f"{str(self._path)!r} is not valid JSON: {error}") from None
        return self._known[1]

    def write(self, data: Any) -> None:
        """Replace the file."""
        self._known = (None, None)
        with replacing(self._path) as partial, partial.open("w", encoding="utf-8") as file:
            file.write(write_tables(data) if has_raw(data) else to_json(data))


def _parsed(data: bytes) -> Any:
    try:
        return from_json(data)
    except (ValueError, RecursionError) as error:
        try:
            return read_tables(data.decode())
        except ValueError:  # it is no database at all
            raise ValueError(str(error)) from None


def _version(descriptor: int) -> tuple[int, ...]:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


class Database:
    """The runs in a TinyDB, by the numbers that it gives them: the order in which they came.

    Args:
        db: Where they are.
        lock: The file by which processes keep out of each other's way.
    """

    def __init__(self, db: TinyDB, lock: Path) -> None:
        self.db = db
        self._lock = FileLock(lock, timeout=_PATIENCE)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others from changing anything; may be entered again.

        Raises:
            StoreError: another process holds the lock for too long.
        """
        try:
            self._lock.acquire()
        except Timeout:
            raise StoreError(
                f"another process has kept {self._lock.lock_file!r} locked for "
                f"{_PATIENCE:.0f} seconds"
            ) from None
        try:
            yield
        finally:
            self._lock.release()

    def all(self) -> dict[int, Document]:
        """Return the documents by their numbers; they are not the caller's to change.

        One that is damaged need not be a dictionary.
        """
        # TinyDB's own method raises an exception for all of them then.
        found = (self.db.storage.read() or {}).get(TABLE) or {}
        return {
            int(number): dict(document) if type(document) is dict else document
            for number, document in found.items()
        }

    def add(self, document: Document) -> int:
        """Insert a document and return its number; only within `locked`."""
        return self._table().insert(document)

    def put(self, number: int, document: Document) -> None:
        """Let the document ``number`` be this one; only within `locked`."""

        def replace(known: Any) -> None:
            known.clear()
            known.update(document)

        self._table().update(replace, doc_ids=[number])

    def remove(self, number: int) -> None:
        """Remove a document; only within `locked`."""
        self._table().remove(doc_ids=[number])

    def _table(self) -> Table:
        """Return a new table: one that is kept would not know of numbers that others gave."""
        return self.db.table_class(self.db.storage, TABLE)
