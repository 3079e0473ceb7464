"""Tests of commands of git that are executed at the same time."""

import subprocess
import sys
from pathlib import Path

import pytest

from sacred_core.provenance.git_command import GitCommand
from sacred_core.provenance.repositories import find_repositories

LARGE = 300_000
HEAD = ("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit and one file."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ann")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ann@example.org")
    return new_repository(tmp_path / "repository")


def new_repository(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "train.py").write_text("A = 1\n")
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


def head_of(folder: Path) -> str:
    command = ["git", "rev-parse", "HEAD"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout.decode()


def test_the_output_is_returned_up_to_a_limit(repository: Path) -> None:
    """What a command writes after the limit is not waited for."""
    (repository / "train.py").write_text("x\n" * LARGE)
    with (
        GitCommand(repository, "diff") as diff,
        GitCommand(repository, "rev-parse", "HEAD") as head,
    ):
        assert len(diff.output(1000)) == 1000
        assert head.output().decode() == head_of(repository)


def test_an_error_has_the_message_of_git(repository: Path) -> None:
    """It begins with ``fatal:``."""
    with (
        GitCommand(repository, "rev-parse", "--verify", "nothing") as command,
        pytest.raises(OSError, match="fatal: Needed a single revision"),
    ):
        command.output()


def test_an_exit_code_may_mean_that_nothing_was_found(repository: Path) -> None:
    """``git config`` ends with 1 where there is no entry."""
    with GitCommand(repository, "config", "--get", "remote.origin.url") as command:
        assert command.output(none_found=1) == b""


def test_many_warnings_do_not_stop_a_command(repository: Path) -> None:
    """They are not in a pipe that could be full while the output is read."""
    alias = f"alias.loud=!head -c {LARGE} /dev/zero >&2; echo done"
    with GitCommand(repository, "-c", alias, "loud") as command:
        assert command.output() == b"done\n"


def test_a_missing_program_is_an_error(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No command was started."""
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(FileNotFoundError):
        GitCommand(repository, "diff")


def test_a_broken_repository_is_not_described_by_the_one_around_it(
    repository: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Git would search the folders above it."""
    inner = new_repository(repository / "inner")
    (inner / ".git" / "HEAD").unlink()

    assert find_repositories([inner / "train.py"]) == []
    assert "is not recorded" in caplog.text


def test_in_a_hook_of_another_repository_the_own_one_is_described(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git sets its variables for the repository whose hook it calls."""
    other = new_repository(tmp_path / "other")
    (repository / "train.py").write_text("A = 2\n")
    expected = head_of(repository).strip()
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))

    [found] = find_repositories([repository / "train.py"])

    assert (found["commit"], found["dirty"]) == (expected, True)


@pytest.mark.parametrize(
    ("remotes", "expected"),
    [
        ({}, None),
        ({"b.c": "/first", "a": "/second"}, "/first"),
        ({"b": "/first", "origin": "/own"}, "/own"),
    ],
)
def test_the_url_is_that_of_origin_or_of_the_first_remote(
    remotes: dict[str, str], expected: str | None, repository: Path
) -> None:
    """Names may contain dots; without a remote there is no URL."""
    for name, url in remotes.items():
        subprocess.run(["git", "remote", "add", name, url], cwd=repository, check=True)

    [found] = find_repositories([repository / "train.py"])

    assert found["url"] == expected


def test_a_repository_takes_three_processes_and_no_library(repository: Path) -> None:
    """They run at the same time; a library for git takes longer to import."""
    code = """if True:
        import sys
        from pathlib import Path
        started = []
        sys.addaudithook(
            lambda event, arguments: started.append(arguments[1][1])
            if event == "subprocess.Popen" else None
        )
        from sacred_core.provenance.repositories import find_repositories
        assert find_repositories([Path("train.py").resolve(), Path("other.py").resolve()])
        print(sorted(started), "git" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, check=True, capture_output=True, text=True
    )
    assert done.stdout == "['config', 'diff', 'rev-parse'] False\n"
