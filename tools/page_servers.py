"""The servers that pages use, on free ports: those of the tests of the plugins."""

import contextlib
import importlib.util
import json
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
REQUESTED = re.compile(r"^<!-- servers: (.*?) -->$", re.MULTILINE)


@dataclass
class Addresses:
    """How the commands of a page reach servers.

    Attributes:
        variables: Environment variables.
        replaced: Addresses of the page, and those of the servers.
    """

    variables: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, str] = field(default_factory=dict)


@contextlib.contextmanager
def running_servers(text: str) -> Iterator[Addresses]:
    """Run the servers that a page names, and yield their addresses."""
    found = Addresses()
    with contextlib.ExitStack() as stack:
        for names in REQUESTED.findall(text):
            for name in names.split():
                server = stack.enter_context(SERVERS[name]())
                found.variables |= server.variables
                found.replaced |= server.replaced
        yield found


def servers_of(plugin: str) -> ModuleType:
    """Return the module with the servers of the tests of a plugin."""
    path = ROOT / "plugins" / plugin / "tests" / "conftest.py"
    spec = importlib.util.spec_from_file_location(f"servers_of_{plugin}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def mongodb() -> Iterator[Addresses]:
    """Run SecantusDB, which emulates MongoDB."""
    tests = servers_of("sacred-mongo")
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        tests.Server(Path(folder), "--standalone") as server,
    ):
        address = f"127.0.0.1:{server.port}"
        yield Addresses(
            replaced={
                "localhost:27017": address,
                "://localhost/": f"://{address}/",
                "my.server.org:27017": address,
                "db.example.org:27017": address,
            }
        )
        server.kill()  # asked to end, it saves all databases first


@contextlib.contextmanager
def postgresql() -> Iterator[Addresses]:
    """Run PostgreSQL with a database for the page."""
    tests = servers_of("sacred-sql")
    with contextlib.contextmanager(tests.postgres.__wrapped__)() as server:
        url = server.database().replace("postgresql+psycopg", "postgresql")
        shown = re.sub(r"^postgresql(://\w+):.*?@", r"postgresql+psycopg\1@", url)
        yield Addresses(
            replaced={
                "postgresql://user:password@host/database": url,
                "postgresql+psycopg://user@host/database": shown,
            }
        )


@contextlib.contextmanager
def s3() -> Iterator[Addresses]:
    """Run moto, which emulates S3."""
    tests = servers_of("sacred-s3")
    with contextlib.contextmanager(tests.moto_port.__wrapped__)() as port:
        url = f"http://127.0.0.1:{port}"
        keys = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": tests.SECRET}
        variables = {key.upper(): value for key, value in keys.items()}
        yield Addresses(
            {
                **variables,
                "AWS_ENDPOINT_URL": url,
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_EC2_METADATA_DISABLED": "true",
            },
            {"http://localhost:9000": url},
        )


@contextlib.contextmanager
def gcs() -> Iterator[Addresses]:
    """Run fake-gcs-server, with the bucket ``bucket-name``."""
    tests = servers_of("sacred-gcs")
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        tests.Server(Path(folder)) as server,
    ):
        tests.Bucket(server, "bucket-name").create()
        yield Addresses({"STORAGE_EMULATOR_HOST": server.url})


@contextlib.contextmanager
def messages() -> Iterator[Addresses]:
    """Run a server that accepts all messages, as those of Slack and Telegram do."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Accepting)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield Addresses(replaced={"https://hooks.slack.com": url, "https://api.telegram.org": url})
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Accepting(BaseHTTPRequestHandler):
    """Accepts each message."""

    def do_GET(self) -> None:
        """Answer as Telegram does if it has no messages."""
        self._answer(json.dumps({"ok": True, "result": []}))

    def do_POST(self) -> None:
        """Answer as Telegram does, or with ``ok`` as Slack does."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_bot = self.path.startswith("/bot")
        answer = json.dumps({"ok": True, "result": {"message_id": 1}}) if is_bot else "ok"
        self._answer(answer)

    def _answer(self, content: str) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(content.encode())

    def log_message(self, *arguments: object) -> None:
        """Log nothing."""


#: The servers by the names that pages use.
SERVERS: dict[str, Callable[[], contextlib.AbstractContextManager[Addresses]]] = {
    "mongodb": mongodb, "postgresql": postgresql, "s3": s3, "gcs": gcs, "messages": messages,
}  # fmt: skip
