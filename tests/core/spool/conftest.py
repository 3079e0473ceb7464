"""Spools without plugins: the runs of a folder are in a memory, and so are the stores."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from sacred_core import ObserverSpec
from sacred_core.exceptions import UnavailableError
from sacred_core.observers import RetryPolicy
from sacred_core.spool.observer import SpoolObserver
from sacred_core.stores import RunQuery
from sacred_core.testing import Memory, MemoryObserver, MemoryStore
from sacred_core.testing.event_driver import DispatchingDriver


class FolderObserver(MemoryObserver):
    """Stands for the observer of the folder format: the folder exists, the runs are in memory."""

    memories: ClassVar[dict[str, Memory]] = {}

    def __init__(self, folder: str) -> None:
        Path(folder).mkdir(parents=True, exist_ok=True)
        super().__init__(self.memories.setdefault(folder, Memory()))
        self.store_location = folder


class FolderStore(MemoryStore):
    """Reads what `FolderObserver` records."""

    @classmethod
    def from_location(cls, folder: str) -> "FolderStore":
        return cls(FolderObserver.memories.setdefault(folder, Memory()))


class Server:
    """A memory behind a server that a test stops and starts.

    Attributes:
        is_down: Each call raises.
        answers: While it is not set, calls wait.
        calls: The number of calls of the store.
    """

    def __init__(self, location: str) -> None:
        self.location, self.memory = location, Memory()
        self.is_down, self.calls = False, 0
        self.answers = threading.Event()
        self.answers.set()

    def request(self) -> None:
        self.calls += 1
        self.answers.wait(60)
        if self.is_down:
            raise UnavailableError(f"{self.location} is away")

    @property
    def runs(self) -> MemoryStore:
        return MemoryStore(self.memory)


class ServerStore(MemoryStore):
    def __init__(self, server: Server) -> None:
        super().__init__(server.memory)
        self.server = server

    def find(self, run_id: int | str) -> Any:
        self.server.request()
        return super().find(run_id)

    def records(self, query: RunQuery, newest_first: bool) -> Any:
        self.server.request()
        return super().records(query, newest_first)

    def new_observer(self) -> Any:
        self.server.request()
        return ServerObserver(self.server)


class ServerObserver(MemoryObserver):
    """Records in the memory of a server."""

    priority = 30
    retry_policy = RetryPolicy(retry_interval=0.01, end_timeout=0.05)

    def __init__(self, server: Server) -> None:
        super().__init__(server.memory)
        self.server = server
        self.store_location = server.location

    def open_store(self) -> Any:
        self.server.request()
        return ServerStore(self.server)

    def insert_run(self, run: Any) -> bool:
        self.server.request()
        return super().insert_run(run)

    def own_record(self) -> Any:
        self.server.request()
        return super().own_record()


class Spool:
    """A spool in a folder, and servers by location.

    Attributes:
        one, two: Servers.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.one, self.two = Server("memory://u@one/db"), Server("memory://two/db")
        self.opened: list[str] = []

    def open(self, location: str) -> ServerStore:
        self.opened.append(location)
        for server in (self.one, self.two):
            if location.replace(":pw@", "@") == server.location:
                server.request()
                return ServerStore(server)
        raise UnavailableError(f"{location} is away")

    def observer(self, *servers: Server, **options: Any) -> SpoolObserver:
        inner = [ServerObserver(server) for server in servers or (self.one,)]
        return SpoolObserver(inner, self.folder, **options)

    def drive(self, observer: SpoolObserver | None = None) -> DispatchingDriver:
        return DispatchingDriver(observer or self.observer(), logging.getLogger("spool"))

    @property
    def runs(self) -> FolderStore:
        return FolderStore.from_location(str(self.folder))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left in the folder."""
        return not [path for path in self.folder.rglob("*") if path.name != "_spool"]

    @property
    def descriptions(self) -> list[Path]:
        return sorted((self.folder / "_spool").glob("*/run.json"))


def eventually(check: Callable[[], object]) -> None:
    """Wait until another thread has made ``check`` true."""
    until = time.monotonic() + 30
    while not check():
        assert time.monotonic() < until, "it has not happened"
        time.sleep(0.002)


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Spool]:
    """A spool whose runs and stores are in memory."""
    spec = ObserverSpec(FolderObserver, store=FolderStore, writes_folder_format=True)
    manager = SimpleNamespace(observers=[spec])
    monkeypatch.setattr("sacred_core.spool.folder_format.plugin_manager", lambda: manager)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found = Spool(tmp_path / "spool")
    monkeypatch.setattr("sacred_core.spool.flushing.open_target", found.open)
    monkeypatch.setattr("sacred_core.delivery.loading.open_store", found.open)
    yield found
    FolderObserver.memories.clear()
