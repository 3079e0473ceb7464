"""Tests of what the server is asked when runs are looked for."""

import json
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId, json_util
from sacred_mongo import MongoObserver, MongoStore
from sacred_mongo.filters import filter_of

from sacred_core.stores import RunQuery, find_runs
from sacred_core.stores.query import parse
from sacred_core.testing import EventDriver


@pytest.fixture
def store(mongo_url: str, db_name: str) -> MongoStore:
    return MongoStore(mongo_url, db_name)


@pytest.fixture
def runs(mongo_url: str, db_name: str) -> None:
    """A hundred runs of three experiments."""
    for number in range(100):
        driver = EventDriver(MongoObserver(mongo_url, db_name))
        config = {"lr": number / 100, "net": {"depth": number % 5}, "name": f"n{number % 10}"}
        driver.start(config=config, ex_info={"name": f"ex{number % 3}", "base_dir": "."})
        driver.beat(info={"best": number} if number % 2 else {})
        driver.complete(result=number)


#: How many of the hundred runs the server sends, which may be more than are meant.
SENT = {
    "config.lr < 0.095": 10,
    "config.lr between 0.2 and 0.3 and config.net.depth = 0": 3,
    "config.net.depth in [1, 2] or name = ex0": 61,
    "config.name has '7'": 10,
    "config.name = n7 and not info.best exists": 0,
    "not (info.best exists or config.lr < 0.5)": 50,
    "config.net.width exists": 0,
    "config.net.width != 3": 0,
    "result >= 98": 2,
    "status = COMPLETED and id in [3, 5, 1000]": 2,
    "start_time < 2020-01-01": 0,
    "start_time > 2020-01-01": 100,
    "command = other": 0,
    "tags has good": 0,
    "name = ex0 and metrics.loss.last < 1": 34,
    "name ~ 'ex*'": 100,
}


@pytest.mark.usefixtures("runs")
def test_the_server_sorts_out(database: Any) -> None:
    """A search among thousands costs what it finds."""
    filters = {text: filter_of(RunQuery(where=parse(text))) for text in SENT}
    assert {text: database.runs.count_documents(asked) for text, asked in filters.items()} == SENT


def test_a_large_configuration_is_found(
    mongo_url: str, db_name: str, store: MongoStore, database: Any
) -> None:
    """It is in a file, into which the server does not look."""
    EventDriver(MongoObserver(mongo_url, db_name)).start(
        config={"lr": 0.5, "much": "x" * 3_000_000}
    )
    assert "%file" in database.runs.find_one()["config"]
    assert [run.id for run in find_runs(store, "config.lr = 0.5")] == [1]
    assert find_runs(store, "config.lr = 0.6") == []


def test_runs_of_sacred_are_found(store: MongoStore, database: Any) -> None:
    """Runs of Sacred are found, by values that are tagged in their documents too, and by ids that
    the server gave.
    """
    stored = json.loads((Path(__file__).parent / "sacred_0_8_7.json").read_text())
    run = json_util.loads(json.dumps(stored["runs"][0]))
    run["config"]["rates"] = {"py/tuple": [1, 2]}
    database.runs.insert_many([run, {**run, "_id": (new := ObjectId())}])
    for text in ("config.rates.1 = 2", "config.rates has 1", "name = old", "status = COMPLETED"):
        assert len(find_runs(store, text)) == 2, text
    assert [run.id for run in find_runs(store, f"id = '{new}'")] == [str(new)]
