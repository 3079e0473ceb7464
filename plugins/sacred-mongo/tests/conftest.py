"""A server for the tests: SecantusDB in this process, or a real one."""

import os
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pymongo
import pymongo.uri_parser
import pytest
from pymongo.errors import ServerSelectionTimeoutError
from sacred_mongo import MongoObserver

from sacred_core.testing.effort import examples
from sacred_core.testing.servers import Proxy, ServerProcess


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Test a collection of another name with a part of the contract: it differs in names only.

    A complete check takes every fourth of these tests, a quick one every eighth.
    """
    step = examples(8, 4)
    others = [item for item in items if "TestMongoOfAnotherCollection::" in item.nodeid]
    left_out = {item for number, item in enumerate(others) if number % step}
    if left_out:
        config.hook.pytest_deselected(items=[*left_out])
        items[:] = [item for item in items if item not in left_out]


class MongoProxy(Proxy):
    """A proxy whose address is one of MongoDB."""

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"


class Server(ServerProcess):
    """SecantusDB in a process of its own: in this one it would wait for the interpreter's lock."""

    def __init__(self, folder: Path, *flags: str, **options: Any) -> None:
        """Prepare a server with flags, and with options of the client that checks it."""
        super().__init__(folder)
        self.url = f"mongodb://127.0.0.1:{self.port}/?directConnection=true"
        self._flags = flags
        self._options = {"serverSelectionTimeoutMS": 500, **options}
        self._program = Path(sys.executable).with_name("secantusd-py")
        if not self._program.exists():
            pytest.skip("SecantusDB is not installed")

    def command(self) -> list[Path | str]:
        data = str(self.folder / "data")
        return [self._program, "--port", str(self.port), "--storage-path", data, *self._flags]

    def check(self) -> None:
        with pymongo.MongoClient("127.0.0.1", self.port, **self._options) as client:
            client.admin.command("ping")


@pytest.fixture(scope="session")
def mongo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server that lives as long as the tests."""
    if given := os.environ.get("SACRED_TEST_MONGO_URL"):
        yield given
        return
    # With test commands it can be made to fail.
    flags = "--standalone", "--enable-test-commands"
    with Server(tmp_path_factory.mktemp("mongo"), *flags) as server:
        yield f"mongodb://127.0.0.1:{server.port}"
        server.kill()  # asked to end, it saves all databases first, for many seconds


@pytest.fixture
def running() -> type[Server]:
    """Servers with flags of their own."""
    return Server


@pytest.fixture
def connected() -> Callable[[MongoObserver], MongoObserver]:
    """Connects an observer whose time for the selection of a server is short.

    On a busy machine the first connection takes longer, and such a test is about later ones.
    """

    def connect(observer: MongoObserver) -> MongoObserver:
        for is_last in [False] * 30 + [True]:
            try:
                observer.runs.find_one()
                break
            except ServerSelectionTimeoutError:
                if is_last:
                    raise
        return observer

    return connect


@pytest.fixture
def db_name() -> str:
    """The name of a database that no other test uses."""
    return f"test_{uuid.uuid4().hex}"


@pytest.fixture
def database(mongo_url: str, db_name: str) -> Iterator[Any]:
    """The database of the test, as another program sees it."""
    with pymongo.MongoClient(mongo_url, tz_aware=True) as client:
        yield client[db_name]
        client.drop_database(db_name)


@pytest.fixture
def proxy(mongo_url: str) -> Iterator[MongoProxy]:
    """A way to the server that can be closed."""
    host, port = pymongo.uri_parser.parse_uri(mongo_url)["nodelist"][0]
    with MongoProxy((host, port)) as proxy:
        yield proxy
