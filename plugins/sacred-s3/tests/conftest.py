"""A server that plays S3, and a way to it that can be closed."""

import logging
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.loaders
import pytest

from sacred_core.testing.servers import Proxy

SECRET = "hunter2hunter2hunter2"
REGION = "eu-west-1"


class OneAtATime:
    """moto looks whether an object is there and then writes it; S3 does that in one step."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._lock = threading.Lock()

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        with self._lock:
            return list(self._app(environ, start_response))


@pytest.fixture(scope="session", autouse=True)
def _shared_loader() -> Iterator[None]:
    """Read the descriptions of AWS's services once: a client takes 13 ms instead of 105."""
    loader = botocore.loaders.create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", lambda path=None: loader)
        yield


@pytest.fixture(scope="session")
def moto_port() -> Iterator[int]:
    """The port of a server that lives as long as the tests."""
    moto = pytest.importorskip("moto.server", reason="moto[server] is not installed")
    serving = pytest.importorskip("werkzeug.serving")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    # Without moto's dispatcher, which lists the modules of all services for each request.
    app = OneAtATime(moto.create_backend_app("s3"))
    server = serving.make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def endpoint(moto_port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> str:
    """The server's URL; the configuration of AWS is that of the test, and has no region."""
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "no-aws-configuration"))
    return f"http://127.0.0.1:{moto_port}"


class Bucket:
    """A bucket as another program sees it."""

    def __init__(self, client: Any, name: str, endpoint: str) -> None:
        self.client = client
        self.name = name
        #: Arguments of the observer and of the store.
        self.arguments = {"bucket": name, "region": REGION, "endpoint_url": endpoint}

    def create(self) -> None:
        place = {"LocationConstraint": REGION}
        self.client.create_bucket(Bucket=self.name, CreateBucketConfiguration=place)

    def listed(self) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return [found["Key"] for page in pages for found in page.get("Contents", ())]

    def read(self, key: str) -> bytes:
        with self.client.get_object(Bucket=self.name, Key=key)["Body"] as body:
            data: bytes = body.read()
        return data

    def content_type(self, key: str) -> str:
        kind: str = self.client.head_object(Bucket=self.name, Key=key)["ContentType"]
        return kind


@pytest.fixture
def missing(endpoint: str) -> Iterator[Bucket]:
    """A bucket that is not there."""
    client = boto3.client("s3", endpoint_url=endpoint, region_name=REGION)
    yield Bucket(client, f"bucket-{uuid.uuid4().hex}", endpoint)
    client.close()


@pytest.fixture
def bucket(missing: Bucket) -> Bucket:
    """A bucket that no other test uses."""
    missing.create()
    return missing


@pytest.fixture
def proxy(moto_port: int) -> Iterator[Proxy]:
    """A way to the server that can be closed."""
    with Proxy(("127.0.0.1", moto_port)) as proxy:
        yield proxy
