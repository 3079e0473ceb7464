"""A server for the tests: SecantusDB in this process, or a real one."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def mongo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server that lives as long as the tests."""
    if given := os.environ.get("SACRED_TEST_MONGO_URL"):
        yield given
        return
    secantus = pytest.importorskip("secantus")
    folder: Path = tmp_path_factory.mktemp("mongo")
    with secantus.SecantusDBServer(
        port=0, storage_path=str(folder), replica_set_name=None
    ) as server:
        yield server.uri


@pytest.fixture
def db_name() -> str:
    """The name of a database that no other test uses."""
    return f"test_{uuid.uuid4().hex}"
