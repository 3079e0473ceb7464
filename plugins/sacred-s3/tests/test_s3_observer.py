"""How a bucket is named and found, what is in it, and the errors when it is missing."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import IncompleteReadError
from sacred_objects.bucket import BucketAwayError
from sacred_objects.testing import assert_pages_are_refused
from sacred_s3 import S3Observer, S3Store
from sacred_s3.errors import translate_errors

from sacred_core import Experiment, open_store
from sacred_core.exceptions import ObserverStartError, OptionError, StoreError
from sacred_core.testing import EventDriver
from sacred_core.testing.servers import LOGIN_PAGE, Answer, Proxy, serve_answers

BASE = "my-project/my-cool-experiment"


def experiment(observer: S3Observer) -> Experiment:
    ex = Experiment("s3_exp", save_git_info=False)
    ex.observers.append(observer)
    ex.add_config(message="Hello S3")

    @ex.main
    def main(message: str) -> int:
        print(message)
        return 3

    return ex


def test_a_run_looks_like_a_folder(bucket: Any, tmp_path: Path) -> None:
    """The record, configuration, information, metrics, output, artifacts, sources, resources."""
    (tmp_path / "art.txt").write_text("made")
    (tmp_path / "res.txt").write_text("read")
    ex = experiment(S3Observer(basedir=f"/{BASE}/", **bucket.arguments))

    @ex.command
    def work(_run: Any) -> None:
        print("Hello")
        _run.info["x"] = [1, 2]
        _run.log_scalar("loss", 0.5)
        ex.add_artifact(tmp_path / "art.txt", content_type="text/x-special")
        ex.open_resource(tmp_path / "res.txt").close()

    run = ex.run("work")
    folder = f"{BASE}/{run._id}"
    digest = hashlib.md5(b"read").hexdigest()
    own = {
        "run.json", "config.json", "info.json", "metrics.json", "metrics.index.json", "cout.txt",
        "art.txt",
    }  # fmt: skip
    keys = set(bucket.listed())
    sources = {key for key in keys if key.startswith(f"{BASE}/_sources/")}
    (segment,) = (key for key in keys if key.startswith(f"{BASE}/_index/"))
    shared = {f"{BASE}/_resources/res_{digest}.txt", f"{BASE}/_ids/started-1", segment}
    assert keys - sources == {f"{folder}/{n}" for n in own} | shared
    assert all(hashlib.md5(bucket.read(key)).hexdigest() in key for key in sources) and sources
    entry = json.loads(bucket.read(f"{folder}/run.json"))
    assert (entry["status"], entry["command"]) == ("COMPLETED", "work")
    assert entry["resources"] == [[str(tmp_path / "res.txt"), f"_resources/res_{digest}.txt"]]
    assert json.loads(bucket.read(f"{folder}/info.json")) == {"x": [1, 2]}
    assert json.loads(bucket.read(f"{folder}/metrics.json"))["loss"]["values"] == [0.5]
    assert bucket.read(f"{folder}/cout.txt").decode().splitlines()[-1] == "Hello"
    assert bucket.content_type(f"{folder}/art.txt") == "text/x-special"


def test_runs_are_numbered_in_ascending_order(bucket: Any) -> None:
    """The first run has the id 1, each later one the next number."""
    ids = [experiment(S3Observer(basedir=BASE, **bucket.arguments)).run()._id for _ in range(3)]
    assert ids == ["1", "2", "3"]


def test_a_text_as_id_does_not_disturb_the_numbers(bucket: Any) -> None:
    """The next run has the next number."""
    asked: tuple[Any, ...] = (None, "of-mine", None)
    drivers = [EventDriver(S3Observer(basedir=BASE, **bucket.arguments)) for _ in asked]
    ids = [driver.start(_id=i, asked_id=i) for driver, i in zip(drivers, asked, strict=True)]
    assert ids == [1, "of-mine", 2]


def test_a_missing_bucket_is_created(missing: Any) -> None:
    """A missing bucket is created, in the region of the observer, when the first run starts."""
    observer = S3Observer(basedir=BASE, **missing.arguments)
    run = experiment(observer).run()
    assert S3Store(basedir=BASE, **missing.arguments).get(run._id).status == "COMPLETED"
    where = missing.client.get_bucket_location(Bucket=missing.name)["LocationConstraint"]
    assert where == "eu-west-1"


def test_the_store_of_an_observer_creates_a_missing_bucket(missing: Any) -> None:
    """The store that an observer opens in a missing bucket is empty."""
    store = S3Observer(basedir=BASE, **missing.arguments).open_store()
    assert list(store.list()) == []
    assert list(S3Store(basedir=BASE, **missing.arguments).list()) == []


def test_a_missing_bucket_cannot_be_read(missing: Any) -> None:
    """A missing bucket cannot be read, nor is it created by reading."""
    store = S3Store(basedir=BASE, **missing.arguments)
    for read in (lambda: list(store.list()), lambda: store.get(1)):
        with pytest.raises(StoreError, match=f"there is no bucket 's3://{missing.name}'"):
            read()


def test_folders_of_resources_and_sources_can_be_elsewhere(bucket: Any, tmp_path: Path) -> None:
    """They are shared by projects then; the store finds what is there and removes it."""
    elsewhere = {"resource_dir": "/shared/res/", "source_dir": "shared/src"}
    (tmp_path / "res.txt").write_text("read")
    driver = EventDriver(S3Observer(basedir=BASE, **elsewhere, **bucket.arguments))
    run_id = driver.start()
    driver.resource(str(tmp_path / "res.txt"))
    driver.complete()
    (stored_path,) = (key for key in bucket.listed() if "res_" in key)
    assert stored_path.startswith("shared/res/res_")
    store = S3Store(basedir=BASE, **elsewhere, **bucket.arguments)
    with store.open_file(run_id, "resource", str(tmp_path / "res.txt")) as file:
        assert file.read() == b"read"
    store.delete(run_id)
    assert bucket.listed() == [f"{BASE}/_ids/{kind}-{run_id}" for kind in ("deleted", "started")]


@pytest.mark.parametrize(
    "name",
    ["ab", "s3://bucket", "With_Capitals", "192.168.1.1", "-abc", "a..b", "a" * 64, "", "a\n"],
)
def test_a_name_that_no_bucket_can_have(endpoint: str, name: str) -> None:
    """A name that no bucket can have is refused when the observer is made."""
    with pytest.raises(ValueError, match="cannot be the name of a bucket"):
        S3Observer(name, BASE, region="eu-west-1")


def test_no_region_is_an_error_at_creation(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No region is an error at creation, unless the argument, the environment or the configuration
    names one.
    """
    with pytest.raises(ValueError, match="the region of the bucket 'bucket' is not known"):
        S3Observer("bucket", BASE)
    assert S3Observer("bucket", BASE, region="eu-west-3").region == "eu-west-3"
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "eu-north-1")
        assert S3Observer("bucket", BASE).region == "eu-north-1"
        monkeypatch.delenv(name)


