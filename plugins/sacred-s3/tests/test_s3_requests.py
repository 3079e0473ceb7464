"""How many requests S3 gets."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sacred_objects import bucket_layout
from sacred_objects.testing import assert_requests_do_not_grow, store_ended_runs
from sacred_s3 import S3Observer, S3Store
from sacred_s3.bucket import S3Bucket

from sacred_core.cli.main import sacred
from sacred_core.exceptions import OptionError

BASE = "runs"


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The operations of all clients of the plugin, each page of a listing too."""
    sent: list[str] = []
    create = S3Bucket.__init__

    def counting(self: S3Bucket, client: Any, name: str, region: str) -> None:
        create(self, client, name, region)
        client.meta.events.register(
            "before-send.s3", lambda event_name, **more: sent.append(event_name)
        )

    monkeypatch.setattr(S3Bucket, "__init__", counting)
    return sent


def test_requests_do_not_grow_with_the_runs(bucket: Any, requests: list[str]) -> None:
    """A listing, a query and a start need few requests among 20 and 100 runs."""
    store = S3Store(basedir=BASE, **bucket.arguments)
    observer = S3Observer(basedir=BASE, **bucket.arguments)
    layout = bucket_layout(observer.layout.bucket, BASE)
    assert_requests_do_not_grow(
        layout,
        store,
        lambda: S3Observer(basedir=BASE, **bucket.arguments),
        lambda: len(requests),
    )


def test_a_scan_requests_a_part_of_the_keys(bucket: Any) -> None:
    """Keys before the first and after the last one are not sent."""
    objects = S3Observer(basedir=BASE, **bucket.arguments).layout.bucket
    for name in "abcd":
        version = objects.put(f"x/{name}", name.encode())
    found = [*objects.scan("x/", "x/a", "x/d")]
    assert [info.key for info in found] == ["x/b", "x/c"]
    (last,) = objects.scan("x/", "x/c")
    assert last.version == version == objects.version("x/d")
    assert last.written.tzinfo is not None


def test_a_bucket_whose_keys_are_not_sorted(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Directory buckets list keys in any order: all are requested, and some chosen."""
    objects = S3Observer(basedir=BASE, **bucket.arguments).layout.bucket
    for name in "abcd":
        objects.put(f"x/{name}", b"")
    client = bucket.client
    page = client.list_objects_v2(Bucket=bucket.name, Prefix="x/")
    page["Contents"].reverse()
    unsorted = S3Bucket(client, "name--use1-az4--x-s3", "eu-west-1")
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(unsorted, "_pages", lambda **wanted: (asked.append(wanted), [page])[1])
    assert [info.key for info in unsorted.scan("x/", "x/a", "x/d")] == ["x/c", "x/b"]
    assert asked == [{"Prefix": "x/"}]


def test_the_command_adds_runs_of_earlier_releases_to_the_index(
    bucket: Any, requests: list[str]
) -> None:
    """A listing needs two requests afterwards; a second call adds nothing."""
    store = S3Store(basedir=BASE, **bucket.arguments)
    objects = S3Observer(basedir=BASE, **bucket.arguments).layout.bucket
    store_ended_runs(bucket_layout(objects, BASE), range(1, 6), is_indexed=False)
    url = "s3://{bucket}/runs?region={region}&endpoint_url={endpoint_url}"
    for added in ("15 objects", "0 objects"):
        done = CliRunner().invoke(sacred, ["s3", "index", url.format(**bucket.arguments)])
        assert (done.exit_code, done.output) == (
            0,
            f"s3://{bucket.name}/runs: {added} added to the index\n",
        )
    before = len(requests)
    assert [run.id for run in store.list()] == [1, 2, 3, 4, 5]
    assert len(requests) - before == 2


def test_only_buckets_have_an_index(tmp_path: Path) -> None:
    """The command refuses a folder."""
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "run.json").write_text("{}")
    done = CliRunner().invoke(sacred, ["s3", "index", str(tmp_path)])
    assert isinstance(done.exception, OptionError)
    assert "is not a bucket: only runs in buckets have an index" in str(done.exception)
