"""A copy has everything that the source has; what is there already is not sent again."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sacred_core.events import ArtifactAdded, Event, MetricsLogged, OutputCaptured, RunStarted
from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.stores import Annotation, StoredRun
from sacred_core.testing import EventDriver
from sacred_core.testing.event_driver import START
from sacred_core.testing.memory import Memory, MemoryObserver, MemoryStore
from sacred_core.transfer.copying import Copied, RunCopier, copy_run, copy_runs
from sacred_core.transfer.known_runs import Target, is_complete
from tests.core.transfer.rich import (
    COMMIT,
    PATCH,
    UID,
    add_content,
    record_rich_run,
    start_rich_run,
)


class Stores:
    """A source and a target in memory."""

    def __init__(self) -> None:
        self.memory, self.copies = Memory(), Memory()
        self.source, self.store = MemoryStore(self.memory), MemoryStore(self.copies)
        self.sent: list[Event] = []

    def observer(self) -> MemoryObserver:
        return MemoryObserver(self.memory)

    def copy(self) -> list[Copied]:
        """Copy all runs; `sent` are the events of this time."""
        self.sent = []
        return list(copy_runs(self.source, Target(self.store), note_sent=self.sent.append))

    def assert_equal(self) -> None:
        """Require that the target has what the source has."""
        runs, copies = list(self.source.list()), list(self.store.list())
        assert len(runs) == len(copies)
        for run, copy in zip(runs, copies, strict=True):
            assert comparable(copy) == comparable(run)
            assert self.store.output(copy.id) == self.source.output(run.id)
            assert repr(self.store.metrics(copy.id)) == repr(self.source.metrics(run.id))
            assert self.copies.runs[copy.id].files == self.memory.runs[run.id].files


def comparable(run: StoredRun) -> dict[str, Any]:
    """Return what a copy has to have of a run."""
    names = (
        "recorded_status", "command", "experiment", "host", "config", "info", "result",
        "start_time", "stop_time", "heartbeat", "fail_trace", "artifacts", "resources",
        "artifact_info", "resource_info", "sources", "tags", "notes", "annotations", "uid",
        "metrics", "queue_time",
    )  # fmt: skip
    found = {name: getattr(run, name) for name in names}
    return {**found, "meta": {**run.meta, "uid": run.uid}}


@pytest.fixture
def stores() -> Stores:
    return Stores()


def test_a_copy_has_everything(stores: Stores, tmp_path: Path) -> None:
    """Record, output, points, files, code, changes and notes are in the target."""
    record_rich_run(stores.observer(), tmp_path)
    (copied,) = stores.copy()
    stores.assert_equal()
    assert (copied.source_id, copied.target_id, copied.is_new) == (1, 1, True)
    assert (copied.points, copied.characters, copied.files) == (2_503, 10, 2)
    assert (copied.uid, copied.has_ended, copied.is_complete) == (UID, True, True)
    assert copied.size == 2 * 256 + 12
    experiment = stores.store.get(1).experiment
    assert experiment["repositories"][0]["patch"] == PATCH
    assert experiment["repositories"][0]["commit"] == COMMIT


def test_a_second_copy_sends_nothing(stores: Stores, tmp_path: Path) -> None:
    """A run that is complete in the target is found by one listing."""
    record_rich_run(stores.observer(), tmp_path)
    stores.copy()
    stores.source.get = stores.store.get = None  # type: ignore[method-assign, assignment]
    (copied,) = stores.copy()
    assert (copied.events, copied.is_new, copied.has_ended) == (0, False, True)
    assert (copied.source_id, copied.target_id) == (1, 1)
    assert stores.sent == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("output_length", None),
        ("output_length", 9),
        ("metrics", None),
        ("metrics", {}),
        ("recorded_status", "FAILED"),
        ("stop_time", None),
        ("files", {}),
        ("artifacts", []),
        ("resources", []),
    ],
)
def test_is_complete(stores: Stores, tmp_path: Path, name: str, value: Any) -> None:
    """A copy that differs in anything that its record contains is looked at again."""
    driver = record_rich_run(stores.observer(), tmp_path)
    assert is_complete(driver.expected, driver.expected)
    run, copy = stores.source.get(1), stores.source.get(1)
    assert is_complete(run, copy)
    setattr(copy, name, value)
    assert not is_complete(run, copy)
    setattr(run, name, value)
    assert is_complete(run, copy), "a run without facts has the end of its copy"


@pytest.mark.parametrize(("age", "is_enough"), [(1, True), (1000, False)])
def test_a_running_run_is_complete_up_to_its_heartbeat(age: int, is_enough: bool) -> None:
    """Where its process may have been killed, what was recorded since is looked for."""
    now = datetime.now(UTC)
    run, copy = (
        StoredRun(id=1, status="RUNNING", heartbeat=now - timedelta(seconds=age)) for _ in range(2)
    )
    assert is_complete(run, copy) is is_enough
    copy.heartbeat = now - timedelta(seconds=age + 1)
    assert not is_complete(run, copy)


def test_a_queued_run_is_complete_until_it_starts() -> None:
    """Only its start, and annotations, may follow."""
    run, copy = (StoredRun(id=1, status="QUEUED") for _ in range(2))
    assert is_complete(run, copy)
    run.recorded_status = "RUNNING"
    assert not is_complete(run, copy)


def test_annotations_of_a_copy(stores: Stores, tmp_path: Path) -> None:
    """A copy may have more of them, but not fewer."""
    record_rich_run(stores.observer(), tmp_path)
    run, copy = stores.source.get(1), stores.source.get(1)
    copy.annotate(Annotation(time=START, user="bob", note="later"))
    assert is_complete(run, copy) and not is_complete(copy, run)


@pytest.mark.parametrize("end", ["complete", "interrupt", "fail"])
def test_ends(stores: Stores, end: str) -> None:
    """Each end has its own time, and its status, trace and result."""
    driver = EventDriver(stores.observer())
    driver.start()
    driver.beat(result=3)
    if end == "interrupt":
        driver.interrupt("TIMEOUT", ("trace\n",))
    else:
        getattr(driver, end)()
    stores.copy()
    stores.assert_equal()
    assert stores.store.get(1).stop_time == driver.expected.stop_time
    stores.copy()
    assert stores.sent == []


def test_a_run_without_a_heartbeat(stores: Stores) -> None:
    """A run that has none gets none, so that it is not alive in the target."""
    EventDriver(stores.observer()).start()
    stores.copy()
    stores.assert_equal()
    assert [type(event) for event in stores.sent] == [RunStarted]
    stores.copy()
    assert stores.sent == []


def test_queued_runs(stores: Stores) -> None:
    """A queued run is queued in the target, and starts there under its id."""
    driver = EventDriver(stores.observer())
    driver.queue(asked_id="mine")
    stores.copy()
    stores.assert_equal()
    stores.copy()
    assert stores.sent == []
    started = EventDriver(stores.observer())
    started.start(asked_id="mine")
    started.log("loss", [1])
    started.complete()
    uid = stores.source.get("mine").uid
    stores.copies.runs["mine"].run.meta["uid"] = uid  # that of a run of Sacred would change
    stores.copy()
    stores.assert_equal()


def test_ids_that_are_taken(stores: Stores, tmp_path: Path) -> None:
    """A run keeps its id where that is free; else both are in the result and in the record."""
    EventDriver(MemoryObserver(stores.copies)).start(meta_info={"uid": "b" * 32})
    record_rich_run(stores.observer(), tmp_path)
    (copied,) = stores.copy()
    assert (copied.source_id, copied.target_id) == (1, 2)
    assert stores.store.get(2).run_id == 1
    (copied,) = stores.copy()
    assert (copied.target_id, copied.events) == (2, 0)


def test_a_run_in_progress_is_continued(stores: Stores, tmp_path: Path) -> None:
    """Only what is new is sent, also where the output was rewritten."""
    driver = start_rich_run(stores.observer(), tmp_path)
    driver.print("10 %")
    driver.log("loss", [1])
    driver.beat()
    stores.copy()
    driver.print("20 %", 0)
    driver.log("loss", [2, 3], 1)
    add_content(driver, tmp_path)
    (copied,) = stores.copy()
    stores.assert_equal()
    assert not copied.has_ended and not copied.is_new
    metrics = [event for event in stores.sent if isinstance(event, MetricsLogged)]
    assert [event.starts for event in metrics] == [{"loss": 1, "accuracy": 0}]
    (output,) = (event for event in stores.sent if isinstance(event, OutputCaptured))
    assert (output.offset, output.text) == (0, "20 %printed ä\n")
    driver.complete()
    assert [copied.has_ended for copied in stores.copy()] == [True]
    stores.assert_equal()


def test_a_copier_remembers_what_it_sent(stores: Stores, tmp_path: Path) -> None:
    """A run that is followed is not read in the target again."""
    driver = start_rich_run(stores.observer(), tmp_path)
    copier = RunCopier(stores.source, 1, Target(stores.store))
    copier.copy()
    stores.store.output = stores.store.get = None  # type: ignore[method-assign, assignment]
    record = stores.copies.runs[1]
    stores.store.find = lambda run_id: record  # type: ignore[method-assign]
    add_content(driver, tmp_path)
    assert copier.copy().points == 2_503
    driver.print("more")
    assert copier.copy().characters == 4
    driver.complete()
    assert copier.copy().has_ended
    assert copier.copy().events == 0
    del stores.store.output, stores.store.get, stores.store.find
    stores.assert_equal()


def test_annotations_after_the_end(stores: Stores, tmp_path: Path) -> None:
    """Notes and tags that were added later are sent alone."""
    record_rich_run(stores.observer(), tmp_path)
    stores.copy()
    stores.source.annotate(1, Annotation(time=START, user="bob", note="later", removed=("good",)))
    (copied,) = stores.copy()
    stores.assert_equal()
    assert copied.events == 1
    assert stores.store.get(1).tags == []


def test_what_is_missing_in_a_run_that_ended(stores: Stores, tmp_path: Path) -> None:
    """What an observer missed in the middle of a run is added to a copy that has an end."""
    record_rich_run(stores.observer(), tmp_path)
    stores.copy()
    record = stores.copies.runs[1]
    record.run.metrics, record.run.output_length, record.output = {}, 3, "pri"
    record.metrics = {}
    del record.run.files["artifact"], record.files["artifact", "in/data.bin"]
    record.run.artifacts = []
    (copied,) = stores.copy()
    stores.assert_equal()
    assert (copied.points, copied.characters, copied.files) == (2_503, 7, 1)


def test_another_end_is_a_conflict(stores: Stores, tmp_path: Path) -> None:
    """A run that ended otherwise in the target is not changed, and the result has both ends."""
    record_rich_run(stores.observer(), tmp_path)
    stores.copy()
    stores.copies.runs[1].run.recorded_status = "FAILED"
    (copied,) = stores.copy()
    assert "FAILED there" in copied.conflict and "COMPLETED here" in copied.conflict
    assert not copied.is_complete
    assert stores.store.get(1).recorded_status == "FAILED"


def test_a_target_that_is_ahead(stores: Stores, tmp_path: Path) -> None:
    """A run that ended in the target only is not changed."""
    driver = record_rich_run(stores.observer(), tmp_path)
    stores.copy()
    stores.memory.runs[1].run.recorded_status = "RUNNING"
    stores.memory.runs[1].run.stop_time = None
    (copied,) = stores.copy()
    assert (copied.events, copied.conflict) == (0, "")
    assert stores.store.get(1).stop_time == driver.expected.stop_time


def test_content_that_is_missing(stores: Stores, tmp_path: Path) -> None:
    """Files without content are named; everything else is copied."""
    record_rich_run(stores.observer(), tmp_path)
    files = stores.memory.runs[1].files
    del files["artifact", "in/data.bin"], files["source", "main.py"]
    (copied,) = stores.copy()
    assert not copied.is_complete
    assert sorted(text.split(" (")[0] for text in copied.missing) == [
        "the content of the artifact 'in/data.bin'",
        "the content of the source 'main.py'",
    ]
    copy = stores.store.get(1)
    assert (copy.recorded_status, copy.artifacts) == ("COMPLETED", [])
    assert copy.sources == stores.source.get(1).sources


def test_content_that_changed(stores: Stores, tmp_path: Path) -> None:
    """A source that is not what ran is not copied; an artifact is, and both are named."""
    record_rich_run(stores.observer(), tmp_path)
    files = stores.memory.runs[1].files
    files["artifact", "in/data.bin"] = files["source", "main.py"] = b"changed"
    (tmp_path / "code" / "main.py").unlink()
    (copied,) = stores.copy()
    assert len(copied.missing) == 2
    assert all("MD5 digest" in text for text in copied.missing)
    found = stores.copies.runs[1].files
    assert found["artifact", "in/data.bin"] == b"changed"
    assert ("source", "main.py") not in found


def test_a_damaged_run_is_skipped(stores: Stores, tmp_path: Path) -> None:
    """It is a result with the reason; the others are copied."""
    record_rich_run(stores.observer(), tmp_path)
    record_rich_run(stores.observer(), tmp_path, "b" * 32)
    stores.memory.runs[1].run.config = 5  # type: ignore[assignment]
    first, second = stores.copy()
    assert first.target_id is None and "is damaged" in first.missing[0]
    assert second.is_complete
    assert [run.uid for run in stores.store.list()] == ["b" * 32]


def test_many_points_are_sent_in_parts(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """No event has more than a number of points, of one metric or several."""
    monkeypatch.setattr("sacred_core.stores.replay.POINTS", 1_000)
    monkeypatch.setattr("sacred_core.transfer.sending.POINTS", 1_000)
    monkeypatch.setattr("sacred_core.stores.replay.CHARACTERS", 4)
    driver = EventDriver(stores.observer())
    driver.start()
    driver.log_together({"a": list(range(1_500)), "b": [1, 2, 3], "c": list(range(600))})
    driver.print("0123456789")
    driver.complete()
    stores.copy()
    stores.assert_equal()
    starts = [event.starts for event in stores.sent if isinstance(event, MetricsLogged)]
    assert starts == [{"a": 0}, {"a": 1_000, "b": 0, "c": 0}, {"c": 497}]
    texts = [event.text for event in stores.sent if isinstance(event, OutputCaptured)]
    assert texts == ["0123", "4567", "89"]


class Failing(MemoryObserver):
    """Fails as often as ``failures`` says, before or after it stores."""

    failures: list[Exception]

    def update_run(self, run: StoredRun, names: frozenset[str]) -> bool:
        if self.failures:
            raise self.failures.pop()
        return super().update_run(run, names)


class FailingStore(MemoryStore):
    """A target with outages."""

    failures: list[Exception]

    def observer_of(self, run_id: int | str | None) -> MemoryObserver:
        observer = super().observer_of(run_id)
        observer.__class__ = Failing
        observer.failures = self.failures  # type: ignore[attr-defined]
        return observer


@pytest.fixture
def failing(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> FailingStore:
    monkeypatch.setattr("sacred_core.transfer.sending.time.sleep", lambda seconds: None)
    store = stores.store = FailingStore(stores.copies)
    store.failures = []
    return store


def test_short_outages_are_waited_for(
    stores: Stores, failing: FailingStore, tmp_path: Path
) -> None:
    """What failed because the target was unavailable is repeated."""
    record_rich_run(stores.observer(), tmp_path)
    failing.failures = [UnavailableError("away")] * 3
    assert [copied.is_complete for copied in stores.copy()] == [True]
    stores.assert_equal()


def test_a_copy_is_continued_after_an_outage(
    stores: Stores, failing: FailingStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long outage ends the copy, which the next one continues; no temporary folder remains."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    record_rich_run(stores.observer(), tmp_path)
    failing.failures = [UnavailableError("away")] * 4
    with pytest.raises(UnavailableError, match="away") as error:
        stores.copy()
    assert [*(tmp_path / "temporary").iterdir()] == [], error.traceback
    assert stores.copy()[0].is_complete
    stores.assert_equal()
    assert not any(isinstance(event, RunStarted) for event in stores.sent)


def test_files_that_the_target_cannot_store(
    stores: Stores, failing: FailingStore, tmp_path: Path
) -> None:
    """They are named, and the rest is copied."""
    driver = start_rich_run(stores.observer(), tmp_path)
    (tmp_path / "data").write_bytes(b"x")
    driver.artifact("data", str(tmp_path / "data"))
    driver.complete()
    failing.failures = [ValueError("too large")]
    (copied,) = stores.copy()
    assert copied.missing == ("artifact_event 'data' (ValueError: too large)",)
    assert stores.store.get(1).recorded_status == "COMPLETED"


def test_an_end_that_the_target_cannot_store(
    stores: Stores, failing: FailingStore, tmp_path: Path
) -> None:
    """The result has the reason, and the next copy continues."""
    driver = EventDriver(stores.observer())
    driver.start()
    driver.complete()
    failing.failures = [ValueError("too large")]
    (copied,) = stores.copy()
    assert copied.missing == ("the target cannot store the run: ValueError: too large",)
    assert copied.target_id is None
    assert stores.copy()[0].is_complete


def test_a_target_that_can_only_be_read(stores: Stores) -> None:
    """A store that cannot continue runs is refused."""

    class ReadOnly:
        def __repr__(self) -> str:
            return "ReadOnly()"

    with pytest.raises(StoreError, match=r"ReadOnly\(\) can only be read"):
        Target(ReadOnly())  # type: ignore[arg-type]


def test_files_exist_while_they_are_sent(stores: Stores, tmp_path: Path) -> None:
    """Temporary files have the names of the files, and are removed."""
    record_rich_run(stores.observer(), tmp_path)
    paths: list[Path] = []

    def note(event: Event) -> None:
        if isinstance(event, ArtifactAdded):
            paths.append(Path(event.filename))
            assert paths[0].read_bytes() == bytes(range(256))

    copy_run(stores.source, stores.source.get(1), Target(stores.store), note)
    (path,) = paths
    assert path.name == "data.bin"
    assert not path.exists() and not path.parent.parent.exists()


def test_a_queued_run_without_a_time_has_none_in_the_target(stores: Stores) -> None:
    """As Sacred records it in a SQL database; no other time is made of it."""
    EventDriver(stores.observer()).queue()
    stores.memory.runs[1].run.queue_time = None
    stores.copy()
    stores.assert_equal()
    assert stores.store.get(1).queue_time is None and stores.store.get(1).status == "QUEUED"
