"""The measured stores: their server, their observer, and how they are filled."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.growth import filling, servers


@dataclass(frozen=True)
class Filled:
    """A store with runs.

    Attributes:
        new_observer: Returns an observer of the store.
        location: For `open_store`.
    """

    new_observer: Callable[[], Any]
    location: str


#: Creates a store with this number of runs.
Fill = Callable[[int], Filled]


@contextlib.contextmanager
def open_files() -> Iterator[Fill]:
    """Fill folders."""
    from sacred_core.observers import FileStorageObserver

    with servers.new_folder() as folder:

        def fill(size: int) -> Filled:
            own = folder / str(size)
            store = Filled(lambda: FileStorageObserver(own), str(own))
            filling.record_templates(store.new_observer())
            shutil.rmtree(own / "_ids", ignore_errors=True)  # it has the next id
            filling.copy_folders(own, size)
            return store

        yield fill


@contextlib.contextmanager
def open_tinydb() -> Iterator[Fill]:
    """Fill databases of TinyDB."""
    from sacred_core.observers import TinyDbObserver

    with servers.new_folder() as folder:

        def fill(size: int) -> Filled:
            own = folder / str(size)
            store = Filled(lambda: TinyDbObserver(own), f"tinydb://{own}")
            filling.record_templates(store.new_observer())
            filling.copy_tinydb(own, size)
            return store

        yield fill


@contextlib.contextmanager
def open_sqlite() -> Iterator[Fill]:
    """Fill files of SQLite."""
    with servers.new_folder() as folder:
        yield lambda size: _fill_sql(f"sqlite:///{folder}/{size}.db", size)


@contextlib.contextmanager
def open_postgres() -> Iterator[Fill]:
    """Fill databases of a server of PostgreSQL."""
    with servers.new_folder() as folder, servers.Postgres(folder) as server:
        yield lambda size: _fill_sql(server.database(f"growth_{size}"), size)


def _fill_sql(url: str, size: int) -> Filled:
    from sacred_core.observers import SqlObserver

    store = Filled(lambda: SqlObserver(url), url)
    filling.record_templates(store.new_observer())
    filling.copy_rows(url, size)
    return store


@contextlib.contextmanager
def open_mongo() -> Iterator[Fill]:
    """Fill databases of a server of MongoDB."""
    import pymongo

    from sacred_core.observers import MongoObserver

    with servers.new_folder() as folder, servers.Mongo(folder) as server:
        url = f"mongodb://127.0.0.1:{server.port}"

        def fill(size: int) -> Filled:
            name = f"growth_{size}"
            store = Filled(lambda: MongoObserver(url, name), f"{url}/{name}.runs")
            filling.record_templates(store.new_observer())
            client: pymongo.MongoClient[Any]
            with pymongo.MongoClient(url) as client:
                filling.copy_mongo(client[name], size)
            return store

        yield fill


@contextlib.contextmanager
def open_s3() -> Iterator[Fill]:
    """Fill buckets of a server that emulates S3."""
    from sacred_core.observers import S3Observer

    os.environ.update(servers.AWS_VARIABLES)
    with servers.new_folder() as folder, servers.Moto(folder) as server:
        endpoint, region = f"http://127.0.0.1:{server.port}", "us-east-1"

        def fill(size: int) -> Filled:
            name = f"growth-{size}"
            server.create_bucket(name)
            new = partial(S3Observer, name, "runs", region=region, endpoint_url=endpoint)
            filling.record_templates(new())
            filling.copy_objects(server.read(name), partial(server.write, name), size)
            return _indexed(Filled(new, new().store_location))

        yield fill


@contextlib.contextmanager
def open_gcs() -> Iterator[Fill]:
    """Fill buckets of a server that emulates Google Cloud Storage."""
    from sacred_core.observers import GoogleCloudStorageObserver

    with servers.new_folder() as folder, servers.FakeGcs(folder) as server:
        os.environ["STORAGE_EMULATOR_HOST"] = server.url

        def fill(size: int) -> Filled:
            name = f"growth-{size}"
            server.create_bucket(name)
            new = partial(GoogleCloudStorageObserver, name, "runs")
            filling.record_templates(new())
            filling.copy_objects(server.read(name), partial(server.write, name), size)
            return _indexed(Filled(new, new().store_location))

        yield fill


def _indexed(filled: Filled) -> Filled:
    """Return the store with an index, as if its observer had recorded all runs."""
    from sacred_core.stores import open_store

    store: Any = open_store(filled.location)
    store.update_index()
    return filled


STORES = {
    "files": open_files,
    "SQLite": open_sqlite,
    "PostgreSQL": open_postgres,
    "MongoDB": open_mongo,
    "TinyDB": open_tinydb,
    "S3": open_s3,
    "GCS": open_gcs,
}