def test_a_profile_is_that_of_the_configuration(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A profile is that of the configuration, with its region; one that is not there is
    an error.
    """
    path = tmp_path / "config"
    path.write_text("[profile lab]\nregion = eu-south-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    assert S3Observer("bucket", BASE, profile="lab").region == "eu-south-1"
    with pytest.raises(ValueError, match="nobody"):
        S3Observer("bucket", BASE, profile="nobody")


def test_create_is_deprecated(endpoint: str) -> None:
    """Create is deprecated, and does what the class does."""
    with pytest.warns(DeprecationWarning, match="S3Observer"):
        observer = S3Observer.create("bucket", BASE, region="eu-west-1")
    assert repr(observer) == f"S3Observer('s3://bucket/{BASE}')"


@pytest.mark.parametrize("flag", ["-S", "--s3"])
@pytest.mark.parametrize("form", ["s3://{0}/a/b", "{0}/a/b", "s3://{0}/a/b/", "s3://{0}//a/b"])
def test_the_flag_and_the_store_take_the_same_forms(
    bucket: Any, form: str, flag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A URL, with or without its scheme."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.arguments["endpoint_url"])
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    where = form.format(bucket.name)
    ex = experiment(S3Observer("unused-bucket", BASE))
    ex.observers.clear()
    run = ex.run_commandline(["ex.py", flag, where])
    assert run is not None and f"a/b/{run._id}/run.json" in bucket.listed()
    assert S3Store.from_location(where).get(run._id).status == "COMPLETED"


def test_options_stand_behind_a_question_mark(bucket: Any) -> None:
    """For servers that are not Amazon's; they need no region."""
    where = f"s3://{bucket.name}/a?endpoint_url={bucket.arguments['endpoint_url']}"
    observer = S3Observer.from_argument(where)
    experiment(observer).run()
    assert [run.status for run in open_store(where).list()] == ["COMPLETED"]
    assert S3Observer.from_argument(f"{where}&region=eu-west-1").region == "eu-west-1"


@pytest.mark.parametrize(
    "argument",
    ["", "s3://", "gs://bucket/a", "s3://ab/c", "s3://bucket/a?rgion=x", "s3://bucket/a/../b"],
)
def test_an_argument_that_is_wrong(endpoint: str, argument: str) -> None:
    """A wrong argument is an error of one sentence, by the flag and by the store."""
    with pytest.raises(OptionError):
        S3Observer.from_argument(argument)
    with pytest.raises(StoreError):
        S3Store.from_location(argument)


def refusal(status: int, code: str) -> Answer:
    """Return what a server answers that refuses a request."""
    body = f"<Error><Code>{code}</Code><Message>the server says no</Message></Error>"
    return Answer(status, body.encode())


STORED = Answer(200, headers={"ETag": '"0"'})


def test_a_write_that_met_another_one_is_tried_again(endpoint: str) -> None:
    """Amazon refuses both of two at the same time."""
    met, taken = refusal(409, "ConditionalRequestConflict"), refusal(412, "PreconditionFailed")
    with serve_answers(met, met, STORED, taken) as url:
        bucket = S3Observer("my-bucket", BASE, endpoint_url=url).layout.bucket
        assert bucket.put_if_absent("key", b"data")
        assert not bucket.put_if_absent("key", b"data")


@pytest.mark.parametrize("resets", [True, False], ids=["reset", "closed"])
def test_a_connection_that_ends_within_a_content_is_an_outage(
    bucket: Any, proxy: Proxy, resets: bool
) -> None:
    """The error is that of a bucket that cannot be reached, so that the read is repeated."""
    arguments = {**bucket.arguments, "endpoint_url": proxy.url}
    stored = S3Observer(basedir=BASE, **arguments).layout.bucket
    content = bytes(400_000)
    stored.put("large.bin", content)
    proxy.cut_after(100_000, counts_answers=True, resets=resets)
    with pytest.raises(BucketAwayError, match="cannot be reached"):
        stored.get("large.bin")
    proxy.open()
    assert stored.get("large.bin") == content


def test_a_content_that_is_too_short_is_an_outage() -> None:
    """The driver reports it with an error of its own if the connection ended without one."""
    with pytest.raises(BucketAwayError), translate_errors("s3://b"):
        raise IncompleteReadError(actual_bytes=1, expected_bytes=2)


@pytest.fixture
def portal(request: pytest.FixtureRequest) -> Iterator[str]:
    """A proxy that answers everything with a page of its own, with or without an ETag."""
    with serve_answers(LOGIN_PAGE._replace(headers=request.param)) as url:
        yield url


@pytest.mark.parametrize(
    "portal",
    [{}, {"Content-Type": "text/html"}, {"Content-Type": "text/html; charset=x", "ETag": '"1"'}],
    indirect=True,
    ids=["bare", "page", "page with ETag"],
)
def test_a_page_of_a_proxy_is_not_an_answer(endpoint: str, portal: str, tmp_path: Path) -> None:
    """Nothing is taken for written, empty, missing, deleted or the content of an object."""
    assert_pages_are_refused(
        S3Observer("my-bucket", BASE, endpoint_url=portal).layout.bucket, tmp_path
    )


@pytest.mark.parametrize("portal", [{"Content-Type": "text/html"}], indirect=True)
def test_a_run_does_not_start_behind_a_page(endpoint: str, portal: str) -> None:
    """One sentence before anything is computed; reading is one sentence too."""
    with pytest.raises(ObserverStartError, match="such as a proxy or a login page"):
        experiment(S3Observer("my-bucket", BASE, endpoint_url=portal)).run()
    with pytest.raises(StoreError, match="such as a proxy or a login page"):
        list(S3Store("my-bucket", BASE, endpoint_url=portal).list())


def test_a_page_that_is_an_artifact_is_read(bucket: Any, tmp_path: Path) -> None:
    """An object may be HTML: the headers of S3 are what counts."""
    content = LOGIN_PAGE.body
    page = tmp_path / "plot.html"
    page.write_bytes(content)
    stored = S3Observer(basedir=BASE, **bucket.arguments).layout.bucket
    stored.put("plot.html", content, "text/html")
    assert stored.get("plot.html") == content and stored.size("plot.html") == len(content)


def test_a_server_that_ignores_conditions_is_refused(endpoint: str) -> None:
    """Two runs could have one id there."""
    with serve_answers(STORED) as url:
        bucket = S3Observer("my-bucket", BASE, endpoint_url=url).layout.bucket
        with pytest.raises(StoreError, match="the server ignores 'If-None-Match'"):
            bucket.put_if_absent("key", b"data")


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (403, "AccessDenied", "access denied: the policy"),
        (403, "InvalidAccessKeyId", "the access key is not known there"),
        (403, "SignatureDoesNotMatch", "the secret key is wrong"),
        (400, "ExpiredToken", "the session has expired"),
        (400, "AuthorizationHeaderMalformed", "is in another region"),
        (503, "SlowDown", "is not available: the server says no"),
        (418, "Teapot", "Teapot: the server says no"),
    ],
)
def test_what_the_server_refuses_is_one_sentence(
    endpoint: str, status: int, code: str, reason: str
) -> None:
    """It names the bucket and what to do, and holds no secret."""
    with serve_answers(refusal(status, code)) as url:
        observer = S3Observer("my-bucket", BASE, endpoint_url=url)
        with pytest.raises(ObserverStartError, match=reason) as caught:
            experiment(observer).run()
    assert "s3://my-bucket" in str(caught.value)
    assert "hunter2" not in f"{caught.value} {caught.value.__cause__!r} {observer!r}"


def test_no_credentials(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence describes how to pass them."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ObserverStartError, match="no credentials found for s3://my-bucket"):
        experiment(S3Observer("my-bucket", BASE, endpoint_url=endpoint)).run()


def test_no_network_at_the_start(endpoint: str) -> None:
    """No network at the start is an error before anything is computed."""
    observer = S3Observer("my-bucket", BASE, endpoint_url="http://127.0.0.1:9")
    with pytest.raises(ObserverStartError, match="s3://my-bucket cannot be reached"):
        experiment(observer).run()


def test_observers_of_one_prefix_are_equal() -> None:
    """Server, bucket and prefix count; slashes at the ends and other arguments do not."""
    options = {"bucket": "my-bucket", "region": "us-east-1"}
    first = S3Observer(basedir="a/b", **options)
    assert first == S3Observer(basedir="/a/b/", priority=3, **options)
    assert len({first, S3Observer(basedir="a/b", **options)}) == 1
    assert first != S3Observer(basedir="a", **options)
    assert first != S3Observer("other-bucket", "a/b", region="us-east-1")
    assert first != S3Observer(basedir="a/b", endpoint_url="http://localhost:1", **options)
