"""How a bucket is named, what is in it, and the errors when it cannot be used."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sacred_gcs import GoogleCloudStorageObserver, GoogleCloudStorageStore
from sacred_objects.testing import assert_pages_are_refused

from sacred_core import Experiment, open_store
from sacred_core.exceptions import ObserverStartError, OptionError, StoreError
from sacred_core.testing import EventDriver
from sacred_core.testing.servers import LOGIN_PAGE, Answer, serve_answers

BASE = "experiment-name"


def experiment(*observers: GoogleCloudStorageObserver) -> Experiment:
    ex = Experiment("gcs_exp", save_git_info=False)
    ex.observers.extend(observers)

    @ex.main
    def main() -> int:
        print("Hello GCS")
        return 3

    return ex


def test_a_run_looks_like_a_folder(bucket: Any, tmp_path: Path) -> None:
    """run.json, config.json, info.json, metrics.json, cout.txt, artifacts, sources, resources."""
    (tmp_path / "art.txt").write_text("made")
    (tmp_path / "res.txt").write_text("read")
    ex = experiment(GoogleCloudStorageObserver(bucket.name, f"/{BASE}/"))

    @ex.command
    def work(_run: Any) -> None:
        print("Hello")
        _run.info["x"] = [1, 2]
        _run.log_scalar("loss", 0.5)
        ex.add_artifact(tmp_path / "art.txt")
        ex.open_resource(tmp_path / "res.txt").close()

    run = ex.run("work")
    folder = f"{BASE}/{run._id}"
    stored = f"{BASE}/_resources/res_{hashlib.md5(b'read').hexdigest()}.txt"
    own = {
        "run.json", "config.json", "info.json", "metrics.json", "metrics.index.json", "cout.txt",
        "art.txt",
    }  # fmt: skip
    keys = set(bucket.listed())
    sources = {key for key in keys if key.startswith(f"{BASE}/_sources/")}
    (segment,) = (key for key in keys if key.startswith(f"{BASE}/_index/"))
    shared = {stored, segment, f"{BASE}/_ids/started-1"}
    assert keys - sources == {f"{folder}/{name}" for name in own} | shared
    assert all(hashlib.md5(bucket.read(key)).hexdigest() in key for key in sources) and sources
    assert json.loads(bucket.read(f"{folder}/run.json"))["status"] == "COMPLETED"
    assert json.loads(bucket.read(f"{folder}/metrics.json"))["loss"]["values"] == [0.5]
    assert bucket.read(f"{folder}/art.txt") == b"made"


def test_a_text_as_id_does_not_disturb_the_numbers(bucket: Any) -> None:
    """The next run has the next number."""
    asked: tuple[Any, ...] = (None, "of-mine", None)
    drivers = [EventDriver(GoogleCloudStorageObserver(bucket.name, BASE)) for _ in asked]
    ids = [driver.start(_id=i, asked_id=i) for driver, i in zip(drivers, asked, strict=True)]
    assert ids == [1, "of-mine", 2]


def test_a_missing_bucket_is_an_error(missing: Any) -> None:
    """The error describes how to create one; no other error does."""
    with pytest.raises(ObserverStartError, match=f"there is no bucket 'gs://{missing.name}'"):
        experiment(GoogleCloudStorageObserver(missing.name, BASE)).run()
    with pytest.raises(StoreError, match="there is no bucket"):
        list(GoogleCloudStorageStore(missing.name, BASE).list())


@pytest.mark.parametrize(
    "name",
    ["ab", "gs://bucket", "With_Capitals", "192.168.1.1", "-abc", "a..b", "a" * 64, "goog-x", ""],
)
def test_a_name_that_no_bucket_can_have(name: str) -> None:
    """A name that no bucket can have is refused when the observer is made."""
    with pytest.raises(ValueError, match="cannot be the name of a bucket"):
        GoogleCloudStorageObserver(name, BASE)


def test_a_domain_may_be_longer() -> None:
    """A domain may be longer, as long as each of its parts is not."""
    name = f"{'a' * 60}.{'b' * 60}.example_x.org"
    assert GoogleCloudStorageObserver(name, BASE).bucket == name


@pytest.mark.parametrize("form", ["gs://{0}/a/b", "{0}/a/b", "gs://{0}/a/b/", "gs://{0}//a/b"])
def test_the_flag_and_the_store_take_the_same_forms(bucket: Any, form: str) -> None:
    """A URL, with or without its scheme."""
    where = form.format(bucket.name)
    run = experiment().run_commandline(["ex.py", "--gcs", where])
    assert run is not None and f"a/b/{run._id}/run.json" in bucket.listed()
    assert GoogleCloudStorageStore.from_location(where).get(run._id).status == "COMPLETED"
    assert [str(r.id) for r in open_store(f"gs://{bucket.name}/a/b").list()] == [run._id]


@pytest.mark.parametrize(
    "argument", ["", "gs://", "s3://bucket/a", "gs://ab/c", "gs://bucket/a?b=c"]
)
def test_an_argument_that_is_wrong(argument: str) -> None:
    """A wrong argument is an error of one sentence, by the flag and by the store."""
    with pytest.raises(OptionError):
        GoogleCloudStorageObserver.from_argument(argument)
    with pytest.raises(StoreError):
        GoogleCloudStorageStore.from_location(argument)


def test_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The sentence describes how to pass them."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "STORAGE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    with pytest.raises(ObserverStartError, match="no credentials found for gs://some-bucket"):
        experiment(GoogleCloudStorageObserver("some-bucket", BASE)).run()


def test_credentials_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the run nor the message shows what is in the file."""
    path = tmp_path / "key.json"
    path.write_text(json.dumps({"type": "service_account", "private_key": "hunter2hunter2"}))
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    observer = GoogleCloudStorageObserver("some-bucket", BASE)
    with pytest.raises(ObserverStartError, match="gs://some-bucket") as caught:
        experiment(observer).run()
    assert "hunter2" not in f"{caught.value} {caught.value.__cause__!r} {observer!r}"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, "access denied: the account needs the role"),
        (401, "no credentials found for gs://my-bucket"),
        (503, "gs://my-bucket cannot be reached"),
        (429, "gs://my-bucket cannot be reached"),
        (418, "gs://my-bucket: "),
    ],
)
def test_what_the_server_refuses_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, status: int, reason: str
) -> None:
    """It names the bucket and what to do."""
    monkeypatch.setattr("sacred_gcs.bucket.PATIENCE", 0.1)
    body = json.dumps({"error": {"code": status, "message": "no"}}).encode()
    with serve_answers(Answer(status, body)) as url:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
        with pytest.raises(ObserverStartError, match=reason):
            experiment(GoogleCloudStorageObserver("my-bucket", BASE)).run()


def test_observers_of_one_prefix_are_equal() -> None:
    """Bucket and prefix count; slashes at the ends and other arguments do not."""
    first = GoogleCloudStorageObserver("my-bucket", "a/b")
    assert first == GoogleCloudStorageObserver("my-bucket", "/a/b/", priority=3)
    assert len({first, GoogleCloudStorageObserver("my-bucket", "a/b")}) == 1
    assert first != GoogleCloudStorageObserver("my-bucket", "a")
    assert first != GoogleCloudStorageObserver("other-bucket", "a/b")


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A proxy that answers everything with a page of its own."""
    headers = {"Content-Type": "text/html", "ETag": '"1"'}
    with serve_answers(LOGIN_PAGE._replace(headers=headers)) as url:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
        yield


def test_a_page_of_a_proxy_is_not_an_answer(portal: None, tmp_path: Path) -> None:
    """Nothing is taken for written, empty, missing, deleted or the content of an object."""
    assert_pages_are_refused(GoogleCloudStorageObserver("my-bucket", BASE).layout.bucket, tmp_path)
