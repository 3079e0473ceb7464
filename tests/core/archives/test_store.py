"""Tests that what is read from an archive equals what was packed."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from sacred_core.archives import ArchiveStore, pack
from sacred_core.exceptions import StoreError
from sacred_core.serialization import is_same_data
from sacred_core.stores import Annotation, RunQuery, StoredRun, curves, open_store
from sacred_core.stores.query import parse
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.testing.comparing import assert_same
from sacred_core.testing.event_driver import START

IDS = [1, 2, "Grid run"]
#: Fields that are the same in each store of a run.
FIELDS = (
    "id", "run_id", "recorded_status", "command", "host", "config", "info", "result", "start_time",
    "stop_time", "heartbeat", "queue_time", "fail_trace", "artifacts", "resources", "tags", "notes",
    "annotations", "uid", "name", "sources", "repositories", "damage",
)  # fmt: skip


def files_of(run: StoredRun) -> list[tuple[str, str]]:
    return [
        *(("artifact", name) for name in run.artifacts),
        *(("resource", name) for name in run.resources),
        *(("source", name) for name in run.sources),
        *(("patch", each["commit"]) for each in run.repositories if each["dirty"]),
    ]


def lists(metrics: Any) -> Any:
    return {
        name: {column: list(values) for column, values in metric.items()}
        for name, metric in metrics.items()
    }


@pytest.mark.parametrize("run_id", IDS)
def test_a_run_is_read_back_equal(store: MemoryStore, archive: Path, run_id: int | str) -> None:
    """Every field, point, character and byte."""
    found, expected = ArchiveStore(archive).get(run_id), store.get(run_id)
    for name in FIELDS:
        assert_same(getattr(found, name), getattr(expected, name), name)
    own = ArchiveStore(archive)
    assert own.output(run_id) == store.output(run_id)
    assert_same(lists(own.metrics(run_id)), lists(store.metrics(run_id)), "metrics")
    files = files_of(expected)
    assert len(files) == 19 and files_of(found) == files
    for kind, name in files:
        with own.open_file(run_id, kind, name) as one, store.open_file(run_id, kind, name) as other:
            assert one.read() == other.read(), (kind, name)


def test_facts_are_complete(store: MemoryStore, archive: Path) -> None:
    """Sizes, digests and details of files, summaries of metrics and the length of the output."""
    run, original = ArchiveStore(archive).get(1), store.get(1)
    assert run.artifact_info["model.bin"].size == 1100
    assert run.artifact_info["model.bin"].metadata == {"n": 6}
    assert run.artifact_info["model.bin"].content_type == "text/plain"
    assert run.artifact_info["model.bin"].md5 == original.artifact_info["model.bin"].md5
    assert run.resource_info[run.resources[0]].size == 4000
    assert run.files["source"]["train.py"].size == 9
    assert run.metrics is not None and run.metrics["loss"].last == 0.1 + 2**-55
    assert run.output_length == len("printed ä\n")


def test_an_archive_is_opened_by_its_path(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also by a relative path and a URL, with no plugin installed."""
    monkeypatch.chdir(archive.parent)
    for location in (archive, "runs.zip", f"archive://{archive}"):
        assert [run.id for run in open_store(location).list()] == IDS


def test_a_renamed_archive_is_recognized(archive: Path) -> None:
    """By its content and not by its name; another ZIP file is not an archive."""
    other = archive.with_name("backup")
    archive.rename(other)
    assert isinstance(open_store(other), ArchiveStore)
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("manifest.json", "{}")
    assert ArchiveStore.location_of(archive) is None
    with pytest.raises(StoreError):
        open_store(archive)


def test_an_archive_that_was_packed_again_is_recognized(archive: Path, tmp_path: Path) -> None:
    """Another program extracted it, and made a ZIP file of the folder in another order."""
    again = tmp_path / "again.zip"
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(again, "w") as new:
        for name in sorted(old.namelist(), reverse=True):
            new.writestr(name, old.read(name))
    assert [run.id for run in open_store(again).list()] == IDS


def test_runs_are_selected(archive: Path) -> None:
    """By conditions, on metrics too, with a limit, and in the order of their ids."""
    store = ArchiveStore(archive)
    assert [run.id for run in store.list(RunQuery(where=parse("status = FAILED")))] == [2]
    assert [run.id for run in store.list(RunQuery(where=parse("metrics.loss.min > 0")))] == []
    assert [run.id for run in store.list(RunQuery(limit=2))] == [2, "Grid run"]
    assert (store.ids(), store.count()) == (IDS, 3)
    with pytest.raises(StoreError, match="run '7' not found"):
        store.get(7)
    with pytest.raises(StoreError, match="has no artifact 'none'"):
        store.open_file(1, "artifact", "none")


def test_ranges_of_points_are_read(tmp_path: Path) -> None:
    """Of one run and another in turn, with the summaries of blocks."""
    memory = Memory()
    for number in (1, 2):
        driver = EventDriver(MemoryObserver(memory))
        driver.start()
        driver.log("loss", [float(each * number) for each in range(2500)])
        driver.log("one", [1.0])
        driver.complete()
    source = MemoryStore(memory)
    pack(source, source.list(), tmp_path / "runs.zip")
    store = ArchiveStore(tmp_path / "runs.zip")
    for run_id in (1, 2, 1):
        ranges = {"loss": (1200, 1203), "one": (0, None)}
        points = curves.points(store, run_id, ranges)
        assert list(points["loss"]["values"]) == [run_id * each for each in (1200, 1201, 1202)]
        assert list(points["one"]["values"]) == [1.0]
        summaries = curves.summaries(store, run_id, ["loss"])
        assert [each.stop for each in summaries["loss"]] == [1000, 2000, 2500]
        assert summaries["loss"][-1].max == 2499 * run_id


def test_an_archive_is_not_changed(archive: Path) -> None:
    """Deleting and annotating are refused with what to do."""
    store, before = ArchiveStore(archive), archive.read_bytes()
    for change in (
        lambda: store.delete(1),
        lambda: store.annotate(1, Annotation(time=START, user="ann", note="x")),
    ):
        with pytest.raises(StoreError, match=r"cannot be changed: unpack it"):
            change()
    assert archive.read_bytes() == before


def test_a_closed_archive_is_not_read(archive: Path) -> None:
    """After `close` a file is not open any more."""
    store = ArchiveStore(archive)
    store.close()
    with pytest.raises(StoreError):
        store.output(1)


def test_two_threads_read_points(archive: Path) -> None:
    """Each gets those of its run."""
    from concurrent.futures import ThreadPoolExecutor

    store = ArchiveStore(archive)

    def read(number: int) -> Any:
        return store.metrics(IDS[number % 3])

    with ThreadPoolExecutor(4) as pool:
        found = [*pool.map(read, range(24))]
    assert all(is_same_data(str(each), str(found[0])) for each in found)
