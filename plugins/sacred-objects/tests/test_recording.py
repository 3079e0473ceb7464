"""What is sent, when, and what happens when it cannot be."""

import gc
import io
import json
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from sacred_objects import ObjectObserver, ObjectStore, bucket_layout, parse_location
from sacred_objects.contents import Pending, Upload, UploadQueue

from sacred_core.events import EventSource, MetricsLogged
from sacred_core.exceptions import (
    OptionError,
    ResumeError,
    RunIdError,
    StoreError,
    UnavailableError,
)
from sacred_core.observers import RetryPolicy
from sacred_core.observers.delivering import delivering
from sacred_core.stable_files import ChangingFileError
from sacred_core.testing import EventDriver
from sacred_core.testing.experiments import run_main


@pytest.fixture
def observer(bucket: Any) -> ObjectObserver:
    return ObjectObserver(lambda: bucket, bucket.url, "runs")


@pytest.fixture
def store(bucket: Any) -> ObjectStore:
    return ObjectStore(bucket_layout(bucket, "runs"))


@pytest.fixture(autouse=True)
def _temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_an_idle_heartbeat_sends_the_record_alone(observer: ObjectObserver, bucket: Any) -> None:
    """An idle heartbeat sends the record alone, neither output nor points nor info that it has."""
    driver = EventDriver(observer)
    driver.start()
    driver.print("x" * 100_000)
    driver.log("loss", [0.5] * 1_000)
    driver.beat(info={"much": "y" * 10_000})
    before = dict(bucket.objects)
    driver.beat(info={"much": "y" * 10_000})
    changed = {key for key, data in bucket.objects.items() if before.get(key) != data}
    assert changed == {"runs/1/run.json"}


def test_information_is_stored_before_the_heartbeat(
    observer: ObjectObserver, bucket: Any, store: ObjectStore
) -> None:
    """A heartbeat that cannot be written has its information stored, and never the reverse: a copy
    that is continued sends only what is newer than the stored heartbeat.
    """
    driver = EventDriver(observer)
    run_id = driver.start()
    driver.beat(info={"epoch": 1})
    before = driver.expected.heartbeat
    for refused, epoch, stored in (("/run.json", 2, 2), ("/info.json", 3, 2)):
        bucket.refused = {refused}
        with pytest.raises(StoreError, match="denied"):
            driver.beat(info={"epoch": epoch})
        run = store.get(run_id)
        assert (run.info, run.heartbeat) == ({"epoch": stored}, before)
    bucket.refused = set()
    driver.beat(info={"epoch": 4})
    run = store.get(run_id)
    assert (run.info, run.heartbeat) == ({"epoch": 4}, driver.expected.heartbeat)


def test_a_heartbeat_of_a_long_record_is_short(
    observer: ObjectObserver, bucket: Any, store: ObjectStore
) -> None:
    """The time goes to an object of its own, which is gone when the run has ended."""
    driver = EventDriver(observer)
    run_id = driver.start(host_info={"long": "x" * 50_000})
    driver.beat()
    driver.beat()
    before = bucket.sent
    driver.beat()
    assert bucket.sent - before < 100
    assert store.get(run_id).heartbeat == driver.expected.heartbeat
    driver.beat(result=7)
    assert store.get(run_id).result == 7
    driver.complete()
    assert "runs/1/heartbeat.json" not in bucket.objects
    entry = json.loads(bucket.objects["runs/1/run.json"])
    assert entry["heartbeat"] == "2026-01-02T03:04:09.678901"


def test_objects_that_a_former_process_writes_late_are_ignored(
    observer: ObjectObserver, bucket: Any, store: ObjectStore
) -> None:
    """It may look at the record before another process resumes the run, and write after that."""
    driver = EventDriver(observer)
    run_id = driver.start(host_info={"long": "x" * 50_000})
    for number in range(3):
        driver.beat({"by": "first", "number": number})
    late = {name: bucket.objects[f"runs/1/{name}"] for name in ("info.json", "heartbeat.json")} | {
        "heartbeat.json": b'{"heartbeat": "2099-01-01T00:00:00"}'
    }
    driver.resume(ObjectObserver(lambda: bucket, bucket.url, "runs"))
    driver.beat({"by": "second"})
    driver.beat({"by": "second"})
    expected = driver.expected.heartbeat
    assert store.get(run_id).heartbeat == expected
    for name, data in late.items():
        bucket.put(f"runs/1/{name}", data)
    run = store.get(run_id)
    assert (run.info, run.heartbeat) == ({"by": "second"}, expected)
    driver.complete()
    assert json.loads(bucket.objects["runs/1/info.json"]) == {"by": "second"}
    bucket.put("runs/1/info.json", late["info.json"])
    assert store.get(run_id).info == {"by": "second"}
    assert next(iter(store.list())).info == {"by": "second"}


