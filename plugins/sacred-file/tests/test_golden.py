"""Folders that Sacred 0.7.5, 0.8.2 and 0.8.7 wrote are read as they were recorded."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sacred_file import FileStorageObserver, FileStore

from sacred_core.exceptions import StoreError
from sacred_core.testing.memory import Memory, MemoryStore

RELEASES = ("0.7.5", "0.8.2", "0.8.7")


@pytest.mark.parametrize("release", RELEASES)
def test_each_value_in_info_is_read_as_it_was_recorded(
    golden: ModuleType, recorded: dict[str, Any], release: str, tmp_path: Path
) -> None:
    """One run for each value, beside the ``run.json`` of that release."""
    golden.unpack(release, "files.json", tmp_path)
    stored = golden.values(release, "files")
    for number, text in enumerate(stored.values(), 100):
        (tmp_path / str(number)).mkdir()
        for name, content in (("run", (tmp_path / "1/run.json").read_text()), ("info", text)):
            (tmp_path / str(number) / f"{name}.json").write_text(content)
    store = FileStore(tmp_path)
    read = [store.get(number).info for number in range(100, 100 + len(stored))]
    for name, info in zip(stored, read, strict=True):
        if not golden.stays(release, name):
            wanted = golden.expected(release, name, recorded[name])
            assert golden.comparable(info) == golden.comparable({name: wanted})
    assert sum(golden.stays(release, name) for name in stored) < len(stored) / 4


@pytest.mark.parametrize("release", RELEASES)
def test_whole_runs_are_read(golden: ModuleType, release: str, tmp_path: Path) -> None:
    """Statuses, configuration with an ingredient, result, output, metrics and files."""
    golden.unpack(release, "files.json", tmp_path)
    store = FileStore(tmp_path)
    first, failed, *_ = golden.assert_runs(store)
    assert first.result["first"] == [float(n) for n in range(20)]
    assert first.result["second"] == {"n": [1, 2]}
    assert "it failed" in "".join(failed.fail_trace) and failed.info == {"before": 1}
    metrics = store.metrics(1)
    assert metrics["loss"]["values"] == [0.5, 0.25, 0.5 / 3]
    assert metrics["loss"]["steps"] == [0, 1, 2]
    assert metrics["accuracy"]["values"] == [0.25]


def test_references_between_entries_are_resolved_only_if_they_are_certain(
    golden: ModuleType, tmp_path: Path
) -> None:
    """The keys of ``info.json`` are sorted: what may have been another object stays a tag.

    Sacred 0.7 wrote the entries in that order.
    """
    for release in RELEASES:
        folder = tmp_path / release
        golden.unpack(release, "files.json", folder)
        info = FileStore(folder).get(1).info
        again, listed = info["alpha"]["again"], info["alpha"]["list"]
        shared = {"w": [float(n) for n in range(20)], "n": [1, 2]}
        stored = json.loads((folder / "1/info.json").read_text())["alpha"]
        assert again in (shared, stored["again"]) or again.keys() == {"w", "n"}
        assert listed in ([1, 2], stored["list"])


@pytest.mark.parametrize("release", RELEASES)
def test_rich_runs_are_read(golden_rich: ModuleType, release: str, tmp_path: Path) -> None:
    """Odd values, arrays, files, sources of a queued run, ids that a user chose, a killed run."""
    golden_rich.unpack(release, "files", tmp_path)
    golden_rich.assert_runs(FileStore(tmp_path), release)


@pytest.mark.parametrize("release", RELEASES)
def test_runs_of_sacred_are_copied(golden_rich: ModuleType, release: str, tmp_path: Path) -> None:
    """They are equal in another store, and in a folder of ours that they are copied to from it."""
    golden_rich.unpack(release, "files", tmp_path / "old")
    own = FileStorageObserver(tmp_path / "new").open_store()
    golden_rich.assert_copied(FileStore(tmp_path / "old"), [MemoryStore(Memory()), own])


def test_the_source_of_a_queued_run_is_not_another_file(
    golden_rich: ModuleType, tmp_path: Path
) -> None:
    """Sacred copies sources into the folder of a queued run; an artifact may have their name."""
    golden_rich.unpack("0.8.7", "files", tmp_path)
    (tmp_path / "8/extra.py").write_text("changed")
    store = FileStore(tmp_path)
    for name in ("extra.py", "missing.py"):
        with pytest.raises(StoreError, match=f"has no source '{name}'"):
            store.open_file(8, "source", name)


def test_references_to_documents_of_mongodb_are_not_info(
    golden_rich: ModuleType, tmp_path: Path
) -> None:
    """Sacred's MongoObserver adds them to what others record; values of the user have no ids."""
    golden_rich.unpack("0.8.7", "files", tmp_path)
    path = tmp_path / "0/info.json"
    stored = json.loads(path.read_text())
    assert stored["metrics"][0].keys() == {"id", "name"}
    assert "metrics" not in FileStore(tmp_path).get(0).info
    for own in ([], [1], {"id": "x"}, [*stored["metrics"], {"name": "loss", "id": "5"}]):
        path.write_text(json.dumps({"metrics": own}))
        assert FileStore(tmp_path).get(0).info == {"metrics": own}
