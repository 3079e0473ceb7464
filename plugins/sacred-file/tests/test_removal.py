"""What deleting a run removes, and what it never removes."""

import contextlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sacred_file import FileStorageObserver, FileStore
from sacred_file.removal import TRASH

from sacred_core.exceptions import RunRemovedError, StoreError
from sacred_core.testing import EventDriver
from sacred_core.testing.effort import examples
from sacred_core.testing.interleaving import run_interleaved
from sacred_core.testing.killing import kill_at


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def completed(root: Path, *resources: Path, artifact: Path | None = None, **options: Any) -> Any:
    """Return the id of a run that read ``resources``."""
    driver = EventDriver(FileStorageObserver(root, **options))
    run_id = driver.start()
    for path in resources:
        driver.resource(str(path))
    if artifact is not None:
        driver.artifact(artifact.name, str(artifact))
    driver.complete()
    return run_id


def change_entry(root: Path, run_id: Any, **entries: Any) -> None:
    path = root / str(run_id) / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def delete_one_with(root: Path, resource: str) -> None:
    run_id = completed(root)
    change_entry(root, run_id, resources=[["a", resource]])
    FileStore(root).delete(run_id)


def file(path: Path, text: str = "content") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def test_the_artifact_of_another_run_stays(root: Path, tmp_path: Path) -> None:
    """Without copies, a run names artifacts of others as its resources."""
    first = completed(root, artifact=file(tmp_path / "model.bin"))
    artifact = root / str(first) / "model.bin"
    second = completed(root, artifact, copy_artifacts=False)
    store = FileStore(root)
    with store.open_file(second, "resource", str(artifact)) as stream:
        assert stream.read() == b"content"
    store.delete(second)
    with store.open_file(first, "artifact", "model.bin") as stream:
        assert stream.read() == b"content"