@pytest.mark.parametrize("writes", [1, 100])
def test_a_run_is_resumed_while_its_former_process_writes_the_record(
    observer: ObjectObserver, bucket: Any, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    """The token is replaced in the next version; a process that never stops writing is an error."""
    driver = EventDriver(observer)
    driver.start()
    real, numbers = bucket.replace, iter(range(writes))

    def replace_later(key: str, data: bytes, version: str, *others: Any) -> Any:
        if next(numbers, None) is not None:
            entry = json.loads(bucket.objects[key])
            assert real(key, json.dumps({**entry, "beat": str(numbers)}).encode(), version)
        return real(key, data, version, *others)

    monkeypatch.setattr(bucket, "replace", replace_later)
    other = ObjectObserver(lambda: bucket, bucket.url, "runs")
    if writes == 1:
        driver.resume(other)
        assert json.loads(bucket.objects["runs/1/run.json"])["token"] == other.token
        return
    with pytest.raises(ResumeError, match="another process has resumed or deleted it meanwhile"):
        driver.resume(other)


def test_a_run_that_ended_is_a_folder(
    observer: ObjectObserver, bucket: Any, store: ObjectStore, tmp_path: Path
) -> None:
    """Copied to a disk, sacred-file reads it."""
    sacred_file = pytest.importorskip("sacred_file")
    made = tmp_path / "made"
    made.write_text("content")
    driver = EventDriver(observer)
    run_id = driver.start()
    driver.print("printed\n")
    driver.log("loss", [1.0, float("nan")])
    driver.artifact("in/made", str(made))
    driver.beat(info={"a": 1})
    driver.complete(result=3)
    for key, data in bucket.objects.items():
        path = tmp_path / "copy" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    copied = sacred_file.FileStore(tmp_path / "copy" / "runs")
    assert copied.get(run_id) == store.get(run_id)
    assert copied.output(run_id) == "printed\n"
    assert repr(copied.metrics(run_id)) == repr(store.metrics(run_id))
    with copied.open_file(run_id, "artifact", "in/made") as file:
        assert file.read() == b"content"
    assert sorted(key for key in bucket.objects if not key.startswith("runs/_")) == [
        f"runs/1/{n}"
        for n in (
            "config.json", "cout.txt", "in/made", "info.json", "metrics.index.json",
            "metrics.json", "run.json",
        )
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["metrics.json", "info.json"])
def test_a_run_without_metrics_and_info(
    observer: ObjectObserver, bucket: Any, store: ObjectStore, name: str
) -> None:
    """Both files are ``{}`` once the run has ended, as clients of Sacred expect."""
    driver = EventDriver(observer)
    run_id = driver.start()
    driver.beat()
    assert f"runs/1/{name}" not in bucket.objects
    driver.complete()
    assert json.loads(bucket.objects[f"runs/1/{name}"]) == {}
    assert (store.metrics(run_id), store.get(run_id).info) == ({}, {})


def test_a_bucket_that_comes_back_misses_nothing(
    observer: ObjectObserver, bucket: Any, store: ObjectStore, caplog: Any, tmp_path: Path
) -> None:
    """A bucket that comes back misses nothing, in a real run: output, points, files, info and the
    end.
    """
    observer.retry_policy = RetryPolicy(retry_interval=0.01)

    def main(_run: Any) -> int:
        print("before")
        bucket.is_away = True
        print("after")
        _run.log_scalar("loss", 1.5)
        _run.info["a"] = 1
        (tmp_path / "made").write_text("content")
        _run.add_artifact(tmp_path / "made")
        _run.open_resource(tmp_path / "made").close()
        tries = iter([True, True, False])
        require = bucket.require

        def recover() -> None:
            bucket.is_away = next(tries, False)
            require()

        bucket.require = recover
        return 42

    run = run_main(observer, main)
    stored = store.get(run._id)
    assert (stored.status, stored.result, stored.info) == ("COMPLETED", 42, {"a": 1})
    assert store.output(run._id).endswith("before\nafter\n")
    assert store.metrics(run._id)["loss"]["values"] == [1.5]
    assert (stored.artifacts, stored.resources) == (["made"], [str(tmp_path / "made")])
    for kind, name in (("artifact", "made"), ("resource", str(tmp_path / "made"))):
        with store.open_file(run._id, kind, name) as file:
            assert file.read() == b"content"
    assert "did not record:" not in caplog.text


def test_an_outage_that_lasts_costs_no_room(
    observer: ObjectObserver, bucket: Any, tmp_path: Path
) -> None:
    """The same points, delivered again and again, are stored once."""
    driver = EventDriver(observer, times=1)
    driver.start()
    driver.log("loss", [1.0])
    bucket.is_away = True
    points = {"loss": {"name": "loss", "steps": [1], "values": [2.0], "timestamps": []}}
    event = EventSource("run").make(
        MetricsLogged, metrics_by_name=points, info={}, starts={"loss": 1}
    )
    for _ in range(5):
        with pytest.raises(UnavailableError), delivering(event):
            observer.log_metrics(points)
    (stored_path,) = tmp_path.glob("sacred_run_*/metrics.jsonl")
    assert stored_path.read_text().count('"name"') == 2


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The path of a file with the text "content"."""
    path = tmp_path / "made"
    path.write_text("content")
    return str(path)


def test_a_file_that_is_refused_holds_nothing_up(
    observer: ObjectObserver, bucket: Any, store: ObjectStore, file: str
) -> None:
    """It is an error of its own; the run is recorded without it."""
    driver = EventDriver(observer)
    run_id = driver.start()
    bucket.refused.add("/bad")
    with pytest.raises(StoreError, match="access denied") as caught:
        driver.artifact("bad", file)
    assert not isinstance(caught.value, UnavailableError)
    driver.artifact("good", file)
    driver.complete()
    assert store.get(run_id).artifacts == ["good"]


def test_a_resource_that_was_refused_is_sent_when_it_comes_again(
    observer: ObjectObserver, bucket: Any, store: ObjectStore, file: str
) -> None:
    """What was refused once may be allowed later; what was sent is not sent again."""
    driver = EventDriver(observer)
    run_id = driver.start()
    bucket.refused.add("_resources")
    with pytest.raises(StoreError, match="access denied"):
        driver.resource(file)
    bucket.refused.clear()
    driver.beat()
    assert store.get(run_id).resources == []
    driver.resource(file)
    driver.beat()
    with store.open_file(run_id, "resource", file) as stream:
        assert stream.read() == b"content"
    before = bucket.sent
    driver.resource(file)
    assert bucket.sent == before


@pytest.mark.parametrize(
    ("changes", "is_shared", "opened"),
    [(0, False, 1), (2, False, 3), (3, False, 3), (0, True, 1), (1, True, 1)],
)
def test_a_file_that_changes_while_it_is_sent_is_sent_again(
    bucket: Any, changes: int, is_shared: bool, opened: int
) -> None:
    """Three times at most; if its key has its digest, not even once."""
    attempts: list[int] = []

    def open_file() -> BinaryIO:
        attempts.append(len(attempts))
        if len(attempts) <= changes:
            raise ChangingFileError("it changed")
        return io.BytesIO(b"content")

    layout = bucket_layout(bucket, "runs")
    uploads = UploadQueue(layout, Pending(layout, "token"))
    uploads.add("runs/1/made", Upload(open_file, is_shared=is_shared))
    if changes < opened:
        uploads.send()
        assert bucket.objects["runs/1/made"] == b"content"
    else:
        with pytest.raises(ChangingFileError):
            uploads.send()
        assert "runs/1/made" not in bucket.objects
    assert len(attempts) == opened


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("trouble", ["away", "refused", "unreadable"])
def test_shared_content_that_was_not_sent_is_sent_when_it_is_added_again(
    bucket: Any, trouble: str, count: int
) -> None:
    """What was sent is not sent again; of the others each is."""
    layout = bucket_layout(bucket, "runs")
    uploads = UploadQueue(layout, Pending(layout, "token"))
    errors = [OSError("unreadable")] if trouble == "unreadable" else []
    keys = [f"runs/_resources/{number}" for number in range(count)]

    def open_file() -> BinaryIO:
        if trouble == "away":
            bucket.is_away = True
        if errors:
            raise errors.pop()
        return io.BytesIO(b"content")

    bucket.refused = {keys[0]} if trouble == "refused" else set()
    for key in keys:
        uploads.add(key, Upload(open_file))
    with pytest.raises((StoreError, OSError)):
        uploads.send()
    bucket.is_away, bucket.refused, trouble = False, set(), "none"
    for key in keys:
        uploads.add(key, Upload(open_file))
    uploads.send()
    assert {key for key in bucket.objects if "_resources" in key} == {*keys}


def test_a_queued_run_is_started_once(observer: ObjectObserver, bucket: Any) -> None:
    """A process that is about to start it has a valid claim; that of an earlier version is not."""
    run_id = EventDriver(observer).queue()
    bucket.objects[f"runs/{run_id}/.taken_over"] = b""
    put = bucket.put
    errors = []

    def start_meanwhile(key: str, *rest: Any) -> Any:
        if key.endswith("/run.json") and not errors:
            with pytest.raises(RunIdError, match="already been started by another") as error:
                EventDriver(ObjectObserver(lambda: bucket, bucket.url, "runs")).start(
                    asked_id=run_id
                )
            errors.append(error)
        return put(key, *rest)

    bucket.put = start_meanwhile
    assert EventDriver(observer).start(_id=run_id, asked_id=run_id) == run_id
    assert len(errors) == 1


@pytest.mark.parametrize("count", [0, 1, 4, 5])
def test_parts_that_are_replaced_while_they_are_read_are_read_again(
    observer: ObjectObserver, bucket: Any, store: ObjectStore, count: int
) -> None:
    """A few times; then the error says what to do, and no output is missing."""
    driver = EventDriver(observer)
    run_id = driver.start()
    driver.print("text\n")
    driver.beat()
    get, gone = bucket.get, ["_output"] * count

    def get_unless_gone(key: str, *args: Any) -> bytes | None:
        if gone and gone[-1] in key:
            gone.pop()
            return None
        content: bytes | None = get(key, *args)
        return content

    bucket.get = get_unless_gone
    if count < 5:
        assert store.output(run_id) == "text\n"
    else:
        with pytest.raises(StoreError, match="is being written; try again"):
            store.output(run_id)


@pytest.mark.parametrize("record", [b"{", b"\xff", b"[" * 100_000])
def test_a_damaged_record_is_listed_with_the_reason(
    observer: ObjectObserver, bucket: Any, store: ObjectStore, record: bytes
) -> None:
    """It names the object; the others are sound."""
    for _ in range(2):
        EventDriver(observer).start()
    bucket.objects["runs/1/run.json"] = record
    gc.collect()  # a finalizer of an earlier test would fail at the limit of recursion
    damaged, sound = store.list()
    assert (damaged.id, damaged.status, sound.id, sound.damage) == (1, "DAMAGED", 2, None)
    assert "memory://bucket/runs/1/run.json" in str(damaged.damage)


@pytest.mark.parametrize(
    "name", ["../up", "a//b", ".hidden", "cout.txt", "_output/1", "x" * 2_000, "a\nb", "é\udc80"]
)
def test_artifacts_have_any_name(
    observer: ObjectObserver, store: ObjectStore, tmp_path: Path, bucket: Any, name: str
) -> None:
    """Names of our own objects, or that are not valid keys, are stored under another key."""
    made = tmp_path / "made"
    made.write_text("content")
    driver = EventDriver(observer)
    run_id = driver.start()
    driver.artifact(name, str(made))
    driver.complete()
    with store.open_file(run_id, "artifact", name) as file:
        assert file.read() == b"content"
    (key,) = (key for key, data in bucket.objects.items() if data == b"content")
    assert key.startswith("runs/1/_artifacts/") and len(key.encode()) < 1_000


def test_what_sacred_wrote_is_read(bucket: Any, store: ObjectStore) -> None:
    """Output of a run that never ended is in cout.txt there."""
    entry = {"status": "RUNNING", "start_time": "2020-01-01T00:00:00", "meta": {}}
    bucket.objects["runs/3/run.json"] = json.dumps(entry).encode()
    bucket.objects["runs/3/cout.txt"] = b"printed"
    assert store.get(3).status == "DEAD"
    assert store.output(3) == "printed"


@pytest.mark.parametrize("folder", ["a/../b", "./a", ".."])
def test_dots_are_no_folders(bucket: Any, folder: str) -> None:
    """Keys are not paths."""
    with pytest.raises(ValueError, match="are not supported"):
        ObjectObserver(lambda: bucket, bucket.url, folder)


def test_a_location_has_one_of_two_forms() -> None:
    """A location has one of two forms, with the scheme or without; nothing unknown is behind
    the question mark.
    """
    for text in ("s3://b/c/d?region=r", " b/c/d?region=r "):
        found = parse_location(text, "s3", ["region"])
        assert (found.bucket, found.basedir, found.options) == ("b", "c/d", {"region": "r"})
    with pytest.raises(OptionError, match=r"after '\?' there may be region"):
        parse_location("s3://b/c?regoin=r", "s3", ["region"])
    with pytest.raises(OptionError) as caught:
        parse_location("http://user:hunter2@b/c", "s3")
    assert "hunter2" not in str(caught.value)
