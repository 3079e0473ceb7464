"""The writers of a run: other processes that record in it, such as the ranks of a parallel job.

A writer records an ordinary run, a *part*, in a store that belongs to the run: with its own status,
heartbeats, points, output and files. Parts are in no listing of runs. Deleting a run deletes its
parts, and a change of a part is a change of the run.

A store with parts is a `WriterStore`. The metadata of a part contain the name of the writer and the
uid of the run, see `part_meta`.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable
from urllib.parse import quote

from sacred_core.exceptions import StoreError, UsageError
from sacred_core.serialization import from_json
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_ids import is_valid_id, normalize_id
from sacred_core.stores.run_store import RunStore

#: The entries of the metadata of a part: the name of its writer, and the uid of its run.
WRITER, RUN = "writer", "run"
#: The process that started the run; no part has this name.
MAIN = "main"
#: Maximum characters of the id of a part; with the id of its run it is an id in a database.
_LONGEST = 80
_DIGEST = 32
#: Names that an error has.
_MOST_NAMES = 20
#: Begins names of fields of a run, each with a writer: its name, and the id of its part here. The
#: id of the part in the store of the parts follows.
WRITER_FIELD = "writer "
#: Begins ids of parts that differ from the name of the writer.
_QUOTED = "%"


@runtime_checkable
class PartStore(Protocol):
    """A store that has parts of runs, such as an archive."""

    def writer_store(self, run_id: int | str) -> RunStore | None:
        """Return the store of the parts of a run, None if no writer has recorded in it yet.

        Raises:
            StoreError: the run does not exist.
        """


@runtime_checkable
class WriterStore(Protocol):
    """A store in which other processes can record parts of a run."""

    def writer_store(self, run_id: int | str) -> RunStore | None:
        """Return the store of the parts of a run, None if no writer has recorded in it yet.

        Raises:
            StoreError: the run does not exist.
        """

    def writer_observer(self, run_id: int | str) -> Any:
        """Return an observer that records a part of a run, a `PartObserver`.

        The writer is the one in the metadata of the start, see `part_meta`. Its ``open_store()`` is
        the store of the parts. It can be used in several threads only if each has its own.

        Raises:
            RunRemovedError: the run does not exist.
        """


def part_meta(uid: str, writer: str) -> dict[str, str]:
    """Return the entries of the metadata of a part: ``uid``, ``run`` and ``writer``.

    Args:
        uid: Of the run.
        writer: Its name, see `require_writer`.
    """
    return {"uid": part_uid(uid, writer), RUN: uid, WRITER: writer}


def part_uid(uid: str, writer: str) -> str:
    """Return the uid of a part, which is the same in all stores.

    Args:
        uid: Of the run.
        writer: The name of the writer.
    """
    text = f"{uid}@{writer}".encode("utf-8", "surrogatepass")
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def part_id(writer: str) -> str:
    """Return the id of a part: the name of the writer, quoted where it is not possible as an id.

    Two writers have different ids. It is a string and not a number.
    """
    is_short = len(writer) <= _LONGEST and writer.isascii() and _QUOTED not in writer
    if is_short and isinstance(normalize_id(writer), str) and is_valid_id(writer):
        return writer
    data = writer.encode("utf-8", "surrogatepass")
    quoted = _QUOTED + quote(data, safe="").replace(".", "%2E").replace("~", "%7E")
    if len(quoted) > _LONGEST:
        digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
        quoted = f"{quoted[: _LONGEST - _DIGEST - 1]}_{digest}"
    return quoted


def require_writer(name: Any) -> str:
    """Return the name of a writer.

    Raises:
        UsageError: it is not a string, is empty, or is that of the process of the run.
    """
    if not isinstance(name, str) or not name or name == MAIN:
        shown = repr(name)[:80]
        raise UsageError(f"a writer cannot have the name {shown}: use another one, like 'rank1'")
    return name


def writer_of(part: StoredRun) -> str:
    """Return the name of the writer of a part; for a damaged record its id."""
    name = part.meta.get(WRITER)
    return name if isinstance(name, str) else str(part.id)


def stored_parts(store: Any, run_id: int | str) -> dict[str, StoredRun]:
    """Return the parts of a run by the names of their writers, in the order of `writer_order`.

    Args:
        store: From `sacred_core.stores.open_store`; one that is not a `PartStore` has no parts.
        run_id: The run.

    Raises:
        StoreError: the run does not exist, or the store cannot be read.
    """
    parts = store.writer_store(run_id) if isinstance(store, PartStore) else None
    found = {} if parts is None else {writer_of(part): part for part in parts.list()}
    return {name: found[name] for name in sorted(found, key=writer_order)}


def require_part(store: Any, run_id: int | str, writer: str) -> tuple[RunStore, int | str]:
    """Return the store of the parts of a run, and the id of the part of a writer.

    Args:
        store: Of the run.
        run_id: The run.
        writer: The name of the writer.

    Raises:
        StoreError: the run does not exist, or has no such writer.
    """
    parts = store.writer_store(run_id) if isinstance(store, PartStore) else None
    names = [] if parts is None else [writer_of(part) for part in parts.list()]
    if parts is None or writer not in names:
        known = ", ".join(sorted(names, key=writer_order)[:_MOST_NAMES]) or "none"
        raise StoreError(f"run {str(run_id)!r} has no writer {writer!r}: it has {known}")
    return parts, part_id(writer)


def writer_order(name: str) -> tuple[str, int, str]:
    """Return a sort key of names of writers: the number at the end counts as one."""
    text = name.rstrip("0123456789")
    digits = name[len(text) :]
    return text, int(digits[:15] or -1), name


def writers_in(fields: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the writers in the record of a run: names, and ids of the parts in the backend.

    Args:
        fields: Of the run.

    Returns:
        Both by the id of the part in the store of the parts of the run.
    """
    found = {name: text for name, text in fields.items() if name.startswith(WRITER_FIELD)}
    return {name.removeprefix(WRITER_FIELD): from_json(text) for name, text in found.items()}
