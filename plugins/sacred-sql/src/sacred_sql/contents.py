"""The content of files, and long values of runs: in parts, each content once for all runs."""

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, TypeVar

import attrs
import sqlalchemy as sa

from sacred_core.range_reader import RangeReader
from sacred_core.serialization import to_json
from sacred_core.stable_files import FileVersion
from sacred_sql.database import Database
from sacred_sql.schema import (
    USERS_OF_CONTENTS,
    artifacts,
    content_parts,
    contents,
    facts,
    large_values,
    resources,
    versions,
)

T = TypeVar("T")

#: Bytes of a part. In a statement of MariaDB it may have twice as many, and 1 MB is the limit of
#: many servers (`max_allowed_packet`).
_PART = 500_000
#: Columns of `sacred_sql.schema.runs`.
VALUES = ("config", "meta", "info", "result", "fail_trace")
#: Bytes. A row with all of these, and a statement with two of which each character is escaped, have
#: less than 1 MB, which is the limit of many servers of MariaDB (`max_allowed_packet`).
_LARGEST = 200_000


@attrs.frozen
class Content:
    """The content of a file.

    Attributes:
        opened: Opens it for reading.
        name: What errors call it.
    """

    opened: Callable[[], BinaryIO]
    name: str
    sha256: str
    md5: str
    size: int

    def parts(self) -> Iterator[bytes]:
        """Yield it part by part.

        Raises:
            OSError: it is no longer what it was.
        """
        with self.opened() as stream:
            while data := stream.read(_PART):
                yield data


def content_of(version: FileVersion) -> Content:
    """Return a version of a file as a content."""
    return Content(version.open, str(version.path), version.sha256, version.md5, version.size)


def content_of_bytes(data: bytes, name: str) -> Content:
    """Return ``data`` as a content."""
    sha256, md5 = hashlib.sha256(data), hashlib.md5(data, usedforsecurity=False)
    return Content(lambda: io.BytesIO(data), name, sha256.hexdigest(), md5.hexdigest(), len(data))


def store_content(connection: sa.Connection, content: Content) -> int:
    """Store a content, if it is not there, and return its key."""
    columns = contents.c
    found = connection.execute(
        sa.select(columns.content_id).where(columns.sha256 == content.sha256)
    ).scalar()
    if found is not None:
        return int(found)
    row = {"sha256": content.sha256, "md5": content.md5, "size": content.size}
    key = new_key(connection, contents, row)
    for number, data in enumerate(content.parts()):
        values = {"content_id": key, "part": number, "content": data}
        connection.execute(content_parts.insert().values(values))
    return key


