"""Starts the servers of the stores whose queues are measured, each with an empty store."""

import contextlib
import os
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.growth import servers
from sacred_core.testing.servers import ServerProcess

_NAME = "sacred_queue"
_NOBODY = 65534


class Maria(ServerProcess):
    """MariaDB; ``nobody`` runs it if this process is that of root."""

    def __init__(self, folder: Path) -> None:
        """Create the files of the server in ``folder``."""
        super().__init__(folder)
        if self.options():
            os.chown(folder, _NOBODY, _NOBODY)
        (folder / "start.sql").write_text(
            f"CREATE DATABASE IF NOT EXISTS {_NAME};\n"
            "CREATE USER IF NOT EXISTS sacred@'%' IDENTIFIED BY '';\n"
            "GRANT ALL PRIVILEGES ON *.* TO sacred@'%';\n",
            encoding="utf-8",
        )
        subprocess.run(
            [
                "mariadb-install-db", "--no-defaults", f"--datadir={folder / 'data'}",
                "--auth-root-authentication-method=normal", f"--tmpdir={folder}",
            ],
            check=True, cwd=folder, stdout=subprocess.DEVNULL, **self.options(),
        )  # fmt: skip

    @property
    def url(self) -> str:
        """The URL of the database."""
        return f"mysql+pymysql://sacred@127.0.0.1:{self.port}/{_NAME}"

    def options(self) -> Mapping[str, Any]:
        """See `ServerProcess`; the server refuses to be run by root."""
        if os.geteuid() != 0:
            return {}
        return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}

    def command(self) -> list[str]:
        """See `ServerProcess`."""
        return [
            "mariadbd", "--no-defaults", f"--datadir={self.folder / 'data'}",
            f"--tmpdir={self.folder}", f"--port={self.port}", "--bind-address=127.0.0.1",
            "--skip-name-resolve", f"--socket={self.folder / 'socket'}",
            f"--init-file={self.folder / 'start.sql'}",
        ]  # fmt: skip

    def check(self) -> None:
        """See `ServerProcess`."""
        import pymysql

        pymysql.connect(host="127.0.0.1", port=self.port, user="sacred", database=_NAME).close()


@contextlib.contextmanager
def open_queue(name: str) -> Iterator[str]:
    """Start the server of a store for the time of the block, and yield the location of its runs.

    Args:
        name: One of `STORES`.
    """
    with servers.new_folder() as folder, contextlib.ExitStack() as stack:
        if name == "files":
            yield str(folder / "runs")
        elif name == "sqlite":
            yield f"sqlite:///{folder}/runs.db"
        elif name == "postgresql":
            yield stack.enter_context(servers.Postgres(folder)).database(_NAME)
        elif name == "mariadb":
            yield stack.enter_context(Maria(folder)).url
        elif name == "mongodb":
            server = stack.enter_context(servers.Mongo(folder))
            stack.callback(server.kill)  # asked to end, it saves all databases first
            yield f"mongodb://127.0.0.1:{server.port}/{_NAME}.runs"
        elif name == "s3":
            yield _open_s3(stack.enter_context(servers.Moto(folder)))
        else:
            yield _open_gcs(stack.enter_context(servers.FakeGcs(folder)))


def _open_s3(server: servers.Moto) -> str:
    from sacred_core.observers import S3Observer

    os.environ.update(servers.AWS_VARIABLES)
    bucket = f"queue-{uuid.uuid4().hex}"
    server.create_bucket(bucket)
    observer = S3Observer(bucket, "runs", region="us-east-1", endpoint_url=server.url)
    return str(observer.store_location)


def _open_gcs(server: servers.FakeGcs) -> str:
    from sacred_core.observers import GoogleCloudStorageObserver

    os.environ["STORAGE_EMULATOR_HOST"] = server.url
    bucket = f"queue-{uuid.uuid4().hex}"
    server.create_bucket(bucket)
    return str(GoogleCloudStorageObserver(bucket, "runs").store_location)


#: The names of the stores of `open_queue`.
STORES = ("files", "sqlite", "postgresql", "mariadb", "mongodb", "s3", "gcs")
