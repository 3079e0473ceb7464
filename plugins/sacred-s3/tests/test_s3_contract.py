"""The observer and the store fulfil the contract, over HTTP."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sacred_s3 import S3Observer, S3Store

from sacred_core.testing import StoreContract
from sacred_core.testing.servers import Proxy


class TestS3(StoreContract):
    queries = 20  # each lists all runs, by several requests each
    series = 20
    change_sequences = 4
    points = 6
    secret: ClassVar[str | None] = "hunter2hunter2hunter2"

    @pytest.fixture(autouse=True)
    def _bucket(self, bucket: Any) -> None:
        self.arguments, self.client = bucket.arguments, bucket.client

    def make_observer(self, tmp_path: Path) -> S3Observer:
        return S3Observer(basedir="/my-project/of mine/", **self.arguments)

    def make_store(self, tmp_path: Path) -> S3Store:
        return S3Store(basedir="my-project/of mine", **self.arguments)

    def make_precise_store(self, tmp_path: Path) -> S3Store:
        store = self.make_store(tmp_path)
        store.clock_tolerance = timedelta(0)
        return store

    def command_line_options(self, tmp_path: Path) -> list[str]:
        location = "s3://{bucket}/my-project/of mine?region={region}&endpoint_url={endpoint_url}"
        return ["--s3", location.format(**self.arguments)]

    def make_proxied_observer(self, tmp_path: Path) -> tuple[Any, Proxy]:
        proxy = Proxy(("127.0.0.1", int(self.arguments["endpoint_url"].rpartition(":")[2])))
        proxy.open()
        arguments = {**self.arguments, "endpoint_url": proxy.url}
        return S3Observer(basedir="/my-project/of mine/", **arguments), proxy

    def stored_bytes(self, tmp_path: Path) -> Iterator[bytes]:
        bucket = self.arguments["bucket"]
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for found in page["Contents"]:
                object_ = self.client.get_object(Bucket=bucket, Key=found["Key"])
                yield f"{found['Key']} {object_['Metadata']}".encode() + object_["Body"].read()

    def damage(self, tmp_path: Path, run_id: Any) -> bool:
        key = f"my-project/of mine/{run_id}/run.json"
        self.client.put_object(Bucket=self.arguments["bucket"], Key=key, Body=b'{"status": "COMP')
        return True

    def content_type(self, tmp_path: Path, run_id: Any, name: str) -> str | None:
        """As browsers get it; S3 has a type for every object."""
        key = f"my-project/of mine/{run_id}/{name}"
        head = self.client.head_object(Bucket=self.arguments["bucket"], Key=key)
        kind: str = head["ContentType"]
        return None if kind == "binary/octet-stream" else kind
