"""The documents of runs, which several processes may change.

All documents are in one JSON file. One that is nested too deeply for the parser, or has an integer
with too many digits, must not hide the others. Its text is stored, and those of its entries that
can be parsed.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias, cast

from filelock import FileLock, Timeout
from tinydb import TinyDB
from tinydb.storages import Storage
from tinydb.table import Table

from sacred_core.atomic_files import replace_bytes
from sacred_core.exceptions import StoreError
from sacred_core.plurals import counted
from sacred_core.serialization import from_json, to_json
from sacred_tinydb.layout import join_documents, split_documents

#: Plain data; times and files as `sacred_tinydb.tags` writes them.
Document: TypeAlias = dict[str, Any]

TABLE = "runs"
#: Seconds that one process waits while others write.
LOCK_TIMEOUT = 60.0
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[][{}:,]', re.DOTALL)
_FAILURES = (ValueError, RecursionError, MemoryError)


class RawDocument(dict[str, Any]):
    """The entries of a document that can be parsed.

    Attributes:
        text: The whole document as it is in the file.
        unreadable: Names of the other entries.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.unreadable: list[str] = []
        for name, value in _members(text) if text.startswith("{") else ():
            try:
                self[name] = from_json(value)
            except _FAILURES:
                self.unreadable.append(name)


