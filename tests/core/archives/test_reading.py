"""Tests of archives that are damaged, hostile or of a newer version."""

import json
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sacred_core.archives import ArchiveStore
from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.stores import open_store


def rewrite(archive: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """Write the entries of an archive again after a change, and return the new archive."""
    with zipfile.ZipFile(archive) as file:
        entries = {name: file.read(name) for name in file.namelist()}
    change(entries)
    target = archive.with_name("changed.zip")
    with zipfile.ZipFile(target, "w") as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return target


def change_manifest(archive: Path, change: Callable[[Any], object]) -> Path:
    """Rewrite an archive with another manifest."""

    def apply(entries: dict[str, bytes]) -> None:
        manifest = json.loads(entries["manifest.json"])
        manifest = change(manifest) or manifest
        entries["manifest.json"] = json.dumps(manifest).encode()

    return rewrite(archive, apply)


def test_a_newer_format_is_refused(archive: Path) -> None:
    """The message has both versions and what to do."""
    newer = change_manifest(archive, lambda manifest: manifest.update(version=2))
    match = r"has the format version 2, .* reads versions up to 1: update sacred-core"
    with pytest.raises(StoreError, match=match):
        ArchiveStore(newer)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda m: m.update(format="x"), r"is not an archive of runs: .*another program"),
        (lambda m: [m], r"is not an archive of runs: .*another program"),
        (lambda m: m.update(version="1"), r"'manifest.json' in .* is damaged"),
        (lambda m: m.update(runs={}), r"'manifest.json' in .* is damaged"),
        (lambda m: m.update(contents=[]), r"'manifest.json' in .* is damaged"),
        (lambda m: m.update(runs=[1]), r"'manifest.json' in .* is damaged"),
        (lambda m: m.update(runs=[{"id": None}]), r"'manifest.json' in .* is damaged"),
        (lambda m: m.update(runs=m["runs"][:1] * 2), r"'manifest.json' in .* is damaged"),
    ],
)
def test_another_manifest_is_refused(
    archive: Path, change: Callable[[Any], object], match: str
) -> None:
    """What is not a manifest, or names no runs."""
    with pytest.raises(StoreError, match=match):
        ArchiveStore(change_manifest(archive, change))


def test_a_manifest_that_is_missing_or_no_json_is_refused(archive: Path) -> None:
    """Each has its own message."""
    missing = rewrite(archive, lambda entries: entries.pop("manifest.json"))
    with pytest.raises(StoreError, match=r"is not an archive of runs: it has no manifest.json"):
        ArchiveStore(missing)
    torn = rewrite(archive, lambda entries: entries.update({"manifest.json": b"{"}))
    with pytest.raises(DamagedRecordError, match=r"'manifest.json' in .* cannot be read"):
        ArchiveStore(torn)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_truncated_archive_is_refused(archive: Path, part: float) -> None:
    """By the store and by `open_store`, with one sentence that names the file."""
    data = archive.read_bytes()
    archive.write_bytes(data[: int(len(data) * part)])
    for opener in (ArchiveStore, open_store):
        with pytest.raises(StoreError, match=r"runs.zip' is not a complete .*: its end is missing"):
            opener(archive)


def test_what_is_not_a_zip_file_is_refused(tmp_path: Path) -> None:
    """A text, a folder and a file that does not exist."""
    (tmp_path / "text").write_text("text")
    for name, reason in (
        ("text", "is not a complete archive of runs: it is not a ZIP file"),
        ("missing", "No such file or directory"),
        ("", "Is a directory"),
    ):
        with pytest.raises(StoreError, match=f"{re.escape(str(tmp_path))}.*{reason}"):
            ArchiveStore(tmp_path / name)


