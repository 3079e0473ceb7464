"""Tests of files that are read without waiting and as one version."""

import hashlib
import os
import threading
import time
from pathlib import Path

import pytest

from sacred_core.regular_files import SpecialFileError
from sacred_core.stable_files import (
    ChangingFileError,
    FileVersion,
    copy_version,
    file_version,
    small_content,
    with_version,
)


def test_a_version_is_what_the_file_holds(path: Path) -> None:
    """Size, digests and content agree."""
    version = file_version(path, has_sha256=True)
    assert (version.path, version.size) == (path, 7)
    assert version.md5 == hashlib.md5(b"content").hexdigest()
    assert version.sha256 == hashlib.sha256(b"content").hexdigest()
    with pytest.raises(ValueError, match="has_sha256"):
        print(file_version(path).sha256)
    with version.open() as file:
        assert (file.read(3), file.read()) == (b"con", b"tent")
        assert (file.seek(-4, os.SEEK_END), file.read()) == (3, b"tent")
        assert (file.seek(1), file.seek(2, os.SEEK_CUR), file.read(1)) == (1, 3, b"t")


def test_an_empty_file_is_a_version(path: Path) -> None:
    """The version of an empty file has no bytes."""
    path.write_bytes(b"")
    version = file_version(path)
    with version.open() as file:
        assert (version.size, file.read()) == (0, b"")


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="Linux only")
def test_files_of_the_system_are_read(tmp_path: Path) -> None:
    """They have no size, and may change with each look."""
    for name in ("/proc/cpuinfo", "/proc/self/status"):
        version = file_version(Path(name))
        with version.open() as file:
            data = file.read()
        assert len(data) == version.size > 0
        assert hashlib.md5(data).hexdigest() == version.md5
        copy_version(Path(name), tmp_path / "copy")
        assert (tmp_path / "copy").stat().st_size > 0


def test_of_a_file_that_grew_the_beginning_is_the_version(path: Path) -> None:
    """A log can be stored while it is written."""
    version = file_version(path)
    with path.open("ab") as file:
        file.write(b" and more")
    with version.open() as stream:
        assert stream.read() == b"content"


@pytest.mark.parametrize("content", [b"CONTENT", b"con", b"CONTENT and more", b""])
def test_another_content_is_not_the_version(path: Path, content: bytes) -> None:
    """Rewritten, truncated or replaced, with any time of change."""
    version = file_version(path)
    stat = path.stat()
    for is_replaced in (False, True):
        target = path.with_name("other") if is_replaced else path
        target.write_bytes(content)
        os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        target.replace(path)
        with version.open() as stream, pytest.raises(ChangingFileError, match="Changed while"):
            stream.read()


def test_the_same_content_in_another_file_is_the_version(path: Path) -> None:
    """A file that is replaced by an equal one has not changed."""
    version = file_version(path)
    other = path.with_name("other")
    other.write_bytes(b"content")
    other.replace(path)
    with version.open() as stream:
        assert stream.read() == b"content"


def test_a_file_that_changes_is_read_again(path: Path) -> None:
    """Three times; then it is refused."""
    seen: list[str] = []

    def use(version: FileVersion) -> bytes:
        seen.append(version.md5)
        if len(seen) < changes:
            path.write_bytes(f"content {len(seen)}".encode())
            path.write_bytes(path.read_bytes()[::-1])
        with version.open() as file:
            return file.read()

    changes = 3
    assert with_version(path, use) == b"2 tnetnoc"
    assert len(set(seen)) == 3
    seen, changes = [], 9
    with pytest.raises(ChangingFileError, match=str(path)):
        with_version(path, use)
    assert len(seen) == 3


def test_a_copy_is_of_one_version(tmp_path: Path) -> None:
    """A copy is of one version, of a file that is rewritten all the time: the copy is refused, or
    of one version.
    """
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"0" * 2_000_000)
    is_over = threading.Event()

    def work() -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            with source.open("r+b") as file:
                file.write(str(number % 10).encode() * 2_000_000)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(10):
            try:
                copy_version(source, target)
            except ChangingFileError:
                continue
            assert len(set(target.read_bytes())) <= 2
    finally:
        is_over.set()
        thread.join()
    copy_version(source, target)
    assert target.read_bytes() == source.read_bytes()


def test_a_copy_of_a_growing_file_has_an_end(tmp_path: Path) -> None:
    """It has the bytes that the file had when the copy began, or more."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"0" * 100_000)
    is_over = threading.Event()

    def work() -> None:
        with source.open("ab", buffering=0) as file:
            while not is_over.is_set():
                file.write(b"0" * 1_000)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        copy_version(source, target)
    finally:
        is_over.set()
        thread.join()
    assert 100_000 <= target.stat().st_size <= source.stat().st_size
    assert set(target.read_bytes()) == {ord("0")}


def test_an_old_file_is_read_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the time of change proves that it is the same, no digest is made a second time."""
    old = time.time_ns() - 10_000_000_000
    os.utime(path, ns=(old, old))
    version = file_version(path)
    made: list[int] = []
    monkeypatch.setattr("sacred_core.stable_files.hashlib.md5", lambda **_: made.append(1))
    with version.open() as stream:
        assert stream.read() == b"content"
    assert made == []


def test_a_large_file_that_was_just_written_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its time of change is waited for instead: 20 milliseconds at most."""
    path = tmp_path / "large"
    made: list[int] = []
    real = hashlib.md5

    def md5(**options: bool) -> object:
        made.append(1)
        return real(**options)

    monkeypatch.setattr("sacred_core.stable_files.hashlib.md5", md5)
    path.write_bytes(b"0" * 9_000_000)
    version = file_version(path)
    with version.open() as stream:
        assert len(stream.read()) == 9_000_000
    assert len(made) == 1
    copy_version(path, tmp_path / "copy")
    assert len(made) == 2  # of what is copied, while it is copied
    assert (tmp_path / "copy").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("size", "is_read"), [(0, False), (1, True), (256 * 1024, True), (256 * 1024 + 1, False)]
)
@pytest.mark.parametrize("age", [0, 3600], ids=["new", "old"])
def test_a_small_file_is_read_at_once(tmp_path: Path, size: int, is_read: bool, age: int) -> None:
    """Up to 256 KiB; an empty one may be a file of the system, which has no size."""
    path = tmp_path / "file"
    data = bytes(number % 251 for number in range(size))
    path.write_bytes(data)
    os.utime(path, (time.time() - age, time.time() - age))
    assert small_content(path) == (data if is_read else None)


@pytest.mark.parametrize("change", [b"bbbbbb", b"bbb", b""], ids=["same size", "shorter", "empty"])
def test_a_small_file_that_changes_is_not_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: bytes
) -> None:
    """Even if neither its size nor the time of its change differs."""
    path, read = tmp_path / "file", os.read
    path.write_bytes(b"aaaaaa")

    def read_then_change(descriptor: int, length: int) -> bytes:
        data = read(descriptor, length)
        times = path.stat().st_atime_ns, path.stat().st_mtime_ns
        path.write_bytes(change)
        os.utime(path, ns=times)
        return data

    monkeypatch.setattr(os, "read", read_then_change)
    assert small_content(path) is None


def test_a_special_file_is_not_read_at_once(tmp_path: Path) -> None:
    """A FIFO would block the run."""
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(SpecialFileError):
        small_content(tmp_path / "fifo")
    with pytest.raises(IsADirectoryError):
        small_content(tmp_path)
