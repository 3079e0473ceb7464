"""Fills a store with many runs: an observer records the first two, and their records are copied.

An observer takes 10 to 200 ms per run. The copies differ in id, unique values, start and
configuration.
"""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.growth import runs

_BATCH = 500


def record_templates(observer: Any) -> None:
    """Record a common run with the id 1 and a rare one with the id 2."""
    for number in (1, 2):
        runs.record(observer, number, rare=number == 2)


def copies(size: int) -> Iterator[tuple[int, int]]:
    """Yield the number of each run to be written, and that of the run to be copied."""
    for number in range(3, size + 1):
        yield number, 2 if runs.is_rare(number, size) else 1


def copy_folders(folder: Path, size: int) -> None:
    """Copy the folders of a `FileStorageObserver`."""
    templates = {number: _read_files(folder / str(number)) for number in (1, 2)}
    for number, template in copies(size):
        (folder / str(number)).mkdir()
        for name, data in _changed_files(templates[template], number, template):
            (folder / str(number) / name).write_bytes(data)


def copy_objects(
    objects: Mapping[str, bytes],
    write: Callable[[Mapping[str, tuple[str, bytes]]], None],
    size: int,
) -> None:
    """Copy the objects of runs in a bucket, whose keys begin with ``runs/``.

    Args:
        objects: What the bucket has, by key.
        write: Writes objects: for each new key, the key of one that has its metadata, and the
            content.
        size: Number of runs.
    """
    templates = {
        number: {
            key.removeprefix(prefix): data
            for key, data in objects.items()
            if key.startswith(prefix)
        }
        for number, prefix in ((1, "runs/1/"), (2, "runs/2/"))
    }
    for batch in _batches(copies(size)):
        write(
            {
                f"runs/{number}/{name}": (f"runs/{template}/{name}", data)
                for number, template in batch
                for name, data in _changed_files(templates[template], number, template)
            }
        )


def copy_tinydb(folder: Path, size: int) -> None:
    """Copy the documents in ``metadata.json`` of a `TinyDbObserver`."""
    path = folder / "metadata.json"
    content = json.loads(path.read_text())
    found = content["runs"]
    templates = {number: found[str(number)] for number in (1, 2)}
    for number, template in copies(size):
        document = _changed_document(templates[template], number, template)
        date = f"{{TinyDate}}:{_iso(number)}"
        found[str(number)] = {**document, "_id": uuid.uuid4().hex, "start_time": date}
    path.write_text(json.dumps(content))


def copy_mongo(database: Any, size: int) -> None:
    """Copy the documents of the collections of a `MongoObserver`."""
    from bson import ObjectId

    templates = {each["_id"]: each for each in database.runs.find()}
    points = {number: [*database.metrics.find({"run_id": number})] for number in (1, 2)}
    for batch in _batches(copies(size)):
        new_runs, new_points = [], []
        for number, template in batch:
            document = _changed_document(templates[template], number, template)
            document |= {"_id": number, "start_time": runs.start_time(number)}
            own = [
                {
                    **each,
                    "_id": ObjectId(),
                    "run_id": number,
                    "token": document["token"],
                }
                for each in points[template]
            ]
            names = [{"name": each["name"], "id": str(each["_id"])} for each in own]
            document["info"] = {**document["info"], "metrics": names}
            new_runs.append(document)
            new_points += own
        database.metrics.insert_many(new_points)
        database.runs.insert_many(new_runs)


def copy_rows(url: str, size: int) -> None:
    """Copy the rows of all tables of a `SqlObserver` that belong to a run."""
    import sqlalchemy as sa
    from sacred_sql import schema

    tables = [
        table
        for table in schema.metadata.sorted_tables
        if "run_key" in table.c and table is not schema.runs
    ]
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        templates = _rows_by_key(connection, schema.runs)
        rows = {table: _rows_by_key(connection, table) for table in tables}
        for batch in _batches(copies(size)):
            connection.execute(
                schema.runs.insert(),
                [_changed_row(templates[template][0], n, template) for n, template in batch],
            )
            for table, found in rows.items():
                new = [
                    {**row, "run_key": number, **_unique_columns(table, row, number)}
                    for number, template in batch
                    for row in found.get(template, ())
                ]
                if new:
                    connection.execute(table.insert(), new)
        if engine.dialect.name == "postgresql":
            _advance_sequences(connection, [schema.runs, *tables])
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()


def _advance_sequences(connection: Any, tables: Iterable[Any]) -> None:
    """Let the next automatic key of each table follow the copied ones."""
    for table in tables:
        column = table.autoincrement_column
        if column is not None:
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'),"
                f" (SELECT max({column.name}) FROM {table.name}))"
            )


def _rows_by_key(connection: Any, table: Any) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for row in connection.execute(table.select()).mappings():
        found.setdefault(row["run_key"], []).append(dict(row))
    return found


def _changed_row(row: dict[str, Any], number: int, template: int) -> dict[str, Any]:
    own = {"run_key": number, "run_id": str(number), "run_number": number}
    meta = json.loads(row["meta"]) | {"uid": uuid.uuid4().hex}
    config = runs.config(number, template == 2)
    return {
        **row,
        **own,
        "config": json.dumps(config),
        "meta": json.dumps(meta),
        "start_time": runs.start_time(number),
    }


def _unique_columns(table: Any, row: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the automatic column of a row, which is unique in its table."""
    column = table.autoincrement_column
    if column is None or column.name == "run_key":
        return {}
    return {column.name: row[column.name] + number * 1000}


def _read_files(folder: Path) -> dict[str, bytes]:
    """Return the content of the files of a run by name."""
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}


def _changed_files(
    files: dict[str, bytes], number: int, template: int
) -> Iterator[tuple[str, bytes]]:
    for name, data in files.items():
        if name == "config.json":
            yield name, _json_bytes(runs.config(number, template == 2))
        elif name == "run.json":
            document = json.loads(data)
            changed = {
                "start_time": _iso(number),
                "token": uuid.uuid4().hex,
                "meta": {**document["meta"], "uid": uuid.uuid4().hex},
            }
            yield name, _json_bytes(document | changed)
        else:
            yield name, data


def _changed_document(document: dict[str, Any], number: int, template: int) -> dict[str, Any]:
    return {
        **document,
        "config": runs.config(number, template == 2),
        "meta": {**document["meta"], "uid": uuid.uuid4().hex},
        "token": uuid.uuid4().hex,
    }


def _json_bytes(value: Any) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()


def _iso(number: int) -> str:
    return runs.start_time(number).replace(tzinfo=None).isoformat(timespec="microseconds")


def _batches(pairs: Iterable[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    batch: list[tuple[int, int]] = []
    for pair in pairs:
        batch.append(pair)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
