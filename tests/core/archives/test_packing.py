"""Tests of writing archives: what is in them, and what is left of them after a failure."""

import hashlib
import io
import json
import os
import resource
import shutil
import string
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

import attrs
import pytest

from sacred_core.archives import ArchiveStore, pack
from sacred_core.archives.layout import folder_names
from sacred_core.exceptions import DamagedRecordError, StoreError, UnavailableError
from sacred_core.stores.curves import Ranges
from sacred_core.stores.summaries import MetricSummary, summarize_blocks
from sacred_core.stores.times import TimeColumn
from sacred_core.stores.writers import part_meta
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.testing.event_driver import START
from sacred_core.transfer.copying import copy_runs
from sacred_core.transfer.known_runs import Target
from sacred_core.transfer.verification import verify


def manifest_of(path: Path) -> Any:
    with zipfile.ZipFile(path) as file:
        return json.loads(file.read("manifest.json"))


def test_the_same_runs_are_the_same_bytes(
    store: MemoryStore, archive: Path, tmp_path: Path
) -> None:
    """Whatever the order in which they are passed."""
    again = tmp_path / "again.zip"
    pack(store, reversed([*store.list()]), again)
    assert again.read_bytes() == archive.read_bytes()


def test_each_content_is_in_the_archive_once(archive: Path) -> None:
    """Three runs have 17 files of equal content each, and one content for each of them."""
    with zipfile.ZipFile(archive) as file:
        names = file.namelist()
        contents = [name for name in names if name.startswith("contents/")]
        for name in contents:
            assert hashlib.sha256(file.read(name)).hexdigest() == name.partition("/")[2]
    manifest = manifest_of(archive)
    assert len(contents) == 19 == len(set(contents)) == manifest["counts"]["contents"]
    assert {f"contents/{digest}" for digest in manifest["contents"]} == set(contents)
    assert manifest["counts"] == {"runs": 3, "contents": 19, "problems": 0}
    assert (manifest["format"], manifest["version"]) == ("archive of runs of sacred-core", 1)


def test_no_entry_leaves_the_folder_on_extraction(archive: Path, tmp_path: Path) -> None:
    """Names of entries are safe on every file system, and differ in more than case."""
    with zipfile.ZipFile(archive) as file:
        names = file.namelist()
        file.extractall(tmp_path / "target")
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        assert all(part.strip(".") for part in name.split("/")), name
        assert set(name) <= {*string.ascii_letters, *string.digits, *"._-/ "}
    found = [path for path in (tmp_path / "target").rglob("*") if path.is_file()]
    assert len(found) == len(names)
    assert not list(tmp_path.glob("escaped*"))


def test_entries_have_one_time_and_mode(archive: Path) -> None:
    """Those that ZIP files can have at least, readable by all."""
    with zipfile.ZipFile(archive) as file:
        infos = file.infolist()
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {info.external_attr >> 16 for info in infos} == {0o644}
    assert [info.filename for info in infos[:2]] == ["README.txt", "read_runs.py"]
    assert infos[-1].filename == "manifest.json"


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([1, 20, "a b"], ["1", "20", "a b"]),
        (["Run", "run"], ["Run", "run-acba25512100f80b"]),
        (["../x", "a/b"], ["x-", "a-b-"]),
        ([-1, "con", "x.", "", "ü", "y" * 300, "\ud800"],
         ["1-", "con-", "x-", "run-", "run-", "y" * 40 + "-", "run-"]),
        (["a" * 40 + "B", "a" * 40 + "b", "a" * 40 + "b-c3dbf0eef0b4fcd5"],
         ["a" * 40 + "B", "a" * 40 + "-", "a" * 40 + "b-c"]),
    ],
)  # fmt: skip
def test_folders_are_named_by_ids(ids: list[int | str], expected: list[str]) -> None:
    """An id that every file system accepts is the name; else its characters and a digest."""
    names = folder_names(ids)
    assert [*names] == ids
    assert len({name.casefold() for name in names.values()}) == len(ids)
    for name, start in zip(names.values(), expected, strict=True):
        assert name.startswith(start), name
        assert not start.endswith("-") or len(name) == len(start) + 16, name


