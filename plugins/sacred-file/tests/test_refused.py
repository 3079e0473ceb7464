"""Tests of `sacred runs` where the system refuses: one sentence, and nothing is changed."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sacred_file import FileStorageObserver, FileStore

from sacred_core.cli.main import sacred
from sacred_core.exceptions import SacredError
from sacred_core.stores import open_store
from sacred_core.testing.event_driver import record_completed_run

COMMANDS = {
    "list": [],
    "show": [],
    "watch": [],
    "get": ["1", "made", "-o", "-"],
    "export": ["--to", "out.csv"],
    "tag": ["1", "x"],
    "note": ["1", "x"],
    "delete": ["1-2", "--yes"],
}
as_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="changes the user")


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a run in the working directory; all commands are imported."""
    monkeypatch.chdir(tmp_path)
    record_completed_run(FileStorageObserver("my_runs"))
    for command, words in COMMANDS.items():
        invoke(command, "my_runs", *words)
    record_completed_run(FileStorageObserver("my_runs"))
    (tmp_path / "out.csv").unlink()
    for path in [tmp_path, *tmp_path.parents][:-2]:
        path.chmod(0o755)
    return tmp_path / "my_runs"


def invoke(command: str, *words: str) -> Result:
    return CliRunner().invoke(sacred, ["runs", command, *words])


def set_modes(folder: Path, of_folders: int, of_files: int) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod(of_folders if path.is_dir() else of_files)


@contextmanager
def other_user() -> Iterator[None]:
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def assert_refused(result: Result, *parts: str) -> None:
    assert result.exit_code == 1 and isinstance(result.exception, SacredError), result
    message = str(result.exception)
    assert "\n" not in message and all(part in message for part in parts), message


@as_root
@pytest.mark.parametrize("command", ["tag", "note", "delete"])
def test_a_folder_that_is_read_only(runs: Path, command: str) -> None:
    """Changes are refused with the path, and the runs are as before."""
    set_modes(runs, 0o555, 0o444)
    (run_id,) = (run.id for run in FileStore(runs).list())
    words = [str(run_id), *COMMANDS[command][1:]]
    with other_user():
        assert_refused(invoke(command, "my_runs", *words), "Permission denied", "my_runs")
    (run,) = FileStore(runs).list()
    assert run.damage is None and not run.tags and not run.notes


@as_root
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("location", ["my_runs", "-F my_runs", "file://my_runs"])
def test_a_folder_that_is_unreadable(runs: Path, command: str, location: str) -> None:
    """Each command names the folder."""
    runs.chmod(0)
    with other_user():
        result = invoke(command, *location.split(), *COMMANDS[command])
    assert_refused(result, "Permission denied", "my_runs")


@as_root
def test_an_unreadable_folder_with_recursive(runs: Path) -> None:
    """It is not said to have no runs."""
    runs.chmod(0)
    with other_user():
        assert_refused(invoke("list", "my_runs", "-r"), "cannot read 'my_runs': Permission denied")


@contextmanager
def full_disk() -> Iterator[None]:
    """No file can grow: every write fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    ("command", "words"),
    [("tag", ["x"]), ("note", ["x"])],
)
def test_a_full_disk(runs: Path, command: str, words: list[str]) -> None:
    """An annotation that cannot be written is an error, and the record stays readable."""
    (run_id,) = (run.id for run in FileStore(runs).list())
    with full_disk():
        result = invoke(command, "my_runs", str(run_id), *words)
    assert_refused(result, "annotations.jsonl", "File too large")
    (run,) = FileStore(runs).list()
    assert run.damage is None and not run.tags and not run.notes


@pytest.mark.parametrize(
    ("command", "words"), [("export", ["--to", "out.csv"]), ("get", ["made", "-o", "copy"])]
)
def test_a_file_on_a_full_disk(runs: Path, command: str, words: list[str]) -> None:
    """The file that cannot be written is named, and no part of it is left."""
    Path("made").write_text("content")
    run_id = _run_with_file(Path("made"))
    with full_disk():
        ids = [] if command == "export" else [str(run_id)]
        result = invoke(command, "my_runs", *ids, *words)
    assert_refused(result, f"cannot write {words[-1]!r}: File too large")
    assert not Path(words[-1]).exists()


def _run_with_file(path: Path) -> Any:
    from sacred_core.testing import EventDriver

    driver = EventDriver(FileStorageObserver("my_runs"))
    run_id = driver.start()
    driver.artifact("made", str(path))
    driver.complete()
    return run_id


def test_the_location_that_a_run_shows_is_short(runs: Path, tmp_path: Path) -> None:
    """It is relative in the working directory, and stays right if a script changes that."""
    observer = FileStorageObserver(runs)
    assert observer.display_location == "my_runs"
    assert open_store(observer.display_location).list()
    assert FileStorageObserver(tmp_path.parent).display_location == str(tmp_path.parent)
    assert FileStorageObserver("-x").display_location == "./-x"
