"""Databases for the tests: files of SQLite, and servers of PostgreSQL and MariaDB."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sacred_core.testing.servers import ServerProcess

PASSWORD = "hunter2hunter2"
_NOBODY = 65534


class Server(ServerProcess):
    """A server of a database, run by nobody where root runs the tests."""

    #: Of the administrator, without a database.
    url = ""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if self.options():
            os.chown(folder, _NOBODY, _NOBODY)

    def options(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}

    def check(self) -> None:
        sa.create_engine(self.url, poolclass=sa.NullPool).connect().close()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it, without waiting for clients."""
        super().stop(how)

    def run(self, *command: str) -> None:
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=self.folder, **self.options()
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def execute(self, *statements: str) -> None:
        engine = sa.create_engine(self.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def database(self) -> str:
        """Make a database, and return its URL."""
        name = f"test_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url.rpartition("/")[0] + f"/{name}"


class Postgres(Server):
    """PostgreSQL, which asks for passwords."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._programs = _postgres_programs()
        self.url = f"postgresql+psycopg://sacred:{PASSWORD}@127.0.0.1:{self.port}/postgres"
        secret = folder / "password"
        secret.write_text(PASSWORD)
        self.run(
            str(self._programs / "initdb"), "-D", str(folder / "data"), "-U", "sacred",
            "--auth=scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--no-sync",
        )  # fmt: skip

    def command(self) -> list[str]:
        options = {
            "port": self.port, "listen_addresses": "127.0.0.1", "fsync": "off",
            "unix_socket_directories": self.folder, "shared_buffers": "16MB",
        }  # fmt: skip
        given = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        return [str(self._programs / "postgres"), "-D", str(self.folder / "data"), *given]


class Maria(Server):
    """MariaDB."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._program = _program("mariadbd", "mysqld")
        self.url = f"mysql+pymysql://sacred:{PASSWORD}@127.0.0.1:{self.port}/mysql"
        start = folder / "start.sql"
        start.write_text(
            f"CREATE USER IF NOT EXISTS sacred@'%' IDENTIFIED BY '{PASSWORD}';\n"
            "GRANT ALL PRIVILEGES ON *.* TO sacred@'%' WITH GRANT OPTION;\n"
        )
        self.run(
            str(_program("mariadb-install-db", "mysql_install_db")), "--no-defaults",
            f"--datadir={folder / 'data'}", "--auth-root-authentication-method=normal",
            f"--tmpdir={folder}",  # a server that starts removes what it finds there
        )  # fmt: skip

    def command(self) -> list[str]:
        return [
            str(self._program), "--no-defaults", f"--datadir={self.folder / 'data'}",
            f"--tmpdir={self.folder}", f"--port={self.port}", "--bind-address=127.0.0.1",
            "--skip-name-resolve", f"--socket={self.folder / 'socket'}",
            f"--init-file={self.folder / 'start.sql'}",
            "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M",
        ]  # fmt: skip

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        super().stop(signal.SIGTERM if how is signal.SIGINT else how)


class SmallMaria(Maria):
    """MariaDB that takes statements of up to 1 MB."""

    def command(self) -> list[str]:
        return [*super().command(), "--max-allowed-packet=1M"]


@contextlib.contextmanager
def _running(kind: type[Server]) -> Iterator[Server]:
    # Not below pytest's own folders, which only root may enter.
    folder = Path(tempfile.mkdtemp(prefix="sacred-sql-"))
    try:
        with kind(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server that lives as long as the tests."""
    with _running(Postgres) as server:
        yield server


@pytest.fixture(scope="session")
def maria() -> Iterator[Server]:
    """A server that lives as long as the tests."""
    with _running(Maria) as server:
        yield server


@pytest.fixture(scope="module")
def small_maria() -> Iterator[Server]:
    """A server that takes statements of up to 1 MB."""
    with _running(SmallMaria) as server:
        yield server


@pytest.fixture(params=["postgres", "maria"])
def own_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server that the test may stop."""
    with _running({"postgres": Postgres, "maria": Maria}[request.param]) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres", "maria"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Returns the URL of an empty database of each kind."""
    if request.param == "sqlite":
        return lambda: f"sqlite:///{tmp_path / uuid.uuid4().hex}.db"
    server: Server = request.getfixturevalue(request.param)
    return server.database


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    """The URL of an empty database, of each kind one after the other."""
    return new_url()


def _postgres_programs() -> Path:
    pytest.importorskip("psycopg")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("postgres")
    for folder in [*folders, *([Path(found).parent] if found else [])]:
        if (folder / "initdb").exists():
            return folder
    pytest.skip("PostgreSQL is not installed (Debian: postgresql)")


def _program(*names: str) -> str:
    pytest.importorskip("pymysql")
    places = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    for name in names:
        if found := shutil.which(name, path=places):
            return found
    pytest.skip(f"MariaDB is not installed: there is no {names[0]} (Debian: mariadb-server)")
