"""Servers of MongoDB and PostgreSQL, and many runs in a SQL database, for `benchmarks.reading`."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sacred_core.testing.servers import free_port

_NOBODY = 65534
_RUNS_AT_ONCE = 500


@contextlib.contextmanager
def mongo_server() -> Iterator[str]:
    """Run a server for the time of the block, and return its URL."""
    if url := os.environ.get("SACRED_TEST_MONGO_URL"):
        yield url
        return
    port = free_port()
    command = Path(sys.executable).with_name("secantusd-py")
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", str(port), "--storage-path", folder, "--standalone"]
        process = subprocess.Popen([command, *options], stderr=subprocess.DEVNULL)
        try:
            yield f"mongodb://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """Run a server for the time of the block, and return the URL of an empty database."""
    if url := os.environ.get("SACRED_TEST_POSTGRES_URL"):
        yield url
        return
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # which the server refuses
        user = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
    folder, port = tempfile.mkdtemp(prefix="bench-sql-"), free_port()
    if user:
        os.chown(folder, _NOBODY, _NOBODY)
    create: list[str | Path] = [
        programs / "initdb",
        "-D",
        f"{folder}/data",
        "-U",
        "sacred",
        "-E",
        "UTF8",
    ]
    subprocess.run(
        [*create, "--auth=trust"], check=True, cwd=folder, stdout=subprocess.DEVNULL, **user
    )
    options = ["-c", f"port={port}", "-c", f"unix_socket_directories={folder}"]
    command: list[str | Path] = [programs / "postgres", "-D", f"{folder}/data", *options]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL, **user)
    try:
        url = f"postgresql+psycopg://sacred@127.0.0.1:{port}/postgres"
        _wait_for(url)
        yield url
    finally:
        process.send_signal(signal.SIGINT)  # it does not wait for clients
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


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


def _wait_for(url: str) -> None:
    import sqlalchemy as sa

    engine = sa.create_engine(url, poolclass=sa.NullPool)
    until = time.monotonic() + 30
    while True:
        try:
            engine.connect().close()
        except sa.exc.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return
