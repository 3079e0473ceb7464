"""Servers of MongoDB and PostgreSQL, and many runs in a SQL database, for `benchmarks.reading`."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.growth.servers import Mongo, Postgres

_RUNS_AT_ONCE = 500


@contextlib.contextmanager
def mongo_server() -> Iterator[str]:
    """Run a server for the time of the block, and return its URL."""
    if url := os.environ.get("SACRED_TEST_MONGO_URL"):
        yield url
        return
    with tempfile.TemporaryDirectory() as folder, Mongo(Path(folder)) as server:
        yield f"mongodb://127.0.0.1:{server.port}"


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """Run a server for the time of the block, and return the URL of an empty database."""
    if url := os.environ.get("SACRED_TEST_POSTGRES_URL"):
        yield url
        return
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder)) as server:
        yield server.database("bench")


def copy_rows(url: str, runs: int) -> None:
    """Copy the newest run until there are ``runs`` more, each with other values.

    Args:
        url: Of a database with a run of one metric in one block, ``loss``.
        runs: Their number with that one.
    """
    import sqlalchemy as sa
    from sacred_sql import schema

    engine = sa.create_engine(url)
    with engine.begin() as connection:
        newest = sa.select(schema.runs).order_by(schema.runs.c.run_key.desc()).limit(1)
        run = dict(connection.execute(newest).mappings().one())
        tables = (
            schema.metrics, schema.points, schema.point_summaries, schema.facts, schema.run_changes,
        )  # fmt: skip
        key, number = run.pop("run_key"), run["run_number"]
        own = {
            table: [
                dict(row)
                for row in connection.execute(
                    sa.select(table).where(table.c.run_key == key)
                ).mappings()
            ]
            for table in tables
        }
        for first in range(1, runs, _RUNS_AT_ONCE):
            new = range(first, min(first + _RUNS_AT_ONCE, runs))
            rows = [_run(run, n) | {"run_key": key + n, "run_number": number + n} for n in new]
            connection.execute(schema.runs.insert(), rows)
            for table, found in own.items():
                copies = [
                    {**row, "run_key": key + n, **_facts(table.name, row, n)}
                    for n in new
                    for row in found
                ]
                connection.execute(table.insert(), copies)
    engine.dispose()


def _run(run: dict[str, Any], number: int) -> dict[str, Any]:
    config = f'{{"lr": {number / 7}, "model": {{"size": {number % 5}}}}}'
    return {**run, "run_id": str(run["run_number"] + number), "config": config}


def _facts(table: str, row: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the column of facts with another minimum, nothing for other tables."""
    if table != "facts":
        return {}
    import attrs

    from sacred_core.stores.summaries import decode_summary, encode_summary

    facts = json.loads(row["value"])
    loss = decode_summary(facts["metrics"]["loss"])
    changed = attrs.evolve(loss, min=loss.min - number % 100)
    facts["metrics"]["loss"] = encode_summary(changed)
    return {"value": json.dumps(facts)}
