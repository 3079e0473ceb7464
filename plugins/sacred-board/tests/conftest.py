"""What the tests of the board share: a board over stores, and requests to it without a server."""

import gc
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sacred_board import create_app
from sacred_board.board import Board
from sacred_board.data.locations import Location, unique_slugs
from starlette.testclient import TestClient

from sacred_core import open_store

from .recorded_runs import record_runs

Connect = Callable[..., TestClient]


@pytest.fixture(scope="module", autouse=True)
def _collect_connections() -> Iterator[None]:
    """Free the stores of boards, which do not close them, before tests of other modules.

    psycopg warns of each connection that is open, in whichever test it is freed.
    """
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Return a function that returns a client of a board over locations."""
    clients = []

    def connect_to(*locations: str, **settings: object) -> TestClient:
        names = [str(each) for each in locations]
        shown = [
            Location(name, slug, lambda name=name: open_store(name))
            for name, slug in zip(names, unique_slugs(names), strict=True)
        ]
        app = create_app(Board(shown, **settings))
        client = TestClient(app, "http://127.0.0.1:8137", follow_redirects=False)
        client.__enter__()
        clients.append(client)
        return client

    yield connect_to
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with three runs."""
    return record_runs(tmp_path_factory.mktemp("recorded"))


@pytest.fixture
def client(store: Path, connect: Connect) -> TestClient:
    """A client of a board over the store."""
    return connect(store)
