"""The observer and the store fulfil the contract."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pymongo
import pytest
from sacred_mongo import MongoObserver, MongoStore

from sacred_core.testing import StoreContract
from sacred_core.testing.servers import Proxy


class TestMongo(StoreContract):
    @pytest.fixture(autouse=True)
    def _server(self, mongo_url: str, db_name: str) -> None:
        self.arguments = {"url": mongo_url, "db_name": db_name}

    def make_observer(self, tmp_path: Path) -> MongoObserver:
        return MongoObserver(**self.arguments)

    def make_store(self, tmp_path: Path) -> MongoStore:
        return MongoStore(**self.arguments)

    def existing(self, tmp_path: Path) -> set[str]:
        """The collections."""
        client: Any = pymongo.MongoClient(self.arguments["url"])
        with client:
            return set(client[self.arguments["db_name"]].list_collection_names())

    def make_precise_store(self, tmp_path: Path) -> MongoStore:
        store = self.make_store(tmp_path)
        store.overlap = timedelta(0)
        return store

    def command_line_options(self, tmp_path: Path) -> list[str]:
        collection = self.arguments.get("collection", "runs")
        return ["-m", f"{self.arguments['url']}/{self.arguments['db_name']}.{collection}"]

    def make_proxied_observer(self, tmp_path: Path) -> tuple[Any, Proxy]:
        host, port = pymongo.uri_parser.parse_uri(self.arguments["url"])["nodelist"][0]
        proxy = Proxy((host, port))
        proxy.open()
        url = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"
        # On a busy machine the server of the tests answers after seconds.
        arguments = {**self.arguments, "url": url, "serverSelectionTimeoutMS": 30_000}
        return MongoObserver(**arguments), proxy

    def end_calls(self, observer: MongoObserver) -> None:
        """Close the client, so that no call waits for the time of a selection."""
        with pymongo.timeout(0.1):  # without it `close` waits for the server, too
            observer.runs.database.client.close()

    def stored_bytes(self, tmp_path: Path) -> Iterator[bytes]:
        client: Any = pymongo.MongoClient(self.arguments["url"])
        with client:
            database = client[self.arguments["db_name"]]
            for name in database.list_collection_names():
                yield from (repr(document).encode() for document in database[name].find())

    def damage(self, tmp_path: Path, run_id: Any) -> bool:
        client: Any = pymongo.MongoClient(self.arguments["url"])
        odd = {"config": [1], "start_time": 5, "artifacts": "made", "experiment.sources": 1}
        with client:
            runs = client[self.arguments["db_name"]][self.arguments.get("collection", "runs")]
            return bool(runs.update_one({"_id": run_id}, {"$set": odd}).modified_count)

    def content_type(self, tmp_path: Path, run_id: Any, name: str) -> str | None:
        """As Incense reads it."""
        client: Any = pymongo.MongoClient(self.arguments["url"])
        with client:
            database = client[self.arguments["db_name"]]
            run = database[self.arguments.get("collection", "runs")].find_one({"_id": run_id})
            (file_id,) = (each["file_id"] for each in run["artifacts"] if each["name"] == name)
            # `GridOut.content_type`, which warns that it is going to be removed, reads this field.
            kind: str | None = database["fs.files"].find_one({"_id": file_id}).get("contentType")
            return kind


class TestMongoOfAnotherCollection(TestMongo):
    series = 20

    @pytest.fixture(autouse=True)
    def _server(self, mongo_url: str, db_name: str) -> None:
        self.arguments = {"url": mongo_url, "db_name": db_name, "collection": "mine"}
