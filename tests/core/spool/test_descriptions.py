"""Tests of the descriptions of spooled runs."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from sacred_core.exceptions import SpoolError
from sacred_core.spool.descriptions import (
    SpoolTarget,
    new_description,
    read_description,
    read_descriptions,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)
TARGET = SpoolTarget(observer="SqlObserver", location="sqlite:///runs.db")


def describe(spool: Path, uid: str = "a", **changed: Any) -> Any:
    described = {
        "uid": uid, "name": "ex", "command": "main", "start_time": NOW, "host": "here", "pid": 5,
        "targets": (TARGET,), **changed,
    }  # fmt: skip
    return new_description(spool, **described)


def test_a_description_is_read_as_it_was_written(tmp_path: Path) -> None:
    """With all its attributes."""
    run, lock = describe(tmp_path, run_id=3, keep=True)
    assert read_description(run.path) == run == run.reread()
    assert run.spool == tmp_path and run.is_locked and run.lock() is None
    lock.release()
    assert not run.is_locked
    changed = attrs.evolve(run, targets=())
    changed.write()
    assert run.reread() == changed


def test_they_are_in_the_order_of_starts(tmp_path: Path) -> None:
    """Not in that of their names."""
    for number, uid in enumerate("cab"):
        describe(tmp_path, uid, start_time=NOW + timedelta(seconds=number))[1].release()
    assert [run.uid for run in read_descriptions(tmp_path)] == ["c", "a", "b"]
    assert list(read_descriptions(tmp_path / "missing")) == []


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"format": "other"}', '{"format": "sacred spool 1"}', "null"]
)
def test_other_files_are_skipped(tmp_path: Path, content: str) -> None:
    """They are skipped whatever they contain."""
    run, lock = describe(tmp_path)
    (run.path / "run.json").write_text(content)
    assert list(read_descriptions(tmp_path)) == []
    lock.release()


def test_a_newer_format_is_skipped(tmp_path: Path) -> None:
    """A later release may mean something else by it."""
    run, lock = describe(tmp_path)
    lock.release()
    data = json.loads((run.path / "run.json").read_text())
    (run.path / "run.json").write_text(json.dumps({**data, "format": "sacred spool 2"}))
    assert run.reread() is None


def test_a_removed_description(tmp_path: Path) -> None:
    """It cannot be locked or read."""
    run, lock = describe(tmp_path)
    run.remove()
    lock.release()
    assert run.reread() is None and run.lock() is None
    run.remove()


def test_a_lock_that_cannot_be_written(tmp_path: Path) -> None:
    """The error names the file."""
    run, lock = describe(tmp_path)
    lock.release()
    (run.path / "lock").unlink()
    (run.path / "lock").mkdir()
    with pytest.raises(SpoolError, match=r"cannot lock .*lock'"):
        run.lock()


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The spool needs them: the error asks for another folder, and nothing is left."""
    monkeypatch.setattr("sacred_core.file_locks.lock_file", lambda path: None)
    with pytest.raises(SpoolError, match="use another folder"):
        describe(tmp_path)
    assert list((tmp_path / "_spool").iterdir()) == []


def test_a_power_cut_leaves_the_old_or_the_new_description(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The content is on the disk before it replaces the old one."""
    order: list[str] = []
    run, lock = describe(tmp_path)
    replace = Path.replace
    monkeypatch.setattr("os.fsync", lambda descriptor: order.append("fsync"))
    monkeypatch.setattr(
        Path, "replace", lambda self, target: order.append("replace") or replace(self, target)
    )
    run.write()
    assert order == ["fsync", "replace"]
    lock.release()
