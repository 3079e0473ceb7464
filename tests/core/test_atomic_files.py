"""Tests of files that are whole at any moment."""

import os
import threading
from pathlib import Path

import pytest

from sacred_core.atomic_files import create_folder, replace_bytes, replacing, store_once


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_the_new_content_comes_at_the_end(tmp_path: Path) -> None:
    """Until then the old one is there; nothing else remains."""
    path = tmp_path / "file"
    path.write_text("old")
    with replacing(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
        assert partial.parent == tmp_path and partial.name.startswith(".")
    assert path.read_text() == "new"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt()])
def test_an_exception_changes_nothing(tmp_path: Path, error: BaseException) -> None:
    """The new file is removed, if there is one."""
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(type(error)), replacing(path) as partial:  # noqa: PT012 - both in the block
        partial.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_writers_at_once_have_files_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writers at once have files of their own, also those with the same process id: threads, and
    containers that share a folder.
    """
    monkeypatch.setattr(os, "getpid", lambda: 7)
    path = tmp_path / "file"
    with replacing(path) as one, replacing(path) as other:
        assert one != other
        one.write_text("first")
        other.write_text("second")
    assert path.read_text() == "first"


def test_long_names_are_possible(tmp_path: Path) -> None:
    """255 bytes, as file systems have them."""
    path = tmp_path / ("x" * 255)
    with replacing(path) as partial:
        partial.write_text("content")
    assert path.read_text() == "content"


def test_what_is_stored_is_not_written_again(tmp_path: Path) -> None:
    """Folders above it are made."""
    path = tmp_path / "a" / "b" / "file"
    store_once(path, lambda partial: partial.write_text("content"))
    store_once(path, lambda partial: pytest.fail("written again"))
    assert path.read_text() == "content"


def test_another_may_store_it_meanwhile(tmp_path: Path) -> None:
    """Then a failure to store it, here of the file system, is none."""
    path = tmp_path / "file"

    def write(partial: Path) -> None:
        path.write_text("theirs")
        raise PermissionError("the file is open in another process")

    store_once(path, write)
    assert path.read_text() == "theirs"
    assert names(tmp_path) == ["file"]


def test_a_failure_is_raised(tmp_path: Path) -> None:
    """A failure is raised, where the file is not there either."""

    def write(partial: Path) -> None:
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        store_once(tmp_path / "file", write)


def test_many_threads_store_the_same(tmp_path: Path) -> None:
    """None fails, and the file is whole."""
    path = tmp_path / "file"
    barrier = threading.Barrier(16)
    failures: list[Exception] = []

    def work() -> None:
        barrier.wait()
        try:
            store_once(path, lambda partial: partial.write_bytes(b"x" * 1_000_000))
        except Exception as error:  # noqa: BLE001 - asserted on below
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert path.read_bytes() == b"x" * 1_000_000
    assert names(tmp_path) == ["file"]


def test_content_is_replaced_in_one_step(tmp_path: Path) -> None:
    """A reader that opened the old file still reads it, and a missing folder is an error."""
    path = tmp_path / "file"
    replace_bytes(path, b"old")
    with path.open("rb") as reader:
        replace_bytes(path, b"new\n")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new\n"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    with pytest.raises(FileNotFoundError):
        replace_bytes(tmp_path / "missing" / "file", b"")


def test_a_folder_is_created_with_its_parents(tmp_path: Path) -> None:
    """A folder that exists stays as it is, and a file of the name is an error that says so."""
    create_folder(tmp_path / "a/b")
    (tmp_path / "a/b/file").touch()
    create_folder(tmp_path / "a/b")
    assert names(tmp_path / "a/b") == ["file"]
    with pytest.raises(NotADirectoryError, match="It is a file, not a folder"):
        create_folder(tmp_path / "a/b/file")
