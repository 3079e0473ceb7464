"""A server for the tests: SecantusDB in this process, or a real one."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymongo
import pymongo.uri_parser
import pytest


class Proxy:
    """Passes on what is sent to a server, until it is closed. It keeps its port."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._open: list[socket.socket] = []
        self._listener: socket.socket | None = None
        self.port = 0
        self.sent = 0

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    def __enter__(self) -> "Proxy":
        self.open()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def open(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def close(self) -> None:
        listener, self._listener = self._listener, None
        for each in [*self._open, *([listener] if listener else [])]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._open = []

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                try:
                    server = socket.create_connection(self._target)
                except OSError:
                    client.close()
                    raise
                self._open += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if source.getpeername()[1] != self._target[1]:
                    self.sent += len(data)
                target.sendall(data)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@pytest.fixture(scope="session")
def mongo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server that lives as long as the tests."""
    if given := os.environ.get("SACRED_TEST_MONGO_URL"):
        yield given
        return
    # With test commands it can be told to fail.
    flags = "--standalone", "--enable-test-commands"
    with _running(tmp_path_factory.mktemp("mongo"), *flags) as port:
        yield f"mongodb://127.0.0.1:{port}"


@contextlib.contextmanager
def _running(folder: Path, *flags: str, **options: Any) -> Iterator[int]:
    """Run a server in a process of its own: in this one it would wait for the interpreter's lock.

    Args:
        folder: Of its data.
        flags: Of the server.
        options: Of the client that asks whether it is there.
    """
    command = Path(sys.executable).with_name("secantusd-py")
    if not command.exists():
        pytest.skip("SecantusDB is not installed")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    arguments = ["--port", str(port), "--storage-path", str(folder / "data"), *flags]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen([command, *arguments], stdout=log, stderr=log)
    try:
        options = {"serverSelectionTimeoutMS": 30_000, **options}
        with pymongo.MongoClient("127.0.0.1", port, **options) as client:
            client.admin.command("ping")
        yield port
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def running() -> Any:
    """Runs servers with flags of their own."""
    return _running


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
def proxy(mongo_url: str) -> Iterator[Proxy]:
    """A way to the server that can be closed."""
    host, port = pymongo.uri_parser.parse_uri(mongo_url)["nodelist"][0]
    with Proxy((host, port)) as proxy:
        yield proxy
