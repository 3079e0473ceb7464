"""Tests of ``sacred runs unpack``: from a store into an archive, and into another store."""

import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sacred_core.archives import ArchiveStore, pack
from sacred_core.cli.main import sacred
from sacred_core.exceptions import OptionError, StoreError
from sacred_core.provenance.sources import md5_of
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.transfer.verification import verify

Memories = dict[str, Memory]


def record(memory: Memory, folder: Path, number: int) -> EventDriver:
    """Record a run with files of all kinds."""
    source, data = folder / "train.py", folder / f"data-{number}"
    source.write_text("print()\n")
    data.write_text(f"content {number}\n" * 100)
    driver = EventDriver(MemoryObserver(memory))
    repository = {"url": None, "commit": "c0ffee", "dirty": True, "patch": "--- a\n+++ b\n"}
    info = {
        "name": "mnist", "base_dir": str(folder), "sources": [["train.py", md5_of(source)]],
        "dependencies": ["numpy==2"], "repositories": [repository],
    }  # fmt: skip
    driver.start(config={"lr": number / 10}, ex_info=info, meta_info={"uid": f"{number:032x}"})
    driver.log("loss", [1.5, float("nan"), 0.25])
    driver.print("printed ä\n")
    driver.beat(info={"x": [1]})
    driver.artifact("../odd", str(data), metadata={"a": 1})
    driver.resource(str(data))
    driver.annotate("a note", added=["good"])
    return driver


@pytest.fixture
def archive(memories: Memories, tmp_path: Path) -> str:
    """The path of an archive of three runs of the store ``a``."""
    for number in (1, 2, 3):
        driver = record(memories["a"], tmp_path, number)
        if number == 2:
            driver.fail()
        else:
            driver.complete(result=number)
    store = MemoryStore(memories["a"])
    pack(store, store.list(), tmp_path / "runs.zip")
    return str(tmp_path / "runs.zip")


def unpack(*args: str) -> Result:
    return CliRunner().invoke(sacred, ["runs", "unpack", *args])


def test_the_runs_of_an_archive_are_those_of_the_store(archive: str, memories: Memories) -> None:
    """Archive, source and target are equal, with all contents; a second time nothing is sent."""
    result = unpack(archive, "b")
    assert (result.exit_code, result.stderr) == (0, "")
    *lines, total = result.stdout.splitlines()
    assert total == "3 runs: 3 copied." and lines[0].startswith("Run 1: copied (3 points, ")
    one, other = MemoryStore(memories["a"]), MemoryStore(memories["b"])
    for store in (one, ArchiveStore(archive)):
        comparisons = [*verify(store, other, reads_files=True)]
        assert [each.state for each in comparisons] == ["equal"] * 3, comparisons
    again = unpack(archive, "b")
    assert (again.exit_code, again.stdout) == (0, "3 runs: 3 complete already.\n")


def test_runs_are_selected(archive: str, memories: Memories) -> None:
    """By ids, ranges and queries."""
    assert unpack(archive, "b", "2-3").exit_code == 0
    assert {*memories["b"].runs} == {2, 3}
    assert unpack(archive, "b", "-w", "config.lr < 0.15").exit_code == 0
    assert {*memories["b"].runs} == {1, 2, 3}
    assert isinstance(unpack(archive, "b", "9").exception, StoreError)
    both = unpack(archive, "b", "1", "-w", "id = 1")
    assert both.exit_code == 2 and "either by their ids or by --where" in both.stderr


def test_ids_that_are_taken_are_shown(archive: str, memories: Memories, tmp_path: Path) -> None:
    """The run has another id there, and the same uid."""
    record(memories["b"], tmp_path, 9).complete()
    lines = unpack(archive, "b").stdout.splitlines()
    assert [line.partition(": copied")[0] for line in lines[:3]] == [
        "Run 1 → 2",
        "Run 2 → 3",
        "Run 3 → 4",
    ]
    uids = {run.uid: run.id for run in MemoryStore(memories["b"]).list()}
    assert uids[f"{9:032x}"] == 1 and uids[f"{1:032x}"] != 1 and len(uids) == 4


def test_nothing_of_a_damaged_run_is_stored(archive: str, memories: Memories) -> None:
    """The others are stored; the message names the entry, and the exit code is 1."""
    store = ArchiveStore(archive)
    name = store.require(2).described["files"]["artifact"]["../odd"]
    store.close()
    with zipfile.ZipFile(archive) as file:
        entries = {each: file.read(each) for each in file.namelist()}
    entries[f"contents/{name}"] = entries[f"contents/{name}"].swapcase()
    with zipfile.ZipFile(archive, "w") as file:
        for each, content in entries.items():
            file.writestr(each, content)
    result = unpack(archive, "b")
    assert result.exit_code == 1
    assert {*memories["b"].runs} == {1, 3}
    (line,) = (each for each in result.stdout.splitlines() if each.startswith("Run 2"))
    assert line.startswith("Run 2: not copied: ") and f"contents/{name}" in line
    assert "is damaged: its SHA-256 digest is " in line
    assert result.stderr == "Not copied: 1 run; see above.\n"


def test_a_dry_run_stores_nothing(archive: str, memories: Memories) -> None:
    """It shows what would be stored."""
    result = unpack(archive, "b", "--dry-run")
    assert result.exit_code == 0 and "Run 1: would be copied" in result.stdout
    assert memories["b"].runs == {}


def test_json_has_an_object_for_each_run(archive: str) -> None:
    """As `sacred runs copy` prints them."""
    lines = unpack(archive, "b", "1-2", "--json").stdout.splitlines()
    found = [json.loads(line) for line in lines]
    assert [(each["source_id"], each["state"]) for each in found] == [(1, "copied"), (2, "copied")]


def test_only_an_archive_can_be_unpacked(tmp_path: Path, memories: Memories) -> None:
    """A file of another kind, a folder and a missing file are errors with the path."""
    (tmp_path / "text").write_text("text")
    for name in ("text", "missing", ""):
        error = unpack(str(tmp_path / name), "b").exception
        assert isinstance(error, StoreError) and str(tmp_path) in str(error)
    error = unpack("sqlite:///runs.db", "b").exception
    assert isinstance(error, (StoreError, OptionError, ValueError))
    assert "sqlite:///runs.db" in str(error)


def test_an_archive_is_not_a_target(archive: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can only be read."""
    monkeypatch.undo()
    copied = Path(archive).with_name("other.zip")
    copied.write_bytes(Path(archive).read_bytes())
    result = CliRunner().invoke(sacred, ["runs", "copy", archive, str(copied)])
    assert isinstance(result.exception, StoreError)
    assert "can only be read: choose another target" in str(result.exception)
    assert copied.read_bytes() == Path(archive).read_bytes()
