"""Tests of `sacred runs recover` with runs in MongoDB."""

from typing import Any

import pymongo
import pytest
from sacred_mongo import MongoObserver, MongoStore
from sacred_mongo.connection import location, parse_argument


def test_last_words_are_recovered(crash_script: Any, mongo_url: str, database: Any) -> None:
    """Whatever was written is in the output of the run, once."""
    server, _, query = mongo_url.partition("?")
    url = f"{server.rstrip('/')}/{database.name}" + (f"?{query}" if query else "")
    crash_script.assert_recovered(url, "-m", url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (None, "mongodb://localhost:27017/db.runs"),
        ("host:1234", "mongodb://host:1234/db.runs"),
        ("mongodb://ann:hunter2@one:1,two:2/admin?replicaSet=r&tlsCertificateKeyFilePassword=x",
         "mongodb://ann@one:1,two:2/db.runs?replicaSet=r"),
        ("mongodb+srv://ann:hunter2@host", "mongodb+srv://ann@host/db.runs"),
    ],
)  # fmt: skip
def test_a_location_holds_no_secret(url: str | None, expected: str) -> None:
    """It names the collection for those who have the password elsewhere."""
    runs: Any = pymongo.MongoClient(connect=False)["db"]["runs"]
    assert location(url, None, runs) == expected
    assert (parse_argument(expected).db_name, parse_argument(expected).collection) == ("db", "runs")


def test_the_location_of_a_client_that_was_given(mongo_url: str, database: Any) -> None:
    """Its hosts are what others connect to."""
    database["runs"].insert_one({"_id": 1, "status": "RUNNING"})
    observer = MongoObserver(client=database.client, db_name=database.name)
    assert MongoStore.from_location(observer.store_location).get(1).id == 1