def new_key(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> int:
    """Insert a row and return its key."""
    inserted = connection.execute(table.insert().values(row)).inserted_primary_key
    return int(inserted[0])  # type: ignore[index]


def lock_cleanup(connection: sa.Connection) -> None:
    """Wait until no other transaction removes what is unused, and lock others out.

    Of two at once each would see what the other is about to remove, and both would leave what
    only these two used.
    """
    connection.execute(sa.select(versions.c.version).with_for_update())


def drop_unused(connection: sa.Connection, keys: Iterable[int | None]) -> None:
    """Remove those of the contents that nothing refers to."""
    wanted = {key for key in keys if key is not None}
    if wanted:
        lock_cleanup(connection)
        users = [table.c.content_id for table in USERS_OF_CONTENTS]
        unused = unused_keys(connection, contents, wanted, *users)
        delete_rows(connection, content_parts.c.content_id, unused)
        delete_rows(connection, contents.c.content_id, unused)


def unused_keys(
    connection: sa.Connection, table: sa.Table, keys: Iterable[int], *users: sa.ColumnElement[Any]
) -> list[int]:
    """Return those keys of rows of ``table`` that none of the columns ``users`` contains."""
    own = table.primary_key.columns[0]
    query = sa.select(own).where(*(~sa.select(1).where(own == user).exists() for user in users))
    return [
        key
        for some in batches(sorted(keys))
        for key in connection.execute(query.where(own.in_(some))).scalars()
    ]


def delete_rows(connection: sa.Connection, column: "sa.Column[Any]", keys: Sequence[int]) -> None:
    """Delete the rows of a table that have one of the keys in ``column``."""
    for some in batches(keys):
        connection.execute(column.table.delete().where(column.in_(some)))


def batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the values in parts that are small enough for a statement."""
    return (values[start : start + 500] for start in range(0, len(values), 500))


def read(connection: sa.Connection, key: int) -> bytes:
    """Return a whole content."""
    query = sa.select(content_parts.c.content).where(content_parts.c.content_id == key)
    return b"".join(connection.execute(query.order_by(content_parts.c.part)).scalars())


def stream(database: Database, key: int, size: int) -> BinaryIO:
    """Return a content to read from, part by part."""
    return io.BufferedReader(_Stream(database, key, size), _PART)


class _Stream(RangeReader):
    """Reads one part at a time."""

    def __init__(self, database: Database, key: int, size: int) -> None:
        super().__init__(size)
        self._database = database
        self._key = key
        self._part: tuple[int, bytes] = (-1, b"")
        self._part_size = 0

    def read_at(self, position: int, length: int) -> bytes:
        if not self._part_size:
            self._part_size = self._database.read(self._read_part_size)
        number, inside = divmod(position, self._part_size)
        if self._part[0] != number:
            self._part = (number, self._database.read(lambda c: self._read(c, number)))
        return self._part[1][inside : inside + length]

    def _read_part_size(self, connection: sa.Connection) -> int:
        """Return the size of all parts but the last, which earlier releases chose otherwise."""
        return int(self._of_part(connection, sa.func.length(content_parts.c.content), 0))

    def _read(self, connection: sa.Connection, number: int) -> bytes:
        return bytes(self._of_part(connection, content_parts.c.content, number))

    def _of_part(self, connection: sa.Connection, column: Any, number: int) -> Any:
        columns = content_parts.c
        query = sa.select(column).where(columns.content_id == self._key, columns.part == number)
        found = connection.execute(query).scalar()
        if found is None:
            raise OSError("the file was removed from the database while it was read")
        return found


def digest_of_name(name: str) -> str:
    """Return the digest by which a file is found by its name, which may be too long for a key."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def encode_values(values: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the JSON strings of values; None stays None."""
    return {k: None if value is None else to_json(value) for k, value in values.items()}


def row_values(texts: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the columns of the row of the run: None for what is large."""
    return {name: None if is_large(text) else text for name, text in texts.items()}


def is_large(text: str | None) -> bool:
    """Return whether a text is stored outside of the row."""
    return text is not None and len(text) > _LARGEST // 4 and len(text.encode()) > _LARGEST


def large_texts(texts: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the strings as `store_outside` is given them: None for what is not large."""
    return {name: text if is_large(text) else None for name, text in texts.items()}


def store_outside(connection: sa.Connection, run_key: int, texts: Mapping[str, str | None]) -> None:
    """Store strings outside of the row of a run, in place of their earlier versions.

    Args:
        connection: In a transaction.
        run_key: Of the run.
        texts: By name; None if only the earlier version is to be removed.
    """
    mine = sa.and_(large_values.c.run_key == run_key, large_values.c.name.in_(list(texts)))
    gone = connection.execute(sa.select(large_values.c.content_id).where(mine)).scalars().all()
    if gone:
        connection.execute(large_values.delete().where(mine))
    for name, text in texts.items():
        if text is not None:
            key = store_content(connection, content_of_bytes(text.encode(), name))
            row = {"run_key": run_key, "name": name, "content_id": key}
            connection.execute(large_values.insert().values(row))
    drop_unused(connection, gone)


def write_facts(connection: sa.Connection, run_key: int, text: str, is_new: bool) -> None:
    """Store the JSON text of the facts of a run, NULL in place of one that is large.

    Args:
        connection: In a transaction.
        run_key: Of the run.
        text: The facts.
        is_new: None are stored.
    """
    columns = row_values({"value": text})
    if is_new:
        connection.execute(facts.insert().values(run_key=run_key, **columns))
        return
    mine = facts.c.run_key == run_key
    if connection.execute(facts.update().where(mine).values(columns)).rowcount == 0:
        connection.execute(facts.delete().where(mine))  # MariaDB does not count equal values
        connection.execute(facts.insert().values(run_key=run_key, **columns))


def read_large_texts(
    connection: sa.Connection, run_keys: Iterable[int], names: Iterable[str]
) -> dict[tuple[int, str], bytes]:
    """Return the JSON text of the large values of runs."""
    columns = large_values.c
    mine = sa.and_(columns.run_key.in_(list(run_keys)), columns.name.in_(list(names)))
    query = sa.select(large_values).where(mine)
    return {
        (row.run_key, row.name): read(connection, row.content_id)
        for row in connection.execute(query).all()
    }


def write_file(
    connection: sa.Connection,
    run_key: int,
    file: tuple[str, str],
    content: Content,
    details: Mapping[str, Any],
) -> None:
    """Write the row of an artifact or a resource, in place of an earlier one.

    Args:
        connection: In a transaction.
        run_key: Of the row of the run.
        file: The kind and the name.
        content: From `content_of`.
        details: ``metadata`` and ``content_type`` of an artifact.
    """
    kind, name = file
    table, column = (artifacts, "name") if kind == "artifact" else (resources, "filename")
    names = {f"{column}_digest": digest_of_name(name), "run_key": run_key}
    mine = sa.and_(*(table.c[each] == value for each, value in names.items()))
    row: dict[str, Any] = {"content_id": store_content(connection, content)}
    if kind == "artifact":
        row |= {each: details.get(each) for each in ("metadata", "content_type")}
    old = connection.execute(sa.select(table.c.content_id).where(mine)).scalar()
    if old is None:
        new_key(connection, table, {**names, column: name, **row})
        return
    connection.execute(table.update().where(mine).values(row))
    if old != row["content_id"]:
        drop_unused(connection, [old])