def flip(archive: Path, name: str) -> None:
    """Change one bit of the content of an entry in the file."""
    with zipfile.ZipFile(archive) as file:
        info = file.getinfo(name)
    data = bytearray(archive.read_bytes())
    lengths = struct.unpack_from("<HH", data, info.header_offset + 26)
    data[info.header_offset + 30 + sum(lengths) + info.compress_size // 2] ^= 4
    archive.write_bytes(data)


def entry_of(store: ArchiveStore, kind: str, name: str) -> str:
    """Return the entry of the content of a file of run 1."""
    return f"contents/{store.require(1).described['files'][kind][name]}"


@pytest.mark.parametrize("part", ["cout.txt", "metrics.json", "run.json", "artifact"])
def test_a_changed_bit_is_found(archive: Path, part: str) -> None:
    """What has it is not read; the other parts and runs are."""
    name = f"runs/1/{part}"
    if part == "artifact":
        name = entry_of(ArchiveStore(archive), "artifact", "model.bin")
    flip(archive, name)
    store = ArchiveStore(archive)
    with pytest.raises(DamagedRecordError):
        store.check_run(1)
    assert (store.get(1).status == "DAMAGED") == (part == "run.json")
    reads: dict[str, Callable[[], object]] = {
        "cout.txt": lambda: store.output(1),
        "metrics.json": lambda: store.metrics(1),
        "artifact": lambda: store.open_file(1, "artifact", "model.bin"),
    }
    for other, read in reads.items():
        if other == part:
            with pytest.raises(DamagedRecordError):
                read()
        else:
            read()
    if part != "artifact":  # which all runs have
        store.check_run(2)
        assert store.get(2).status == "FAILED"


def test_a_wrong_digest_is_found(archive: Path) -> None:
    """An entry that another program replaced, with a valid checksum, is not read."""
    original = ArchiveStore(archive)
    name = entry_of(original, "artifact", "model.bin")
    size = original.get(1).artifact_info["model.bin"].size
    assert size is not None

    def replace(content: bytes) -> ArchiveStore:
        return ArchiveStore(rewrite(archive, lambda entries: entries.update({name: content})))

    for content, match in ((b"x" * size, "its SHA-256 digest is"), (b"x", r"has 1 and not 1100")):
        store = replace(content)
        with pytest.raises(DamagedRecordError, match=match):
            store.open_file(1, "artifact", "model.bin")
        with pytest.raises(DamagedRecordError, match=match):
            store.check_run(1)
    store = ArchiveStore(rewrite(archive, lambda entries: entries.pop(name)))
    with pytest.raises(DamagedRecordError, match=r"is missing in .*changed.zip"):
        store.check_run(1)


def test_an_unchanged_archive_has_no_damage(archive: Path) -> None:
    """Every run is checked; one that does not exist is an error."""
    store = ArchiveStore(archive)
    for run_id in store.ids():
        store.check_run(run_id)
    with pytest.raises(StoreError, match="'7' not found"):
        store.check_run(7)


def test_a_run_with_another_entry_is_damaged(archive: Path) -> None:
    """Of the others nothing is lost."""

    def change(manifest: Any) -> None:
        manifest["runs"][0] = {"id": 1}
        manifest["runs"][1]["record"]["cout.txt"] = "x"
        manifest["runs"][2]["files"] = []

    store = ArchiveStore(change_manifest(archive, change))
    assert store.get(1).status == "DAMAGED"
    assert [run.status for run in store.list()] == ["DAMAGED", "FAILED", "TIMEOUT"]
    for read in (
        lambda: store.output(1),
        lambda: store.metrics(1),
        lambda: store.output(2),
        lambda: store.open_file("Grid run", "artifact", "a/b"),
        *(lambda run_id=run_id: store.check_run(run_id) for run_id in (1, 2, "Grid run")),
    ):
        with pytest.raises(DamagedRecordError):
            read()
    assert store.output("Grid run") == "printed ä\n"


def test_an_entry_of_a_run_leads_nowhere(archive: Path, tmp_path: Path) -> None:
    """A folder that leaves the archive is a missing entry."""
    (tmp_path / "run.json").write_text("{}")
    changed = change_manifest(archive, lambda m: m["runs"][0].update(folder=str(tmp_path)))
    run = ArchiveStore(changed).get(1)
    assert run.status == "DAMAGED" and "is missing in" in str(run.damage)


def test_entries_of_one_name_are_refused(archive: Path) -> None:
    """Programs differ in which of them they read."""
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(archive, "a") as file:
        file.writestr("runs/1/cout.txt", "x")
    with pytest.raises(StoreError, match=r"it has several entries of one name"):
        ArchiveStore(archive)


def test_overlapping_entries_are_refused(archive: Path) -> None:
    """As a ZIP bomb has them: a small file with many entries of one large content."""
    data = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as file:
        one, start = file.infolist()[2], file.start_dir
    position = start
    for _ in range(3):  # to the fourth entry of the directory, which gets the place of the third
        position = data.index(b"PK\x01\x02", position + 1)
    struct.pack_into("<I", data, position + 42, one.header_offset)
    archive.write_bytes(data)
    with pytest.raises(StoreError, match="overlap"):
        ArchiveStore(archive)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(tmp_path: Path, compression: int) -> None:
    """They can be millions of times as small as their content."""
    with zipfile.ZipFile(tmp_path / "runs.zip", "w", compression) as file:
        file.writestr("manifest.json", "{}")
    with pytest.raises(StoreError, match=r"'manifest.json' is encrypted or compressed in another"):
        ArchiveStore(tmp_path / "runs.zip")


def test_encrypted_entries_are_refused(archive: Path) -> None:
    """No password is asked for."""
    data = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as file:
        start = file.start_dir
    data[start + 8] |= 1
    archive.write_bytes(data)
    with pytest.raises(StoreError, match=r"'README.txt' is encrypted or compressed in another"):
        ArchiveStore(archive)


def test_records_of_any_size_are_refused(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read as a whole must fit into the memory; contents and points may be large."""
    store = ArchiveStore(archive)
    monkeypatch.setattr("sacred_core.archives.reading.LARGEST_RECORD", 100)
    with pytest.raises(DamagedRecordError, match=r"'manifest.json' .* is too large for a record"):
        ArchiveStore(archive)
    run = store.get(1)
    assert run.status == "DAMAGED" and "is too large for a record: " in str(run.damage)
    store.check_run(1)
    assert len(store.metrics(1)["loss"]["values"]) == 5


def test_large_entries_are_not_in_memory(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are copied into temporary files, which have the same content."""
    monkeypatch.setattr("sacred_core.archives.reading.LARGEST_IN_MEMORY", 100)
    store = ArchiveStore(archive)
    assert store.get(1).status == "COMPLETED"
    with store.open_file(1, "artifact", "a/b") as file:
        assert file.fileno() >= 0 and file.read(11) == b"content 04\n"
    store.close()


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="the system does not list descriptors")
def test_the_points_of_one_run_are_open(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their temporary files are closed when those of another run are read, and with the store."""
    monkeypatch.setattr("sacred_core.archives.reading.LARGEST_IN_MEMORY", 100)

    def count_open() -> int:
        return len([*Path("/dev/fd").iterdir()])

    before = count_open()
    store = ArchiveStore(archive)
    for run_id in store.ids():
        store.metrics(run_id)
        assert count_open() == before + 3  # with the archive
    store.close()
    assert count_open() == before


def test_archives_are_recognized(archive: Path, tmp_path: Path) -> None:
    """A truncated archive is one; other files, folders and missing files are not."""
    assert ArchiveStore.location_of(archive) == str(archive)
    truncated = tmp_path / "truncated"
    truncated.write_bytes(archive.read_bytes()[:100])
    assert ArchiveStore.location_of(truncated) == str(truncated)
    text = tmp_path / "x.zip"
    text.write_text("PK")
    torn = tmp_path / "y.zip"
    torn.write_bytes(b"PK\x03\x04" + b"x" * 100)
    for path in (text, torn, tmp_path, tmp_path / "missing.zip"):
        assert ArchiveStore.location_of(path) is None, path
    again = rewrite(archive, lambda entries: entries.pop("README.txt"))
    assert ArchiveStore.location_of(again) == str(again)
    assert ArchiveStore.location_of(again.rename(tmp_path / "again")) is None


def test_archives_in_a_folder_are_stores(archive: Path) -> None:
    """A recursive listing has their runs."""
    from sacred_core.stores.recursive import RecursiveStore

    ids = [run.id for run in RecursiveStore(str(archive.parent)).list()]
    assert sorted(map(str, ids)) == ["runs.zip/1", "runs.zip/2", "runs.zip/Grid run"]
