"""The observer and the store keep the contract."""

from pathlib import Path

import pytest
from sacred_mongo import MongoObserver, MongoStore

from sacred_core.testing import StoreContract


class TestMongo(StoreContract):
    @pytest.fixture(autouse=True)
    def _server(self, mongo_url: str, db_name: str) -> None:
        self.place = {"url": mongo_url, "db_name": db_name}

    def make_observer(self, tmp_path: Path) -> MongoObserver:
        return MongoObserver(**self.place)

    def make_store(self, tmp_path: Path) -> MongoStore:
        return MongoStore(**self.place)


class TestMongoOfAnotherCollection(TestMongo):
    @pytest.fixture(autouse=True)
    def _server(self, mongo_url: str, db_name: str) -> None:
        self.place = {"url": mongo_url, "db_name": db_name, "collection": "mine"}
