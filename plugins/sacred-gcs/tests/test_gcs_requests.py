"""How many requests Google Cloud Storage gets."""

from typing import Any

import pytest
import requests
from click.testing import CliRunner
from sacred_gcs import GoogleCloudStorageObserver, GoogleCloudStorageStore
from sacred_objects import bucket_layout
from sacred_objects.testing import assert_requests_do_not_grow, store_ended_runs

from sacred_core.cli.main import sacred

BASE = "runs"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The URLs of all requests for objects; the driver also asks for the bucket, once."""
    urls: list[str] = []
    request = requests.Session.request

    def count(self: requests.Session, method: str, url: str, *a: Any, **more: Any) -> Any:
        if "/o?" in url or "/o/" in url:
            urls.append(url)
        return request(self, method, url, *a, **more)

    monkeypatch.setattr(requests.Session, "request", count)
    return urls


def test_requests_do_not_grow_with_the_runs(bucket: Any, sent: list[str]) -> None:
    """A listing, a query and a start need few requests among 20 and 100 runs."""
    store = GoogleCloudStorageStore(bucket.name, BASE)
    observer = GoogleCloudStorageObserver(bucket.name, BASE)
    assert_requests_do_not_grow(
        bucket_layout(observer.layout.bucket, BASE),
        store,
        lambda: GoogleCloudStorageObserver(bucket.name, BASE),
        lambda: len(sent),
    )
    assert sent


def test_a_scan_requests_a_part_of_the_keys(bucket: Any) -> None:
    """Keys before the first and after the last one are not sent."""
    objects = GoogleCloudStorageObserver(bucket.name, BASE).layout.bucket
    for name in "abcd":
        version = objects.put(f"x/{name}", name.encode())
    found = [*objects.scan("x/", "x/a", "x/d")]
    assert [info.key for info in found] == ["x/b", "x/c"]
    (last,) = objects.scan("x/", "x/c")
    assert last.version == version == objects.version("x/d")
    assert last.written.tzinfo is not None


def test_the_command_adds_runs_of_earlier_releases_to_the_index(
    bucket: Any, sent: list[str]
) -> None:
    """A listing needs two requests afterwards."""
    objects = GoogleCloudStorageObserver(bucket.name, BASE).layout.bucket
    store_ended_runs(bucket_layout(objects, BASE), range(1, 6), is_indexed=False)
    done = CliRunner().invoke(sacred, ["gcs", "index", f"gs://{bucket.name}/{BASE}"])
    assert done.exit_code == 0 and "15 objects added" in done.output, done.output
    store = GoogleCloudStorageStore(bucket.name, BASE)
    before = len(sent)
    assert [run.id for run in store.list()] == [1, 2, 3, 4, 5]
    assert len(sent) - before == 2, sent[before:]
