"""Tests of the checks of what a run would record."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sacred_core import SETTINGS
from sacred_core.doctor.recording import check_git, check_host, check_undelivered
from sacred_core.provenance.host import host_info_gatherers
from sacred_core.run.spools import SpoolEntry
from sacred_core.stores.unfinished import POSITIONS_FILE

from .conftest import problems


def _git(folder: Path, *words: str) -> None:
    user = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *user, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository without a commit, in which the process is."""
    monkeypatch.chdir(tmp_path)
    _git(tmp_path, "init")
    return tmp_path


def test_the_commit_is_found(repository: Path) -> None:
    """Before the first commit nothing would be recorded; changes are mentioned."""
    (repository / "a").write_text("1")
    [(level, message, fix)] = problems(check_git())
    assert level == "warning" and "is not recorded" in message and "git commit" in fix
    _git(repository, "add", ".")
    _git(repository, "commit", "-m", "first")
    [found] = check_git()
    assert found.message.startswith("commit ") and found.message.endswith(", without changes")
    (repository / "a").write_text("2")
    [found] = check_git()
    assert found.message.endswith(", with uncommitted changes")


def test_changes_that_are_too_large_are_found(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would not be stored; the fix names the setting."""
    (repository / "a").write_text("1")
    _git(repository, "add", ".")
    _git(repository, "commit", "-m", "first")
    (repository / "a").write_text("2" * 100)
    monkeypatch.setattr(SETTINGS.GIT, "PATCH_LIMIT", 50)
    [(_, message, fix)] = problems(check_git())
    assert "larger than 50 bytes" in message and fix.endswith("SETTINGS.GIT.PATCH_LIMIT")


def test_a_missing_program_git_is_found(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit is recorded, but not whether there are changes."""
    (repository / "a").write_text("1")
    _git(repository, "add", ".")
    _git(repository, "commit", "-m", "first")
    monkeypatch.setenv("PATH", "")
    [(_, message, fix), *_] = problems(check_git())
    assert message.startswith("The program git is not installed") and fix == "install git"


def test_a_folder_without_a_repository_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fix makes one."""
    monkeypatch.chdir(tmp_path)
    [(level, message, fix)] = problems(check_git())
    assert (level, fix) == ("warning", "git init && git add . && git commit")
    assert message == f"{tmp_path} is not in a git repository: no commit is recorded with runs"


def test_what_is_recorded_of_the_machine_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that raises is a warning; the others are listed."""

    def fail() -> None:
        raise OSError("no such device")

    monkeypatch.setitem(host_info_gatherers, "rack", fail)
    monkeypatch.setitem(host_info_gatherers, "room", lambda: "B 12")
    [*found] = check_host()
    [(level, message, _)] = problems(found)
    assert level == "warning"
    assert message == "The host information 'rack' is skipped: OSError: no such device"
    assert "hostname, os, python_version" in found[-1].message and "room" in found[-1].message


def test_what_is_not_delivered_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs whose store was away are counted; without any there is no problem."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(SETTINGS, "SPOOL_DIR", str(tmp_path / "spools"))
    assert problems(check_undelivered()) == []
    _leave_output(tmp_path / "spools")
    assert problems(check_undelivered()) == [
        (
            "warning",
            "the last output of 1 run that crashed is not in a store",
            "sacred runs recover",
        )
    ]


def _leave_output(folder: Path) -> None:
    """Write what a run leaves whose process was killed."""
    entry = SpoolEntry(
        path=folder / "run-1.json",
        folder=folder / "run-1",
        run="x",
        name="train",
        command="main",
        start_time=datetime.now(UTC),
        host="here",
        pid=1,
        stores=(),
    )
    entry.folder.mkdir(parents=True)
    entry.write()
    (entry.folder / POSITIONS_FILE).write_text("[]")
