"""Tests of archives of runs in folders, from the command line."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sacred_file import FileStorageObserver
from sacred_file.store import FileStore

from sacred_core.archives import ArchiveStore
from sacred_core.cli.main import sacred
from sacred_core.stores import open_store
from sacred_core.testing import EventDriver
from sacred_core.transfer.verification import verify

#: Runs that Sacred 0.8.7 recorded.
SACRED = Path(__file__).parent / "data" / "sacred_0_8_7"


def run(*args: str) -> Result:
    return CliRunner().invoke(sacred, ["runs", *args])


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with three runs, in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").write_text("content")
    (tmp_path / "read").write_text("another content")
    for number in range(3):
        driver = EventDriver(FileStorageObserver("runs"))
        driver.start(config={"lr": number / 10}, meta_info={"uid": f"{number:032x}"})
        driver.log("loss", [1.0, float("inf"), number])
        driver.print("printed\n")
        driver.artifact("in/data", "data")
        driver.artifact("../data", "data")
        driver.resource("read")
        driver.annotate("a note", added=["good"])
        driver.beat()
        driver.complete(result=number)
    return tmp_path / "runs"


def test_runs_go_through_an_archive(runs: Path) -> None:
    """Packed and unpacked they are equal, by their contents, and have the same ids."""
    assert run("pack", "runs", "--all", "-o", "runs.zip").exit_code == 0
    result = run("unpack", "runs.zip", "again")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "3 runs: 3 copied.")
    again = FileStore("again")
    for store in (FileStore(runs), ArchiveStore("runs.zip")):
        assert [each.state for each in verify(store, again, reads_files=True)] == ["equal"] * 3
    assert again.ids() == [1, 2, 3]
    assert run("unpack", "-F", "again").exit_code == 2


def test_runs_that_went_through_an_archive_are_packed_the_same(runs: Path) -> None:
    """A second archive of the copies differs in nothing that is read."""
    run("pack", "runs", "2", "-o", "one.zip")
    run("unpack", "one.zip", "again")
    run("pack", "again", "2", "-o", "two.zip")
    assert [each.state for each in verify(ArchiveStore("one.zip"), ArchiveStore("two.zip"))] == [
        "equal"
    ]


def test_a_missing_resource_is_reported(runs: Path) -> None:
    """Packing has the exit code 1, and so has unpacking, for the part that is missing."""
    shutil.rmtree(runs / "_resources")
    result = run("pack", "runs", "1", "-o", "runs.zip")
    assert result.exit_code == 1
    first, second = result.stderr.splitlines()
    assert first == "Warning: run 1: resource 'read': run '1' has no resource 'read'"
    assert second.startswith("Warning: 1 part of 1 run could not be read")
    result = run("unpack", "runs.zip", "again")
    assert result.exit_code == 1 and "missing: " in result.stdout
    assert FileStore("again").get(1).status == "COMPLETED"


def test_archives_and_folders_are_told_apart(runs: Path) -> None:
    """A folder with the name of an archive is a folder; `open_store` opens both by their paths."""
    run("pack", "runs", "1", "-o", "runs.zip")
    assert isinstance(open_store("runs.zip"), ArchiveStore)
    assert isinstance(open_store("runs"), FileStore)
    runs.rename("folder.zip")
    assert isinstance(open_store("folder.zip"), FileStore)
    assert run("list", "runs.zip", "-c", "id", "--csv").stdout == "id\n1\n"
    listed = run("list", "-r", ".", "-c", "id", "--csv").stdout.splitlines()
    assert listed == ["id", "folder.zip/1", "folder.zip/2", "folder.zip/3", "runs.zip/1"]


def test_runs_of_sacred_are_packed(tmp_path: Path) -> None:
    """They are equal in the archive, with the same uid."""
    source = FileStore(SACRED)
    run("pack", str(SACRED), "--all", "-o", str(tmp_path / "runs.zip"))
    archive = ArchiveStore(tmp_path / "runs.zip")
    assert archive.count() == source.count() > 3
    found = {comparison.a: comparison for comparison in verify(source, archive)}
    assert {each.state for each in found.values()} == {"equal"}
    for run_id in source.ids():
        assert archive.get(run_id).uid == source.get(run_id).uid
