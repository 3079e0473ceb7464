"""Tests that docs/archives.md describes the format."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sacred_core.archives import pack
from sacred_core.archives.layout import FORMAT, VERSION, signature
from sacred_core.observers import FileStorageObserver
from sacred_core.stores import RunStore, open_store
from sacred_core.testing import EventDriver
from sacred_core.testing.samples import EXPERIMENT

PAGE = (Path(__file__).parents[2] / "docs" / "archives.md").read_text(encoding="utf-8")
(MANIFEST,) = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))


def keys(value: Any) -> Any:
    """Return the keys of a manifest in their order, without those that are digests or names."""
    if isinstance(value, list):
        return keys(value[0]) if value else None
    return {key: keys(own) for key, own in value.items()} if isinstance(value, dict) else None


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """A store with a run that has an artifact, a source and a missing resource."""
    source, data = tmp_path / "train.py", tmp_path / "model.bin"
    source.write_text("print()")
    data.write_text("model")
    driver = EventDriver(FileStorageObserver(tmp_path / "runs"))
    md5 = "a24a04fa3fbbdb24ae2ceaf9ee1c6c2c"
    driver.start(ex_info={**EXPERIMENT, "base_dir": str(tmp_path), "sources": [["x.py", md5]]})
    driver.artifact("model.bin", str(data))
    driver.resource(str(data))
    driver.complete()
    (content,) = (tmp_path / "runs" / "_resources").iterdir()
    content.unlink()
    return open_store(tmp_path / "runs")


def test_the_manifest_of_the_page_has_the_entries_of_an_archive(
    store: RunStore, tmp_path: Path
) -> None:
    """Each entry of a manifest is on the page, and no other."""
    pack(store, store.list(), tmp_path / "runs.zip")
    with zipfile.ZipFile(tmp_path / "runs.zip") as file:
        manifest = json.loads(file.read("manifest.json"))
    assert (MANIFEST["format"], MANIFEST["version"]) == (FORMAT, VERSION)
    assert [*MANIFEST] == [*manifest] and [*MANIFEST["counts"]] == [*manifest["counts"]]
    (run,), (shown,) = manifest["runs"], MANIFEST["runs"]
    assert [*run] == [*shown]
    assert keys(run["record"]["run.json"]) == keys(shown["record"]["run.json"])
    assert keys(run["problems"]) == keys(shown["problems"])
    (content, *_) = manifest["contents"].values()
    assert all(keys(each) == keys(content) for each in MANIFEST["contents"].values())


def test_the_entries_of_an_archive_are_on_the_page(store: RunStore, tmp_path: Path) -> None:
    """All names of files, and the beginning by which it is recognized."""
    pack(store, store.list(), tmp_path / "runs.zip")
    with zipfile.ZipFile(tmp_path / "runs.zip") as file:
        names = {name.rpartition("/")[2] for name in file.namelist() if "contents" not in name}
    assert [name for name in names if f"`{name}`" not in PAGE] == []
    assert f"`{signature().decode()}`" in PAGE
    assert (tmp_path / "runs.zip").read_bytes()[30:].startswith(signature())
