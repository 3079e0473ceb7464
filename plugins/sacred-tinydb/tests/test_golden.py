"""Folders that Sacred's TinyDbObserver 0.7.5, 0.8.2 and 0.8.7 wrote are read as recorded."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sacred_tinydb import TinyDbObserver, TinyDbStore

from sacred_core.stores import open_store
from sacred_core.testing import EventDriver
from sacred_core.testing.memory import Memory, MemoryStore

RELEASES = ("0.7.5", "0.8.2", "0.8.7")


@pytest.mark.parametrize("release", RELEASES)
def test_each_value_in_info_is_read_as_it_was_recorded(
    golden: ModuleType, release: str, tmp_path: Path
) -> None:
    """Arrays, tables, series and times, whose strings have tags."""
    pytest.importorskip("numpy")
    pytest.importorskip("pandas")
    recorded = golden.recorded()
    golden.unpack(release, "tinydb.json", tmp_path)
    path = tmp_path / "metadata.json"
    content = json.loads(path.read_text())
    first = content["runs"]["1"]
    stored = golden.values(release, "tinydb")
    content["runs"] = {
        str(number): {**first, "_id": name, "info": info}
        for number, (name, info) in enumerate(stored.items(), 1)
    }
    path.write_text(json.dumps(content))
    store = TinyDbStore(tmp_path)
    assert len(stored) > 70
    for name in stored:
        wanted = golden.expected_in_tinydb(name, recorded[name])
        assert golden.comparable(store.get(name).info) == golden.comparable({name: wanted})


@pytest.mark.parametrize("release", RELEASES)
def test_whole_runs_are_read(golden: ModuleType, release: str, tmp_path: Path) -> None:
    """Statuses, configuration, result, output and files."""
    golden.unpack(release, "tinydb.json", tmp_path)
    store = open_store(TinyDbStore.location_of(tmp_path))  # the folder is recognized
    first, *_ = golden.assert_runs(store, has_queued=False)
    assert first.result == 0.5 and first.info["alpha"]["list"] == [1, 2]
    assert first.info["zeta"][1][0] == [0.0, 6.0, 12.0, 18.0]
    assert store.metrics(first.id) == {}  # Sacred's TinyDbObserver has none


@pytest.mark.parametrize("release", RELEASES)
def test_rich_runs_are_read(golden_rich: ModuleType, release: str, tmp_path: Path) -> None:
    """Odd values, arrays, files, ids that a user chose, a killed run."""
    golden_rich.unpack(release, "tinydb", tmp_path)
    golden_rich.assert_runs(TinyDbStore(tmp_path), release, has_queued=False, has_metrics=False)


@pytest.mark.parametrize("release", RELEASES)
def test_runs_of_sacred_are_copied(golden_rich: ModuleType, release: str, tmp_path: Path) -> None:
    """They are equal in another store, and in a TinyDB of ours that they are copied to from it."""
    golden_rich.unpack(release, "tinydb", tmp_path / "old")
    own = TinyDbObserver(tmp_path / "new").open_store()
    golden_rich.assert_copied(TinyDbStore(tmp_path / "old"), [MemoryStore(Memory()), own])


@pytest.mark.parametrize(
    "text", ["{TinyArray}:[1,", "{TinyDate}:yesterday", "{TinyOther}:1", "{TinyArray}", "{Tiny"]
)
def test_a_string_that_only_looks_like_a_tag_stays(
    golden: ModuleType, tmp_path: Path, text: str
) -> None:
    """A value that is not Sacred's is a string of the user's."""
    golden.unpack("0.8.7", "tinydb.json", tmp_path)
    path = tmp_path / "metadata.json"
    content = json.loads(path.read_text())
    content["runs"]["1"]["info"] = {"text": [text]}
    path.write_text(json.dumps(content))
    run = next(TinyDbStore(tmp_path).list())
    assert run.info == {"text": [text]}


def test_strings_of_our_own_runs_are_not_tags(tmp_path: Path) -> None:
    """What a user records as a string comes back as that string."""
    info: dict[str, Any] = {"text": "{TinyArray}:[1]"}
    driver = EventDriver(TinyDbObserver(tmp_path))
    driver.start()
    driver.beat(info=info)
    driver.complete()
    assert next(TinyDbStore(tmp_path).list()).info == info


def test_other_documents_are_named(
    golden: ModuleType, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """They are neither empty rows nor an error for the other runs."""
    golden.unpack("0.8.7", "tinydb.json", tmp_path)
    path = tmp_path / "metadata.json"
    content = json.loads(path.read_text())
    content["runs"]["7"] = {"hello": 1}
    content["runs"]["8"] = {**content["runs"]["1"], "_id": "eight", "experiment": "x"}
    content["runs"]["9"] = {"status": "COMPLETED"}
    path.write_text(json.dumps(content))
    found = {run.id: run.damage for run in TinyDbStore(tmp_path).list()}
    assert len(found) == 7 and found["eight"] == "experiment is not an object (str)"
    assert found["document 9"] == f"document 'document 9' in {str(tmp_path)!r} has no run id"
    (foreign,) = caplog.messages
    assert foreign.startswith("Skipping 1 record of other programs (document 7): document ")
