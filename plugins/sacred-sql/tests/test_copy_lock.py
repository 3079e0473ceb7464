"""One process at a time inserts or copies a run in a SQLite file; servers need no lock."""

from pathlib import Path

from sacred_sql import SqlObserver
from sacred_sql.store import SqlStore

from sacred_core.file_locks import is_locked

UID = "a" * 32


def test_a_sqlite_file_is_locked_beside_itself(tmp_path: Path) -> None:
    """Also through a link to it: the locks of copies and of new runs have separate files."""
    path, link = tmp_path / "runs.db", tmp_path / "link.db"
    path.touch()
    link.symlink_to(path)
    lock = SqlObserver(f"sqlite:///{link}").lock_uid(UID)
    assert lock is not None
    with lock, SqlStore(f"sqlite:///{path}").lock_copy(UID) as has_waited:
        assert not has_waited
        names = [f"runs.db-{UID}.copy", f"runs.db-{UID}.lock"]
        assert sorted(each.name for each in tmp_path.glob("*-*")) == names
        assert all(is_locked(tmp_path / name) for name in names)
    assert [*tmp_path.glob("*-*")] == []


def test_a_database_in_memory_has_no_lock() -> None:
    """No other process can write to it."""
    assert SqlObserver("sqlite://").lock_uid(UID) is None
    with SqlStore("sqlite://").lock_copy(UID) as has_waited:
        assert not has_waited
