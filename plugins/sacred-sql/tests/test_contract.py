"""The observer and the store keep the contract, in every database that the README names."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sacred_sql import SqlObserver, SqlStore

from sacred_core.testing import StoreContract

PASSWORD = "hunter2hunter2"


class TestSql(StoreContract):
    secret = PASSWORD

    @pytest.fixture(autouse=True)
    def _place(self, new_url: Callable[[], str]) -> None:
        self.url = new_url()

    def make_observer(self, tmp_path: Path) -> SqlObserver:
        return SqlObserver(self.url)

    def make_store(self, tmp_path: Path) -> SqlStore:
        return SqlStore(self.url)
