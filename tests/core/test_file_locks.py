"""Tests of locks of files."""

import contextlib
import os
import time
from pathlib import Path

import pytest

from sacred_core.file_locks import ProcessLock, hold_when_free, holder_of, is_locked


def test_a_lock_excludes_others(path: Path) -> None:
    """Also in one process; it has the id of the process that holds it."""
    lock = ProcessLock.hold(path)
    assert lock is not None
    assert ProcessLock.hold(path) is None and is_locked(path)
    assert path.read_text() == str(os.getpid()) and holder_of(path) == os.getpid()
    lock.release()
    lock.release()
    assert not is_locked(path)
    again = ProcessLock.hold(path)
    assert again is not None
    again.release()


def test_a_missing_file(tmp_path: Path) -> None:
    """It is not locked, and a question does not create it."""
    path = tmp_path / "lock"
    assert not is_locked(path) and not path.exists() and holder_of(path) is None
    lock = ProcessLock.hold(path)
    assert lock is not None and is_locked(path)
    lock.release()


def test_a_file_without_an_id(path: Path) -> None:
    """The holder is unknown, whatever it contains."""
    assert holder_of(path) is None


def test_a_lock_of_a_file_that_was_removed(path: Path, monkeypatch: object) -> None:
    """It is not that of the path: another process may have created that again."""
    holder = ProcessLock.hold(path)
    assert holder is not None
    path.unlink()
    lock = ProcessLock.hold(path)
    assert lock is not None
    lock.release()
    holder.release()


def test_a_file_that_is_replaced_while_it_is_locked(path: Path, monkeypatch: object) -> None:
    """The lock is given back: the path has another file."""
    import sacred_core.file_locks as module

    original = module.lock_file

    def replace_after(target: Path) -> int | None:
        descriptor = original(target)
        target.unlink()
        return descriptor

    module.lock_file = replace_after
    try:
        assert ProcessLock.hold(path) is None
    finally:
        module.lock_file = original
    assert not path.exists()


def test_a_forked_child_does_not_hold_it(path: Path) -> None:
    """It may live on when the process that holds it has ended."""
    lock = ProcessLock.hold(path)
    assert lock is not None
    reader, writer = os.pipe()
    started, start = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writer)
        os.write(start, b"x")
        os.read(reader, 1)
        os._exit(0)
    os.close(reader)
    os.read(started, 1)
    lock.release()
    assert not is_locked(path)
    os.close(writer)
    os.waitpid(child, 0)


def test_a_lock_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the other one releases it; the file is removed, also after an error."""
    path = tmp_path / "lock"
    with contextlib.suppress(ZeroDivisionError), hold_when_free(path) as has_waited:
        assert not has_waited and is_locked(path)
        raise ZeroDivisionError
    assert not path.exists()
    other = ProcessLock.hold(path)
    assert other is not None
    pauses: list[float] = []

    def release(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            other.release()

    monkeypatch.setattr(time, "sleep", release)
    with hold_when_free(path) as has_waited:
        assert has_waited and is_locked(path)
    assert len(pauses) == 2 and min(pauses) >= 0 and max(pauses) < 1
    assert not path.exists()
