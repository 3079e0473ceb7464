"""The observer and the store fulfil the contract, in every database that the README names."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sacred_sql import SqlObserver, SqlStore
from sacred_sql.address import parse_url
from sacred_sql.schema import artifacts, runs

from sacred_core.testing import StoreContract
from sacred_core.testing.servers import Proxy

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

    def location(self, tmp_path: Path) -> str:
        """With the password, which `store_location` does not contain."""
        return self.url

    def existing(self, tmp_path: Path) -> set[str]:
        """The tables, or the file of SQLite."""
        url = parse_url(self.url)
        if url.get_backend_name() == "sqlite":
            return {url.database or ""} if Path(url.database or "").exists() else set()
        engine = sa.create_engine(url)
        names = set(sa.inspect(engine).get_table_names())
        engine.dispose()
        return names

    def make_precise_store(self, tmp_path: Path) -> SqlStore:
        store = SqlStore(self.url)
        store.commit_time = timedelta(0)
        return store

    def command_line_options(self, tmp_path: Path) -> list[str]:
        return ["-s", self.url]

    def make_proxied_observer(self, tmp_path: Path) -> tuple[Any, Proxy] | None:
        url = sa.make_url(self.url)
        if url.host is None or url.port is None:
            return None
        proxy = Proxy((url.host, url.port))
        proxy.open()
        return SqlObserver(url.set(port=proxy.port).render_as_string(hide_password=False)), proxy

    def stored_bytes(self, tmp_path: Path) -> Iterator[bytes]:
        engine = sa.create_engine(parse_url(self.url))
        tables = sa.MetaData()
        tables.reflect(engine)
        with engine.connect() as connection:
            for table in tables.sorted_tables:
                for row in connection.execute(sa.select(table)):
                    yield repr(row).encode()
                    yield from (value for value in row if isinstance(value, bytes))
        engine.dispose()

    def damage(self, tmp_path: Path, run_id: Any) -> bool:
        engine = sa.create_engine(parse_url(self.url))
        with engine.begin() as connection:
            change = runs.update().where(runs.c.run_id == str(run_id))
            connection.execute(change.values(config='{"n": ', info="[" * 100_000))
        engine.dispose()
        return True

    def content_type(self, tmp_path: Path, run_id: Any, name: str) -> str | None:
        query = sa.select(artifacts.c.content_type).join(runs)
        query = query.where(artifacts.c.name == name, runs.c.run_id == str(run_id))
        engine = sa.create_engine(parse_url(self.url))
        with engine.connect() as connection:
            kind: str | None = connection.execute(query).scalar_one()
        engine.dispose()
        return kind