class AtomicJsonFile(Storage):
    """A JSON file that is whole at any moment, also when its writer is killed.

    What was read is remembered until the file is another one. Who changes what `read` returned
    must write it. Runs are written in the layout of `sacred_tinydb.layout`.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._known: tuple[Any, Any] = (None, None)
        self._known_texts: tuple[Any, dict[int, bytes] | None] = (None, None)

    def read(self) -> Any:
        """Return the content of the file, None if there is none."""
        try:
            with self._path.open("rb") as file:
                version = _version(file.fileno())
                if self._known[0] != version:
                    self._known = (version, _parse(file.read()))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise StoreError(f"{str(self._path)!r} is not valid JSON: {error}") from None
        return self._known[1]

    def read_texts(self) -> dict[int, bytes] | None:
        """Return the JSON texts of the documents by their numbers, which are not parsed.

        They are not the caller's to change. None if the file has another layout, or was parsed
        already.
        """
        try:
            with self._path.open("rb") as file:
                version = _version(file.fileno())
                if self._known[0] == version:
                    return None
                if self._known_texts[0] != version:
                    self._known_texts = (version, split_documents(file.read()))
        except FileNotFoundError:
            return {}
        return self._known_texts[1]

    def write(self, data: Any) -> None:
        """Replace the file."""
        documents = _documents(data)
        if documents is not None:
            self.write_texts(documents)
        else:
            text = _write_tables(data) if _has_raw(data) else to_json(data)
            self._replace(text.encode("utf-8"))

    def write_texts(self, texts: Mapping[int, bytes]) -> None:
        """Replace the file by one with the documents that have these JSON texts."""
        self._replace(join_documents(texts))

    def _replace(self, data: bytes) -> None:
        self._known = self._known_texts = (None, None)
        replace_bytes(self._path, data)


class Database:
    """The runs in a TinyDB, by the numbers that it gives them: the order in which they came.

    Args:
        db: Where they are.
        lock: The file with which processes lock the database.
    """

    def __init__(self, db: TinyDB, lock: Path) -> None:
        self.db = db
        self._lock = FileLock(lock, timeout=LOCK_TIMEOUT)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Prevent changes by others; may be entered again.

        Raises:
            StoreError: another process holds the lock for too long.
        """
        try:
            self._lock.acquire()
        except Timeout:
            raise StoreError(
                f"another process has locked {self._lock.lock_file!r} for "
                f"{counted(LOCK_TIMEOUT, 'second')}"
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

    def get(self, number: int) -> Any:
        """Return the document with this number, None if there is none; see `all`."""
        texts = self.texts()
        if texts is None:
            return self.all().get(number)
        return parse_document(texts[number]) if number in texts else None

    def documents(self, newest_first: bool = False) -> Iterator[tuple[int, Any]]:
        """Yield numbers and documents as of now; each is parsed when it is requested."""
        texts = self.texts()
        if texts is None:
            found = self.all()
            yield from reversed(found.items()) if newest_first else found.items()
            return
        for number in reversed(texts) if newest_first else texts:
            yield number, parse_document(texts[number])

    def texts(self) -> dict[int, bytes] | None:
        """Return `AtomicJsonFile.read_texts`; None for another storage."""
        storage = self.db.storage
        return storage.read_texts() if isinstance(storage, AtomicJsonFile) else None

    def contents(self) -> dict[int, bytes]:
        """Return the JSON text of each document, in any storage."""
        texts = self.texts()
        return {n: _encode(each) for n, each in self.all().items()} if texts is None else texts

    def add(self, document: Document) -> int:
        """Insert a document and return its number; only within `lock`."""
        texts = self.texts()
        if texts is None:
            return self._table().insert(document)
        number = max(texts, default=0) + 1
        self._write({**texts, number: _encode(document)})
        return number

    def put(self, number: int, document: Document) -> None:
        """Replace the document ``number``; call only within `lock`."""
        texts = self.texts()
        if texts is not None:
            if number in texts:
                self._write({**texts, number: _encode(document)})
            return

        def replace(known: Any) -> None:
            known.clear()
            known.update(document)

        self._table().update(replace, doc_ids=[number])

    def remove(self, number: int) -> None:
        """Remove a document; only within `lock`."""
        texts = self.texts()
        if texts is not None:
            self._write({each: text for each, text in texts.items() if each != number})
            return
        self._table().remove(doc_ids=[number])

    def _write(self, texts: Mapping[int, bytes]) -> None:
        cast(AtomicJsonFile, self.db.storage).write_texts(texts)

    def _table(self) -> Table:
        """Return a new table: an older one would not have numbers that others used."""
        return self.db.table_class(self.db.storage, TABLE)


def parse_document(text: bytes) -> Any:
    """Return a document from its JSON text, a `RawDocument` if it cannot be parsed."""
    return _document(text.decode("utf-8"))


def _encode(document: Any) -> bytes:
    text = document.text if isinstance(document, RawDocument) else to_json(document)
    return text.encode("utf-8")


def _documents(tables: Any) -> dict[int, bytes] | None:
    """Return the JSON texts of the documents of a database that has only runs; else None."""
    runs = tables.get(TABLE) if isinstance(tables, dict) and len(tables) == 1 else None
    if not isinstance(runs, dict):
        return None
    if not all(str(number).isdecimal() and isinstance(each, dict) for number, each in runs.items()):
        return None
    return {int(number): _encode(each) for number, each in runs.items()}


def _read_tables(text: str) -> dict[str, Any]:
    """Return the tables of a database.

    Raises:
        ValueError: the text is not an object, or cut off.
    """
    return {name: _table(value) for name, value in _members(text)}


def _write_tables(tables: dict[str, Any]) -> str:
    """Return the text of a database, in which raw documents are as they were."""
    written = (f"{json.dumps(name)}: {_table_text(table)}" for name, table in tables.items())
    return "{" + ", ".join(written) + "}"


def _has_raw(tables: Any) -> bool:
    """Return whether a document of a database is raw."""
    found = tables.values() if isinstance(tables, dict) else ()
    return any(
        isinstance(document, RawDocument)
        for table in found
        if isinstance(table, dict)
        for document in table.values()
    )


def _table(text: str) -> Any:
    try:
        return from_json(text)
    except _FAILURES:
        return {name: _document(value) for name, value in _members(text)}


def _document(text: str) -> Any:
    try:
        return from_json(text)
    except _FAILURES:
        return RawDocument(text)


def _table_text(table: Any) -> str:
    if not _has_raw({"": table}):
        return to_json(table)
    documents = (
        f"{json.dumps(name)}: {each.text if isinstance(each, RawDocument) else to_json(each)}"
        for name, each in table.items()
    )
    return "{" + ", ".join(documents) + "}"


def _members(text: str) -> Iterator[tuple[str, str]]:
    """Yield the names of the values of an object and their JSON text, which is not parsed."""
    depth, name, start = 0, None, -1
    for token in _TOKEN.finditer(text):
        part = token[0]
        if depth == 1 and part in ",}" and name is not None and start >= 0:
            yield name, text[start : token.start()].strip()
            name, start = None, -1
        if part in "[{":
            depth += 1
        elif part in "]}":
            depth -= 1
            if depth == 0:
                return
        elif depth == 1 and part == ":" and start < 0:
            start = token.end()
        elif depth == 1 and part[0] == '"' and name is None:
            name = str(json.loads(part))
    raise ValueError("it is truncated")


def _parse(data: bytes) -> Any:
    try:
        return from_json(data)
    except (ValueError, RecursionError) as error:
        try:
            return _read_tables(data.decode())
        except ValueError:  # it is not a database
            raise ValueError(str(error)) from None


def _version(descriptor: int) -> tuple[int, ...]:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size
