"""Records and links do not lead out of a folder of runs."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from sacred_file import FileStorageObserver, FileStore

from sacred_core.exceptions import OutsideStoreError, StoreError
from sacred_core.stores import Annotation
from sacred_core.testing import EventDriver

SAID = Annotation(time=datetime(2026, 1, 1, tzinfo=UTC), user="ann", note="n", added=["good"])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two ended runs with a resource and an artifact, beside a file of the user's."""
    (tmp_path / "outside").write_bytes(b"secret")
    (tmp_path / "data.csv").write_bytes(b"content")
    for _ in range(2):
        driver = EventDriver(FileStorageObserver(tmp_path / "runs"))
        driver.start(config={"a": 1})
        driver.resource(str(tmp_path / "data.csv"))
        driver.artifact("made", str(tmp_path / "data.csv"))
        driver.print("printed\n")
        driver.complete()
    return tmp_path / "runs"


def edit(root: Path, **fields: Any) -> None:
    path = root / "1" / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


@pytest.mark.parametrize("place", ["/etc/passwd", "../outside", "2/../../outside", "{top}/outside"])
@pytest.mark.parametrize("kind", ["resource", "source"])
def test_a_record_names_no_file_elsewhere(root: Path, kind: str, place: str) -> None:
    """A record names no file elsewhere, of resources and sources, absolute or relative."""
    pairs = [["a", place.format(top=root.parent)]]
    edit(root, resources=pairs, experiment={"name": "x", "sources": pairs})
    with pytest.raises(OutsideStoreError, match="is outside of"):
        FileStore(root).open_file(1, kind, "a")
    assert FileStore(root).get(1).resources == ["a"]


@pytest.mark.parametrize(
    "name", ["../2/run.json", "../../outside", "/etc/passwd", "run.json", "\0"]
)
def test_names_of_artifacts_stay_in_the_run(root: Path, name: str) -> None:
    """They are names and not paths."""
    edit(root, artifacts=[name])
    with pytest.raises(StoreError):
        FileStore(root).open_file(1, "artifact", name)


def test_links_in_place_of_files_are_not_followed_out(root: Path) -> None:
    """Links in place of files are not followed out, neither artifacts nor shared files."""
    stored = next((root / "_resources").iterdir())
    for path in (root / "1" / "made", stored):
        path.unlink()
        path.symlink_to(root.parent / "outside")
    store = FileStore(root)
    for kind, name in (("artifact", "made"), ("resource", str(root.parent / "data.csv"))):
        with pytest.raises(StoreError):
            store.open_file(1, kind, name)


@pytest.mark.parametrize(
    "name",
    ["run.json", "config.json", "info.json", "metrics.json", "cout.txt", "annotations.jsonl"],
)
def test_links_in_place_of_the_record_are_damage(root: Path, name: str) -> None:
    """What they lead to is not read, and the other run is sound."""
    outside = root.parent / "outside.json"
    outside.write_text('{"status": "FAILED", "secret": 1}')
    (root / "1" / name).unlink(missing_ok=True)
    (root / "1" / name).symlink_to(outside)
    store = FileStore(root)
    damaged, sound = store.list()
    if name in ("metrics.json", "cout.txt"):
        with pytest.raises(OutsideStoreError):
            (store.metrics if name == "metrics.json" else store.output)(1)
    else:
        assert damaged.status == "DAMAGED" and "is outside of" in str(damaged.damage)
        assert "secret" not in repr(damaged)
    assert (sound.id, sound.damage) == (2, None)
    store.delete(1)
    assert outside.exists() and [run.id for run in store.list()] == [2]


def test_a_linked_folder_of_a_run_is_damage(root: Path, tmp_path: Path) -> None:
    """If it is elsewhere; the link alone is deleted. One inside the store is a run."""
    (root / "2").rename(tmp_path / "moved")
    (root / "2").symlink_to(tmp_path / "moved")
    (root / "latest").symlink_to("1")
    store = FileStore(root)
    found = {run.id: run.status for run in store.list()}
    assert found == {1: "COMPLETED", 2: "DAMAGED", "latest": "COMPLETED"}
    for change in (lambda: store.annotate(2, SAID), lambda: store.complete_output(2, "x")):
        with pytest.raises(OutsideStoreError):
            change()
    store.delete(2)
    assert (tmp_path / "moved" / "run.json").exists() and not (root / "2").is_symlink()


def test_nothing_is_written_through_a_link(root: Path) -> None:
    """A note, or recovered output; the user's file stays as it is."""
    for name in ("annotations.jsonl", "cout.txt"):
        (root / "1" / name).unlink(missing_ok=True)
        (root / "1" / name).symlink_to(root.parent / "outside")
    store = FileStore(root)
    with pytest.raises(StoreError, match="it is a link"):
        store.annotate(1, SAID)
    with pytest.raises(StoreError):
        store.complete_output(1, "x")
    assert (root.parent / "outside").read_bytes() == b"secret"


def test_a_note_leaves_a_hard_link_as_it_is(root: Path) -> None:
    """A note leaves a hard link as it is, as backups make them."""
    store = FileStore(root)
    store.annotate(1, SAID)
    backup = root.parent / "backup"
    os.link(root / "1" / "annotations.jsonl", backup)
    before = backup.read_bytes()
    store.annotate(1, attrs.evolve(SAID, note="another"))
    assert backup.read_bytes() == before and len(store.get(1).notes) == 2


def test_a_resource_folder_elsewhere_is_read(tmp_path: Path) -> None:
    """Its copies have the digest of their content as names; a changed one is refused."""
    (tmp_path / "data.csv").write_bytes(b"content")
    driver = EventDriver(FileStorageObserver(tmp_path / "runs", resource_dir=tmp_path / "all"))
    driver.start()
    driver.resource(str(tmp_path / "data.csv"))
    driver.complete()
    store = FileStore(tmp_path / "runs")
    with store.open_file(1, "resource", str(tmp_path / "data.csv")) as file:
        assert file.read() == b"content"
    next((tmp_path / "all").iterdir()).write_bytes(b"another")
    with pytest.raises(OutsideStoreError):
        store.open_file(1, "resource", str(tmp_path / "data.csv"))


def test_resources_that_are_not_copied_are_read(root: Path) -> None:
    """`copy_artifacts=False`: those below the store."""
    driver = EventDriver(FileStorageObserver(root, copy_artifacts=False))
    run_id = driver.start()
    driver.resource(str(root / "1" / "made"))
    driver.complete()
    with FileStore(root).open_file(run_id, "resource", str(root / "1" / "made")) as file:
        assert file.read() == b"content"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="changes the user")
def test_what_may_not_be_read_is_damage(root: Path) -> None:
    """A folder and a file without permission; nothing can be added to them."""
    store = FileStore(root)
    sound = [run.damage for run in store.list()]  # what is imported then, others may not read
    for path in [root, *root.parents][:-2]:
        path.chmod(0o755)
    (root / "1").chmod(0o700)
    (root / "2" / "config.json").chmod(0o600)
    (root / "2" / "annotations.jsonl").touch(mode=0o644)
    os.seteuid(65534)
    try:
        found = list(store.list())
        with pytest.raises(StoreError, match="Permission denied"):
            store.annotate(2, SAID)
        with pytest.raises(StoreError):
            store.delete(1)
    finally:
        os.seteuid(0)
    assert sound == [None, None] and [run.id for run in found] == [1, 2]
    assert all("Permission denied" in str(run.damage) for run in found)
    assert [run.name for run in found] == ["", "fed"]
