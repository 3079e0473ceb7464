"""Stores runs in LMDB (http://www.lmdb.tech): fast, without a server, for one machine.

All values are in one table, by keys of bytes that begin with a letter:

=================================  =================================================
key                                value
=================================  =================================================
``k``, ``n``                       the last key, and the highest number of a run
``i`` digest of the id             the key of a run
``r`` key                          the content and the id of a run, in order of age
``f`` content, digest of the name  name and value of a field
``p`` content, kind, number        a part: name, start and content
``b`` content, digest of the name  the bytes of a file
=================================  =================================================

A run that is resumed has a new key with the content of the old one.
"""

import contextlib
import hashlib
import io
import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import lmdb

from sacred_core.exceptions import UsageError
from sacred_core.observers.backends import Backend, BackendObserver, BackendStore, Part

#: Bytes of addresses that are reserved; files grow with what is stored.
_MAP_SIZE = 2**40
_READERS = 1024
#: A process can open a folder once, and cannot use what was open when it was forked: a folder is
#: open for one transaction of one thread, and forks wait for it.
_lock = threading.Lock()
os.register_at_fork(
    before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
)


class LmdbBackend(Backend):
    """Runs in a folder with a database of LMDB.

    Args:
        path: The folder. It is created when the first run starts.

    Raises:
        UsageError: the path cannot be that of a folder.
    """

    outages = (lmdb.Error,)

    def __init__(self, path: str | Path) -> None:
        if not str(path).strip() or "\0" in str(path):
            raise UsageError(f"expected the path of a folder, got {str(path)!r}")
        self.path = Path(path).absolute()
        self.location = f"lmdb://{self.path}"

    def exists(self) -> bool:
        return (self.path / "data.mdb").is_file()

    def insert(self, run_id: str, number: int, fields: Mapping[str, str]) -> bytes | None:
        with self._transaction(write=True) as table:
            key = _next(table)
            if not table.put(b"i" + _digest(run_id), key, overwrite=False):
                return None
            table.put(b"k", key)
            table.put(b"n", _pack(max(number, _unpack(table.get(b"n")))))
            table.put(b"r" + key, key + run_id.encode())
            _put_fields(table, key, fields)
            return key

    def highest_number(self) -> int:
        if not self.exists():
            return 0
        with self._transaction() as table:
            return _unpack(table.get(b"n"))

    def find(self, run_id: str) -> bytes | None:
        with self._transaction() as table:
            found: bytes | None = table.get(b"i" + _digest(run_id))
            return found

    def runs(self, newest_first: bool) -> Iterable[tuple[str, bytes]]:
        with self._transaction() as table:
            found = [(value[8:].decode(), key[1:]) for key, value in _items(table, b"r")]
        return reversed(found) if newest_first else found

    def write(self, key: bytes, fields: Mapping[str, str], status: str | None = None) -> bool:
        with self._content(key) as (table, content):
            if content is None or status not in (None, _field(table, content, "status")):
                return False
            _put_fields(table, content, fields)
            return True

    def replace_key(self, key: bytes) -> bytes | None:
        with self._transaction(write=True) as table:
            row = table.pop(b"r" + key)
            if row is None:
                return None
            new = _next(table)
            table.put(b"k", new)
            table.put(b"r" + new, row)
            table.put(b"i" + _digest(row[8:].decode()), new)
            return new

    def fields(self, key: bytes) -> Mapping[str, str]:
        with self._transaction() as table:
            content = _content_of(table, key)
            rows = _items(table, b"f" + content) if content else ()
            return dict(json.loads(value) for _, value in rows)

    def append(self, key: bytes, kind: str, parts: Sequence[Part]) -> bool:
        with self._content(key) as (table, content):
            if content is None:
                return False
            prefix = b"p" + content + _digest(kind)
            number = _unpack(_last(table, prefix)[len(prefix) :])
            for position, part in enumerate(parts, start=number + 1):
                table.put(prefix + _pack(position), json.dumps(part).encode())
            return True

    def parts(self, key: bytes, kind: str) -> Iterable[tuple[str, int, str]]:
        with self._transaction() as table:
            content = _content_of(table, key)
            rows = _items(table, b"p" + content + _digest(kind)) if content else ()
            return [tuple(json.loads(value)) for _, value in rows]

    def put(self, key: bytes, kind: str, name: str, file: BinaryIO) -> bool:
        with self._content(key) as (table, content):
            if content is not None:
                table.put(b"b" + content + _digest(kind, name), file.read())
            return content is not None

    def open(self, key: bytes, kind: str, name: str) -> BinaryIO | None:
        with self._transaction() as table:
            content = _content_of(table, key)
            found = table.get(b"b" + content + _digest(kind, name)) if content else None
            return None if found is None else io.BytesIO(found)

    def delete(self, key: bytes) -> bool:
        with self._transaction(write=True) as table:
            row = table.pop(b"r" + key)
            if row is None:
                return False
            table.delete(b"i" + _digest(row[8:].decode()))
            for letter in (b"f", b"p", b"b"):
                for name, _ in [*_items(table, letter + row[:8])]:
                    table.delete(name)
            return True

    @contextlib.contextmanager
    def _content(self, key: bytes) -> Iterator[tuple[Any, bytes | None]]:
        """Yield a transaction that writes, and the content of a run; None if it was deleted."""
        with self._transaction(write=True) as table:
            yield table, _content_of(table, key)

    @contextlib.contextmanager
    def _transaction(self, write: bool = False) -> Iterator[Any]:
        if write:
            self.path.mkdir(parents=True, exist_ok=True)
        path = str(self.path)
        with (
            _lock,
            lmdb.open(path, _MAP_SIZE, create=write, max_readers=_READERS) as environment,
            environment.begin(write=write) as table,
        ):
            yield table


