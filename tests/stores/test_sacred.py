"""Runs that Sacred recorded are copied through stores of each kind, and are equal in each.

All sources, releases and targets are tested where the environment variable
``SACRED_TEST_ALL_COPIES`` is set. The tests of each plugin copy its own runs of Sacred.
"""

import sqlite3
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sacred_core.stores import open_store

from .copies import IS_WHOLE
from .places import KINDS, LOCAL, Places

SOURCES = ("file", "TinyDB", "SQLite", "MongoDB") if IS_WHOLE else ("file",)


@pytest.mark.parametrize("release", ["0.7.5", "0.8.2", "0.8.7"] if IS_WHOLE else ["0.8.7"])
@pytest.mark.parametrize("kind", SOURCES)
def test_runs_of_sacred_are_equal_after_a_chain_of_copies(
    kind: str, release: str, golden_rich: ModuleType, places: Places, tmp_path: Path
) -> None:
    """From Sacred's store to each kind of ours, one after the other, with arrays and files."""
    source = open_sacred(kind, release, golden_rich, places, tmp_path)
    targets = [places.new(each).open() for each in (KINDS if IS_WHOLE else LOCAL)]
    # With pymongo 4 Sacred 0.8.7 stores no content of resources.
    missing = 3 if (kind, release) == ("MongoDB", "0.8.7") else 0
    golden_rich.assert_copied(source, targets, missing)


def open_sacred(
    kind: str, release: str, golden_rich: ModuleType, places: Places, folder: Path
) -> Any:
    """Return a store with the runs that a release recorded."""
    if kind in ("file", "TinyDB"):
        golden_rich.unpack(release, {"file": "files", "TinyDB": "tinydb"}[kind], folder)
        return open_store(str(folder) if kind == "file" else f"tinydb://{folder}")
    content = golden_rich.load(release)
    if kind == "SQLite":
        with sqlite3.connect(folder / "old.db") as connection:
            connection.executescript(content["sql"])
        connection.close()
        return open_store(f"sqlite:///{folder / 'old.db'}")
    from bson import json_util
    from sacred_mongo import MongoObserver

    store: Any = places.new(kind).open()
    observer = store.new_observer()
    assert isinstance(observer, MongoObserver)
    for name, documents in json_util.loads(content["mongo"]).items():
        observer.runs.database[name].insert_many(documents)
    return store
