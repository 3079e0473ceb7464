"""One process at a time copies a run to a folder."""

import threading
import time
from pathlib import Path

import pytest
from sacred_file.store import FileStore

UID = "a" * 32


def test_a_second_copy_waits_for_the_first_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one is in the context once the first has left it; no file remains."""
    waits = threading.Event()
    monkeypatch.setattr(time, "sleep", lambda seconds: waits.set())
    found: list[bool] = []
    is_left = threading.Event()

    def copy() -> None:
        with FileStore(tmp_path).lock_copy(UID) as has_waited:
            found.append(has_waited and is_left.is_set())

    with FileStore(tmp_path).lock_copy(UID) as has_waited:
        assert not has_waited
        with FileStore(tmp_path).lock_copy("b" * 32) as waited_for_another:
            assert not waited_for_another
        thread = threading.Thread(target=copy)
        thread.start()
        assert waits.wait(10)
        assert found == []
        is_left.set()
    thread.join()
    assert found == [True]
    assert [*(tmp_path / "_ids").iterdir()] == []