@pytest.mark.parametrize(
    "stored_path",
    [
        "1/run.json", "./1/../1/run.json", "_resources/../1/run.json", "1/model.bin", "_ids/next",
        "../outside.txt", "../outside_0123456789abcdef0123456789abcdef.txt", "", ".", "..",
        "_resources", "_sources/..", "1", "\0", "1/model_0123456789abcdef0123456789abcdef.bin",
        "_resources/deep/er_0123456789abcdef0123456789abcdef.txt",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["resources", "sources", "patch"])
def test_an_edited_record_removes_nothing_of_others(
    root: Path, tmp_path: Path, kind: str, stored_path: str
) -> None:
    """An edited record removes nothing of others, whatever it names beside shared content; a path
    may be absolute too.
    """
    digest = "0123456789abcdef0123456789abcdef"
    first = completed(root, artifact=file(tmp_path / "model.bin"))
    for path in ("../outside.txt", f"../outside_{digest}.txt", f"1/model_{digest}.bin",
                 f"_resources/deep/er_{digest}.txt", "_sources/mine.txt"):  # fmt: skip
        file(root / path)
    second = completed(root)
    for name in (
        stored_path,
        str((root / stored_path).absolute()) if "\0" not in stored_path else stored_path,
    ):
        experiment = {"name": "x", "sources": [["a", name]] if kind == "sources" else []}
        experiment["repositories"] = [{"patch": name}] if kind == "patch" else []
        change_entry(
            root, second, experiment=experiment, resources=[["a", name]] if kind == "resources"
            else []
        )  # fmt: skip
        own = (f"runs/{second}", "deleted-")
        before = {path for path in tmp_path.rglob("*") if not any(n in str(path) for n in own)}
        store = FileStore(root)
        store.delete(second)
        gone = {path for path in before if not path.exists()}
        assert not gone, f"{name!r} removed {gone}"
        assert store.get(first).status == "COMPLETED"
        second = completed(root)


@pytest.mark.parametrize(
    "entries",
    [
        {"resources": None}, {"resources": {"a": 1}}, {"resources": [1, [2], ["a", 3], ["a"]]},
        {"experiment": []}, {"experiment": {"name": "x", "repositories": [1, {"patch": 2}]}},
        {"experiment": {"name": "x", "repositories": 5, "sources": 1}},
    ],
)  # fmt: skip
def test_odd_lists_of_others_do_not_disturb(
    root: Path, tmp_path: Path, entries: dict[str, Any]
) -> None:
    """What they name is unknown or nothing; the other run is deleted as before."""
    odd, sound = completed(root), completed(root, file(tmp_path / "a.txt"))
    change_entry(root, odd, **entries)
    FileStore(root).delete(sound)
    assert names(root / "_resources") == set()


def test_content_that_an_unreadable_run_may_use_stays(root: Path, tmp_path: Path) -> None:
    """Until that run is deleted; then the next deletion removes the content."""
    damaged, sound, third = (completed(root, file(tmp_path / "a.txt")) for _ in range(3))
    record = root / str(damaged) / "run.json"
    text = record.read_text()
    record.write_text("{")
    store = FileStore(root)
    store.delete(sound)
    store.delete(third)
    assert len(names(root / "_resources")) == 1
    record.write_text(text)
    store.delete(damaged)
    assert names(root / "_resources") == set() and not (root / TRASH).exists()


@pytest.mark.parametrize("folder", ["_resources", "_sources"])
def test_a_link_is_not_followed(root: Path, tmp_path: Path, folder: str) -> None:
    """A link is not followed, neither a shared folder that is one nor a file in it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    root.mkdir()
    (root / folder).symlink_to(outside)
    made = file(outside / "a_0123456789abcdef0123456789abcdef.txt")
    delete_one_with(root, f"{folder}/{made.name}")
    assert made.exists(), "a file in a linked folder was removed"
    (root / folder).unlink()
    (root / folder).mkdir()
    (root / folder / made.name).symlink_to(made)
    delete_one_with(root, f"{folder}/{made.name}")
    assert made.exists() and (root / folder / made.name).is_symlink()


def test_content_that_was_used_since_a_live_run_started_stays(root: Path, tmp_path: Path) -> None:
    """It is removed with a later deletion, when that run has ended without naming it."""
    old = completed(root, file(tmp_path / "a.txt"))
    live = EventDriver(FileStorageObserver(root))
    live.start(start_time=datetime.now(UTC))
    new = completed(root, file(tmp_path / "b.txt", "other"))
    for path in (root / "_resources").glob("a_*"):
        os.utime(path, (1e9, 1e9))
    store = FileStore(root)
    store.delete(old)
    store.delete(new)
    assert [name[:2] for name in names(root / "_resources")] == ["b_"]
    live.complete()
    store.delete(completed(root))
    assert names(root / "_resources") == set() and not (root / TRASH).exists()


def test_a_run_that_died_long_ago_does_not_count_as_live(root: Path, tmp_path: Path) -> None:
    """A run that died long ago does not count as live, neither one that never had a record nor one
    without an end.
    """
    EventDriver(FileStorageObserver(root)).start()
    (root / "77").mkdir()
    run_id = completed(root, file(tmp_path / "a.txt"))
    for path in [*(root / "1").iterdir(), root / "1", root / "77"]:
        os.utime(path, (1e9, 1e9))
    FileStore(root).delete(run_id)
    assert names(root / "_resources") == set()


def test_missing_content_is_stored_again_at_the_end(
    root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Missing content is stored again at the end, where the file is as it was; else a warning names
    it.
    """
    paths = [file(tmp_path / f"{name}.txt", name) for name in ("same", "changed", "gone")]
    driver = EventDriver(FileStorageObserver(root))
    run_id = driver.start()
    for path in paths:
        driver.resource(str(path))
    for path in (root / "_resources").iterdir():
        path.unlink()
    paths[1].write_text("other")
    paths[2].unlink()
    driver.complete()
    store = FileStore(root)
    with store.open_file(run_id, "resource", str(paths[0])) as stream:
        assert stream.read() == b"same"
    for path in paths[1:]:
        assert f"{path} no longer has this content" in caplog.text
    assert str(paths[0]) not in caplog.text


def test_a_deleted_run_is_reported_as_such(root: Path, tmp_path: Path) -> None:
    """A deleted run is reported as such to each event of a process that was suspended; no folder is
    created again.
    """
    driver = EventDriver(FileStorageObserver(root))
    run_id = driver.start()
    FileStore(root).delete(run_id)
    made = str(file(tmp_path / "made"))
    for event in (
        lambda: driver.print("late"), lambda: driver.log("loss", [1.0]),
        driver.beat, driver.complete,
        lambda: driver.artifact("in/a folder", made), lambda: driver.resource(made),
        lambda: driver.observer.save_file(made), lambda: driver.code(str(tmp_path), [], ["a==1"]),
    ):  # fmt: skip
        with pytest.raises(RunRemovedError, match=r"run '1' was deleted from .*runs"):
            event()
    assert names(root) <= {"_ids", "_resources", "_sources"}


def test_a_killed_deletion_leaves_nothing_behind(root: Path, tmp_path: Path) -> None:
    """The next one, of any run, removes the rest, shared content included."""
    other = completed(root)
    calls = kill_at(None, lambda: FileStore(root).delete(completed(root)))
    assert calls is not None
    for call in range(1, calls, calls // 40):
        run_id = completed(root, file(tmp_path / "a.txt"), artifact=file(tmp_path / "b.txt"))
        kill_at(call, lambda run_id=run_id: FileStore(root).delete(run_id))  # type: ignore[misc]
        for each in (run_id, completed(root)):
            with contextlib.suppress(StoreError):  # it was deleted
                FileStore(root).delete(each)
        assert names(root / "_resources") == set(), f"call {call}"
        assert names(root) == {str(other), "_ids", "_resources"}, f"call {call}"


def test_the_number_of_a_deleted_run_of_sacred_is_not_reused(root: Path) -> None:
    """The number of a deleted run of Sacred is not reused, also without a hint, which Sacred does
    not write; the highest deleted number counts.
    """
    for number in (3, 12, 7):
        folder = root / str(number)
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps({"status": "COMPLETED", "experiment": {}}))
    store = FileStore(root)
    for number in (12, 7):
        store.delete(number)
    assert names(root / "_ids") == {"deleted-12"}
    assert completed(root) == 13


@pytest.mark.parametrize("is_same", [False, True], ids=["two runs", "one run"])
@pytest.mark.parametrize("is_live", [False, True], ids=["alone", "during a run"])
def test_content_of_runs_that_are_deleted_at_once_is_removed(
    root: Path, tmp_path: Path, is_same: bool, is_live: bool
) -> None:
    """Two processes delete runs that share content, or one run, at the same time: wherever the
    second one comes, nothing of the runs remains, or nothing after the next deletion if another run
    is running.
    """
    shared = file(tmp_path / "a.txt")

    def delete(run_id: Any) -> None:
        with contextlib.suppress(StoreError):  # the other process did
            FileStore(root).delete(run_id)

    run_id = completed(root, shared)
    calls = run_interleaved(None, lambda: delete(run_id), lambda: None)
    for call in range(1, calls, max(1, calls // examples(40, 600))):
        live = EventDriver(FileStorageObserver(root))
        live_id = live.start() if is_live else None
        first, second = completed(root, shared), completed(root, shared)
        if is_same:
            delete(second)
            second = first
        run_interleaved(call, lambda r=first: delete(r), lambda r=second: delete(r))  # type: ignore[misc]
        if is_live:
            live.complete()
            delete(live_id)
        assert names(root / "_resources") == set(), f"call {call}"
        assert names(root) == {"_ids", "_resources"}, f"call {call}"