def test_names_that_collide_get_a_number() -> None:
    """If an id is the name that another one would have."""
    taken = folder_names(["A", "a"])["a"]
    names = [*folder_names(["A", taken, "a"]).values()]
    assert names == ["A", taken, f"{taken}-2"]


def test_what_does_not_compress_is_stored(tmp_path: Path) -> None:
    """Random bytes are not compressed, text is; both are read back."""
    memory, path = Memory(), tmp_path / "artifact"
    driver = EventDriver(MemoryObserver(memory))
    driver.start()
    contents = {"random": os.urandom(200_000), "text": b"text" * 100_000, "empty": b""}
    for name, content in contents.items():
        path.write_bytes(content)
        driver.artifact(name, str(path))
    driver.complete()
    pack(MemoryStore(memory), MemoryStore(memory).list(), tmp_path / "runs.zip")
    with zipfile.ZipFile(tmp_path / "runs.zip") as file:
        infos = {info.file_size: info for info in file.infolist()}
    assert infos[200_000].compress_type == zipfile.ZIP_STORED
    assert infos[400_000].compress_size < 5000
    store = ArchiveStore(tmp_path / "runs.zip")
    for name, content in contents.items():
        with store.open_file(1, "artifact", name) as found:
            assert found.read() == content


def test_large_entries_use_zip64(
    store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sizes and positions beyond the limit of ZIP have extra fields, which are read."""
    monkeypatch.setattr("zipfile.ZIP64_LIMIT", 2000)
    pack(store, store.list(), tmp_path / "runs.zip")
    monkeypatch.undo()
    assert b"PK\x06\x06" in (tmp_path / "runs.zip").read_bytes()
    assert ArchiveStore(tmp_path / "runs.zip").output(1) == store.output(1)


class Incomplete(MemoryStore):
    """A store in which parts of runs are missing or damaged."""

    def get_file(self, record: Any, kind: str, name: str) -> BinaryIO | None:
        found = super().get_file(record, kind, name)
        if (record.run.id, name) == (1, "model.bin"):
            return None
        if (record.run.id, name) == (2, "a/b"):
            return io.BytesIO(b"another content")
        return _Broken() if (record.run.id, name) == (2, "A/B") else found

    def read_output(self, record: Any) -> str:
        if record.run.id == 2:
            raise ValueError("torn")
        return super().read_output(record)

    def read_points(self, record: Any) -> Any:
        if record.run.id == 2:
            raise DamagedRecordError("the points are torn")
        return super().read_points(record)


class _Broken(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise ConnectionResetError("reset")


def test_what_is_missing_is_listed(memory: Memory, tmp_path: Path) -> None:
    """In the result and in the manifest; the rest of each run is in the archive."""
    for own in memory.runs.values():
        own.run.files.clear()  # with digests, contents of other runs would be used
    source = Incomplete(memory)
    packed = pack(source, source.list(), tmp_path / "runs.zip")
    found = {
        run_id: [(each["kind"], each["name"]) for each in own]
        for run_id, own in packed.problems.items()
    }
    assert found == {
        1: [("artifact", "model.bin")],
        2: [("artifact", "A/B"), ("output", ""), ("metrics", "")],
    }
    assert packed.problems[1][0]["reason"] == "run '1' has no artifact 'model.bin'"
    assert "reset" in packed.problems[2][0]["reason"]
    manifest = manifest_of(tmp_path / "runs.zip")
    assert [entry["problems"] for entry in manifest["runs"]] == [*packed.problems.values(), []]
    assert manifest["counts"]["problems"] == 4
    store = ArchiveStore(tmp_path / "runs.zip")
    assert "model.bin" in store.get(1).artifacts and store.get(2).status == "FAILED"
    with pytest.raises(StoreError, match=r"run '1' has no artifact 'model.bin'"):
        store.open_file(1, "artifact", "model.bin")
    with pytest.raises(DamagedRecordError, match=r"not in the archive: .*torn"):
        store.output(2)
    with pytest.raises(DamagedRecordError, match=r"not in the archive: the points are torn"):
        store.metrics(2)
    with store.open_file(2, "artifact", "a/b") as file:
        assert file.read() == b"another content"


def test_a_content_that_differs_from_its_digest_is_reported(memory: Memory, tmp_path: Path) -> None:
    """It is in the archive, with its own digest."""
    memory.runs[1].files["artifact", "a/b"] = b"changed"
    source = MemoryStore(memory)
    packed = pack(source, [source.get(1)], tmp_path / "runs.zip")
    ((run_id, [problem]),) = packed.problems.items()
    md5 = hashlib.md5(b"changed").hexdigest()
    assert (run_id, problem["name"]) == (1, "a/b")
    assert f"has the MD5 digest {md5}, not " in problem["reason"]
    store = ArchiveStore(tmp_path / "runs.zip")
    assert store.get(1).artifact_info["a/b"].md5 == md5
    with store.open_file(1, "artifact", "a/b") as file:
        assert file.read() == b"changed"


def test_a_damaged_record_stays_damaged(memory: Memory, tmp_path: Path) -> None:
    """Its reason is in the archive; what can be read is there."""
    source = MemoryStore(memory)
    memory.runs[1].run.host = ["not", "a", "dictionary"]  # type: ignore[assignment]
    packed = pack(source, source.list(), tmp_path / "runs.zip")
    assert [each["kind"] for each in packed.problems[1]] == ["record"]
    run = ArchiveStore(tmp_path / "runs.zip").get(1)
    assert run.status == "DAMAGED" and "host" in str(run.damage) and run.config["seed"] == 1
    assert ArchiveStore(tmp_path / "runs.zip").get(2).status == "FAILED"


class Unavailable(MemoryStore):
    """A store whose connection is lost in the middle."""

    def read_output(self, record: Any) -> str:
        raise UnavailableError("connection lost")


@pytest.mark.parametrize("had_one", [False, True])
def test_a_lost_connection_leaves_no_archive(memory: Memory, tmp_path: Path, had_one: bool) -> None:
    """It is raised; there is no new file, and an old one is unchanged."""
    folder = tmp_path / "new"
    folder.mkdir()
    if had_one:
        (folder / "runs.zip").write_bytes(b"old")
    source = Unavailable(memory)
    with pytest.raises(UnavailableError):
        pack(source, source.list(), folder / "runs.zip")
    assert [path.read_bytes() for path in folder.iterdir()] == [b"old"] * had_one


def test_an_interruption_leaves_no_archive(store: MemoryStore, tmp_path: Path) -> None:
    """Ctrl-C in the middle of a content is raised."""
    folder = tmp_path / "new"
    folder.mkdir()

    class Interrupted(MemoryStore):
        def get_file(self, record: Any, kind: str, name: str) -> BinaryIO | None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack(Interrupted(store.memory), store.list(), folder / "runs.zip")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("size", [1000, 10_000, 100_000, 205_000])
def test_a_full_disk_leaves_no_archive(memory: Memory, tmp_path: Path, size: int) -> None:
    """Wherever the limit is, `OSError` is raised and no file is left."""
    folder, path = tmp_path / "new", tmp_path / "artifact"
    folder.mkdir()
    driver = EventDriver(MemoryObserver(memory))
    driver.start()
    path.write_bytes(os.urandom(200_000))
    driver.artifact("random", str(path))
    driver.complete()
    source, before = MemoryStore(memory), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            pack(source, source.list(), folder / "runs.zip")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(folder.iterdir()) == []


def test_a_running_run_is_packed_as_it_is(
    record: Callable[..., EventDriver], tmp_path: Path
) -> None:
    """With what was stored of it until then, and again when it ended."""
    memory = Memory()
    driver = record(memory)
    source = MemoryStore(memory)
    pack(source, source.list(), tmp_path / "one.zip")
    run = ArchiveStore(tmp_path / "one.zip").get(1)
    assert (run.recorded_status, run.stop_time, run.config["seed"]) == ("RUNNING", None, 1)
    driver.queue()
    pack(source, source.list(), tmp_path / "two.zip")
    queued = ArchiveStore(tmp_path / "two.zip").get(2)
    assert (queued.status, queued.queue_time) == ("QUEUED", source.get(2).queue_time)


class Points:
    """The points of one metric, which are computed: a store that reads ranges of them."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.largest = 0

    def summaries(
        self, run_id: Any, names: Iterable[str] | None = None
    ) -> dict[str, list[MetricSummary]]:
        steps = range(self.count)
        return {"loss": [*summarize_blocks(steps, steps)]}

    def points(self, run_id: Any, ranges: Ranges) -> dict[str, dict[str, Any]]:
        ((start, stop),) = ranges.values()
        assert stop is not None
        self.largest = max(self.largest, stop - start)
        steps = [*range(start, stop)]
        times = TimeColumn(len(steps), lambda: [START] * len(steps), lambda time: time)
        return {"loss": {"steps": steps, "values": steps, "timestamps": times}}


def test_a_part_of_many_points_is_in_memory(tmp_path: Path) -> None:
    """Of a store that reads ranges, no more than 50,000 points are read at a time."""
    memory = Memory()
    EventDriver(MemoryObserver(memory)).start()

    class Many(Points, MemoryStore):
        def __init__(self) -> None:
            MemoryStore.__init__(self, memory)
            Points.__init__(self, 120_000)

    source = Many()
    pack(source, source.list(), tmp_path / "runs.zip")
    assert source.largest == 50_000
    store = ArchiveStore(tmp_path / "runs.zip")
    assert [each.stop for each in store.summaries(1)["loss"]] == [*range(1000, 120_001, 1000)]
    found = store.points(1, {"loss": (119_998, None)})
    assert list(found["loss"]["values"]) == [119_998, 119_999]


@pytest.mark.skipif(not shutil.which("mount") or os.geteuid() != 0, reason="needs a root user")
def test_a_small_disk_is_full(store: MemoryStore, tmp_path: Path) -> None:
    """On a disk of 100 kB there is an error, and nothing is left on it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("cannot mount")
    try:
        with pytest.raises(OSError, match="No space left on device"):
            pack(store, store.list(), disk / "runs.zip")
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_importing_the_core_does_not_import_archives() -> None:
    """A script that records a run imports nothing of this."""
    code = "import sys, sacred_core.experiment; print([m for m in sys.modules if 'archives' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_repository_without_a_patch_is_as_recorded(
    record: Callable[..., EventDriver], tmp_path: Path
) -> None:
    """Sacred records no uncommitted changes, and a record may contain anything."""
    dirty = {"url": None, "commit": "c0ffee", "dirty": True}
    memory = Memory()
    record(memory, ex_info={"name": "x", "repositories": ["odd", dirty, None]}).complete()
    packed = pack(MemoryStore(memory), MemoryStore(memory).list(), tmp_path / "runs.zip")
    run = ArchiveStore(tmp_path / "runs.zip").get(1)
    assert packed.problems == {} and run.experiment["repositories"] == ["odd", dirty, None]
    assert "sources" not in run.experiment


def test_known_contents_are_not_read_again(memory: Memory, tmp_path: Path) -> None:
    """By their recorded digest and size; another size is not the same content."""
    opened: list[str] = []

    class Counting(MemoryStore):
        def get_file(self, record: Any, kind: str, name: str) -> BinaryIO | None:
            opened.append(name)
            return super().get_file(record, kind, name)

    source = Counting(memory)
    pack(source, source.list(), tmp_path / "one.zip")
    assert len(opened) == 18  # and a patch, which is in the record
    files = memory.runs[2].run.files["artifact"]
    files["a/b"] = attrs.evolve(files["a/b"], size=1)
    opened.clear()
    packed = pack(source, source.list(), tmp_path / "two.zip")
    assert opened.count("a/b") == 2 and len(opened) == 19 and packed.problems == {}
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


@pytest.mark.parametrize(
    ("counts", "calls"),
    [
        ({"a": 10, "b": 0, "c": 49_990}, [["a", "b", "c"]]),
        ({"a": 10, "b": 49_991}, [["a"], ["b"]]),
        ({"a": 50_001, "b": 1}, [["a"], ["a", "b"]]),
        ({}, []),
    ],
)
def test_metrics_are_read_together(
    tmp_path: Path, counts: dict[str, int], calls: list[list[str]]
) -> None:
    """As far as they have no more than 50,000 points."""
    memory, found = Memory(), []
    EventDriver(MemoryObserver(memory)).start()

    class Recording(MemoryStore):
        def summaries(self, run_id: Any, names: Any = None) -> dict[str, list[MetricSummary]]:
            return {name: [*summarize_blocks(range(n), range(n))] for name, n in counts.items()}

        def points(self, run_id: Any, ranges: Ranges) -> dict[str, dict[str, Any]]:
            found.append([*ranges])
            return {
                name: {
                    "steps": [*range(start, stop or 0)],
                    "values": [*range(start, stop or 0)],
                    "timestamps": [START] * ((stop or 0) - start),
                }
                for name, (start, stop) in ranges.items()
            }

    source = Recording(memory)
    pack(source, source.list(), tmp_path / "runs.zip")
    assert found == calls
    metrics = ArchiveStore(tmp_path / "runs.zip").metrics(1)
    assert {name: len(own["values"]) for name, own in metrics.items()} == counts


def test_reasons_have_no_secrets(memory: Memory, tmp_path: Path) -> None:
    """What a store raises may have a URL with a password in it; the archive has not."""

    class Broken(MemoryStore):
        def read_output(self, record: Any) -> str:
            raise StoreError("cannot read postgresql://ann:hunter27@host/runs")

    source = Broken(memory)
    packed = pack(source, [source.get(1)], tmp_path / "runs.zip")
    (problem,) = packed.problems[1]
    assert problem["reason"].startswith("cannot read postgresql://ann:")
    with zipfile.ZipFile(tmp_path / "runs.zip") as file:
        assert all(b"hunter27" not in file.read(name) for name in file.namelist())


def test_writers_of_a_run_are_packed_with_it(tmp_path: Path) -> None:
    """Points, output and files of writers are read from the archive, and unpacked by a copy."""
    made = tmp_path / "made"
    made.write_bytes(b"by a writer")
    observer = MemoryObserver(Memory())
    driver = EventDriver(observer)
    uid = "0123456789abcdef0123456789abcdef"
    driver.start(meta_info={"uid": uid})
    source: MemoryStore = observer.open_store()
    for name in ("rank1", "a/b"):
        part = EventDriver(source.writer_observer(1))
        part.start(meta_info=part_meta(uid, name))
        part.log("loss", [1.0, 2.0])
        part.print(f"of {name}\n")
        part.artifact("made", str(made))
        part.complete()
    driver.complete()
    path = tmp_path / "runs.zip"
    pack(source, source.list(), path)
    store = ArchiveStore(path)
    assert list(store.writers(1)) == ["a/b", "rank1"]
    assert store.metrics(1)["loss@a/b"]["values"] == [1.0, 2.0]
    assert store.output(1, writer="rank1") == "of rank1\n"
    parts: Any = store.writer_store(1)
    assert parts.open_file("rank1", "artifact", "made").read() == b"by a writer"
    (result,) = verify(source, store)
    assert result.state == "equal", result
    target = MemoryStore(Memory())
    (copied,) = copy_runs(store, Target(target))
    (again,) = verify(target, store)
    assert copied.is_complete and again.state == "equal"
    with pytest.raises(StoreError, match="has no writer 'rank9': it has a/b, rank1"):
        store.output(1, writer="rank9")


def test_a_run_without_writers_is_packed_as_before(archive: Path) -> None:
    """The manifest has no entries of parts."""
    assert not any("parts" in entry for entry in manifest_of(archive)["runs"])
    assert ArchiveStore(archive).writer_store(1) is None