class LmdbObserver(BackendObserver):
    """Records runs in LMDB.

    Args:
        path: The folder.
    """

    backend_class = LmdbBackend


class LmdbStore(BackendStore):
    """Reads runs in LMDB.

    Args:
        path: The folder.

    Raises:
        StoreError: there are no runs.
    """

    backend_class = LmdbBackend


def _content_of(table: Any, key: bytes) -> bytes | None:
    row = table.get(b"r" + key)
    return None if row is None else bytes(row[:8])


def _items(table: Any, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the pairs whose keys begin with ``prefix``, in order."""
    cursor = table.cursor()
    if cursor.set_range(prefix):
        for key, value in cursor:
            if not key.startswith(prefix):
                return
            yield key, value


def _last(table: Any, prefix: bytes) -> bytes:
    """Return the last key that begins with ``prefix``; ``prefix`` if there is none."""
    cursor = table.cursor()
    found = (cursor.set_range(prefix + b"\xff" * 8) and cursor.prev()) or cursor.last()
    key = cursor.key() if found else b""
    return bytes(key) if key.startswith(prefix) else prefix


def _put_fields(table: Any, content: bytes, fields: Mapping[str, str]) -> None:
    for name, value in fields.items():
        table.put(b"f" + content + _digest(name), json.dumps([name, value]).encode())


def _field(table: Any, content: bytes, name: str) -> str | None:
    found = table.get(b"f" + content + _digest(name))
    return None if found is None else str(json.loads(found)[1])


def _next(table: Any) -> bytes:
    """Return a key that no run has had."""
    return _pack(_unpack(table.get(b"k")) + 1)


def _pack(number: int) -> bytes:
    return number.to_bytes(8, "big")


def _unpack(content: bytes | None) -> int:
    return int.from_bytes(content or b"", "big")


def _digest(*names: str) -> bytes:
    """Return a short key for names of any length; LMDB has keys of at most 511 bytes."""
    return hashlib.sha256(json.dumps(names).encode()).digest()
