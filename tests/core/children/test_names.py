"""Tests of the names of writers, which belong to one process each."""

import subprocess
import sys
from pathlib import Path

import pytest

from sacred_core.children.names import claim_name
from sacred_core.exceptions import SpoolError, UsageError
from sacred_core.file_locks import ProcessLock
from sacred_core.spool.parts import NAMES


def claim(folder: Path, name: str | None = None) -> str:
    """Claim a name for a process that ends at once."""
    found, lock = claim_name(folder, name)
    lock.release()
    return found


def test_names_are_numbered(tmp_path: Path) -> None:
    """A number is not used again when its process has ended."""
    locks: list[ProcessLock] = []
    found = []
    for _ in range(3):
        name, lock = claim_name(tmp_path, None)
        found.append(name)
        locks.append(lock)
    locks[1].release()
    assert [*found, claim(tmp_path)] == ["child1", "child2", "child3", "child4"]
    (tmp_path / NAMES / "child12").touch()
    (tmp_path / NAMES / "childish").touch()
    assert claim(tmp_path) == "child13"


def test_the_name_of_a_running_process_is_refused(tmp_path: Path) -> None:
    """That of one that has ended gets a number."""
    name, lock = claim_name(tmp_path, "eval")
    assert name == "eval"
    with pytest.raises(UsageError, match="another process of the run records as 'eval'"):
        claim_name(tmp_path, "eval")
    lock.release()
    second, lock = claim_name(tmp_path, "eval")
    assert second == "eval-2"
    with pytest.raises(UsageError, match="records as 'eval-2'"):
        claim_name(tmp_path, "eval")
    lock.release()
    assert claim(tmp_path, "eval") == "eval-3"


@pytest.mark.parametrize("name", ["a/b", "../x", "ä", ".", "x" * 300, "7", "a@b"])
def test_any_string_is_a_name(tmp_path: Path, name: str) -> None:
    """The file of the name is in the folder."""
    assert claim(tmp_path, name) == name
    (path,) = (tmp_path / NAMES).iterdir()
    assert path.is_file()
    assert claim(tmp_path, name) == f"{name}-2"


@pytest.mark.parametrize("name", ["", "main", 7])
def test_some_names_are_refused(tmp_path: Path, name: str) -> None:
    """The process of the run is the writer "main"."""
    with pytest.raises(UsageError, match="a writer cannot have the name"):
        claim_name(tmp_path, name)


def test_a_file_that_is_not_locked_yet_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process creates the file before it locks it; one that was killed between has ended."""
    monkeypatch.setattr("sacred_core.children.names.PATIENCE", 0.03)
    (tmp_path / NAMES).mkdir()
    (tmp_path / NAMES / "eval").touch()
    assert claim(tmp_path, "eval") == "eval-2"


def test_a_file_system_without_locks_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the names of ended processes could not be recognized."""
    monkeypatch.setattr("sacred_core.children.names.lock_file", lambda path, flags: None)
    with pytest.raises(SpoolError, match="the file system must support locks"):
        claim_name(tmp_path, None)


def test_many_processes_get_different_names(tmp_path: Path) -> None:
    """They claim at the same time."""
    code = (
        "import sys; from pathlib import Path; from sacred_core.children.names import claim_name\n"
        "sys.stdin.read()\n"
        "print(*(claim_name(Path(sys.argv[1]), None)[0] for _ in range(50)))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(3)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    names = []
    for process in processes:
        assert process.stdout is not None
        names += process.stdout.read().split()
        assert process.wait() == 0
        process.stdout.close()
    assert sorted(names) == sorted(f"child{number}" for number in range(1, 151))
