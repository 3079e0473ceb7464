"""Documents that Sacred's MongoObserver 0.7.5, 0.8.2 and 0.8.7 wrote are read as recorded."""

import copy
import json
from types import ModuleType
from typing import Any

import pytest
from bson import json_util
from sacred_mongo import MongoObserver, MongoStore

from sacred_core.stores import RunQuery
from sacred_core.stores.query import Field
from sacred_core.testing.memory import Memory, MemoryStore

RELEASES = ("0.7.5", "0.8.2", "0.8.7")


@pytest.fixture
def store(mongo_url: str, db_name: str) -> MongoStore:
    """A store of an empty database."""
    return MongoStore(mongo_url, db_name)


def insert(golden: ModuleType, release: str, database: Any) -> list[dict[str, Any]]:
    """Fill the database with what a release recorded, and return its runs."""
    dump = json_util.loads(golden.text(release, "mongo.json"))
    for name, documents in dump.items():
        database[name].insert_many(copy.deepcopy(documents))
    runs: list[dict[str, Any]] = dump["runs"]
    return runs


@pytest.mark.parametrize("release", RELEASES)
def test_each_value_in_info_is_read_as_it_was_recorded(
    golden: ModuleType, release: str, store: MongoStore, database: Any
) -> None:
    """Each value in info is read as it was recorded, also the objects that are repeated: MongoDB
    has the order in which Sacred wrote.
    """
    pytest.importorskip("pandas")
    recorded = golden.recorded()
    first = insert(golden, release, database)[0]
    stored = golden.values(release, "mongo")
    database.runs.insert_many(
        {**first, "_id": name, "info": json_util.loads(json.dumps(info))}
        for name, info in stored.items()
    )
    for name in stored:
        if not golden.stays(release, name):
            wanted = golden.expected(release, name, recorded[name])
            read = golden.comparable(store.get(name).info)
            assert read == golden.comparable({name: wanted})
    assert sum(golden.stays(release, name) for name in stored) < len(stored) / 4


@pytest.mark.parametrize("release", RELEASES)
def test_whole_runs_are_read(
    golden: ModuleType, release: str, store: MongoStore, database: Any
) -> None:
    """Statuses, configuration, result, info with repeated objects, output, metrics and files."""
    insert(golden, release, database)
    first, *_ = golden.assert_runs(store, has_resources=False)
    numbers = [float(n) for n in range(20)]
    assert first.result["first"] == numbers and first.result["second"] == {"n": [1, 2]}
    if release != "0.7.5":  # that release counted numbers of numpy, which leave no trace
        assert first.result["third"] == [1, 2]
        assert first.info["alpha"] == {"again": {"w": numbers, "n": [1, 2]}, "list": [1, 2]}
        assert first.info["middle"] == [{"x": [1]}, [1, 2]]
    assert store.metrics(1)["loss"]["values"] == [0.5, 0.25, 0.5 / 3]


@pytest.mark.parametrize("release", RELEASES)
def test_rich_runs_are_read(
    golden_rich: ModuleType, release: str, store: MongoStore, database: Any
) -> None:
    """Odd values, arrays, files, sources, ids that a user chose, a killed run."""
    for name, documents in json_util.loads(golden_rich.load(release)["mongo"]).items():
        database[name].insert_many(documents)
    # With pymongo 4 Sacred 0.8.7 stores no content of resources.
    golden_rich.assert_runs(store, release, lacks="resources" if release == "0.8.7" else "")
    listed = [run.files["source"] for run in store.list(RunQuery(fields=[Field("files")]))]
    assert all(info.md5 and info.size for files in listed for info in files.values())
    table = store.get(0).artifact_info["table.csv"]
    assert (table.size, table.content_type, table.metadata) == (6, "text/csv", {"k": [1, 2]})


@pytest.mark.parametrize("release", RELEASES)
def test_runs_of_sacred_are_copied(
    golden_rich: ModuleType, release: str, store: MongoStore, mongo_url: str, database: Any
) -> None:
    """They are equal in another store, and in a collection of ours that they are copied to from it.

    The content of resources is missing where Sacred did not store it.
    """
    for name, documents in json_util.loads(golden_rich.load(release)["mongo"]).items():
        database[name].insert_many(documents)
    own = MongoObserver(mongo_url, database.name, collection="copies").open_store()
    missing = 3 if release == "0.8.7" else 0
    golden_rich.assert_copied(store, [MemoryStore(Memory()), own], missing=missing)


def test_other_documents_are_named(
    store: MongoStore, database: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """They are neither empty rows nor silently missing."""
    database.runs.insert_many(
        [
            {"_id": 1, "status": "COMPLETED"},
            {"_id": 2, "hello": 1},
            {"_id": 3, "status": "COMPLETED", "config": [1]},
        ]
    )
    assert [run.id for run in store.list()] == [1, 3]
    assert store.get(3).damage == "config is not an object (list)"
    (foreign,) = caplog.messages
    assert foreign.startswith("Skipping 1 record of other programs (2): document 2 in ")
