"""Temporary copies of the files of a run that is copied."""

import hashlib
from pathlib import Path

import pytest

from sacred_core.exceptions import UnavailableError
from sacred_core.provenance.generated import content_path
from sacred_core.stores.replayed_files import ReplayedFiles, file_name
from sacred_core.testing import EventDriver
from sacred_core.testing.memory import Memory, MemoryObserver, MemoryStore

CODE = hashlib.md5(b"x = 1\n").hexdigest()


@pytest.fixture
def store() -> MemoryStore:
    memory = Memory()
    EventDriver(MemoryObserver(memory)).start()
    memory.runs[1].files = {
        ("source", "main.py"): b"x = 1\n",
        ("source", "in/main.py"): b"x = 1\n",
        ("artifact", "a/b.txt"): b"content",
    }
    return MemoryStore(memory)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/data/in put.csv", "in put.csv"),
        ("a/b/", "b"),
        ("C:\\data\\x.csv", "C:_data_x.csv"),
        ("", "content"),
        ("/", "content"),
        (".", "content"),
        ("a/..", "content"),
        ("nul\x00\x1f.txt", "nul__.txt"),
        ("odd \udcff.txt", "odd _.txt"),
        ("x" * 300 + ".csv", "x" * 196 + ".csv"),
        ("ä" * 150, "ä" * 100),
    ],
)
def test_file_name(name: str, expected: str) -> None:
    """The name is the last part, as far as any file system can have it, and keeps its suffix."""
    assert file_name(name) == expected


def test_content_exists_in_the_block(store: MemoryStore) -> None:
    """The copy has the name and content of the file, and is removed afterwards."""
    files = ReplayedFiles(store, 1)
    with files.open_folder():
        with files.content("artifact", "a/b.txt", hashlib.md5(b"content").hexdigest()) as path:
            assert path is not None
            assert (Path(path).name, Path(path).read_bytes()) == ("b.txt", b"content")
        assert not Path(path).exists()
    assert not Path(path).parent.parent.exists()
    assert (files.missing, files.size) == ([], 7)


def test_content_that_is_missing(store: MemoryStore) -> None:
    """There is no path, and what is missing is noted with the reason."""
    files = ReplayedFiles(store, 1)
    with files.open_folder(), files.content("resource", "gone", None) as path:
        assert path is None
    assert files.missing == ["the content of the resource 'gone' (run '1' has no resource 'gone')"]


def test_sources_are_available(store: MemoryStore, tmp_path: Path) -> None:
    """Sources of one name in several folders are found by name and digest, within the block."""
    files = ReplayedFiles(store, 1)
    digests = {"main.py": CODE, "in/main.py": None, "gone.py": "1" * 32, "unknown.py": None}
    with files.open_folder():
        with files.sources(str(tmp_path), digests) as pairs:
            found = content_path(tmp_path / "in/main.py", CODE)
            assert found.read_bytes() == b"x = 1\n"
            assert found != content_path(tmp_path / "main.py", CODE)
            assert content_path(tmp_path / "gone.py", "1" * 32) == tmp_path / "gone.py"
        assert not found.exists()
        assert content_path(tmp_path / "in/main.py", CODE) == tmp_path / "in/main.py"
    assert pairs == [
        ["main.py", CODE],
        ["in/main.py", CODE],
        ["gone.py", "1" * 32],
        ["unknown.py", ""],
    ]
    assert len(files.missing) == 2


def test_a_source_that_changed_is_not_used(store: MemoryStore, tmp_path: Path) -> None:
    """It is not what ran; its recorded digest stays."""
    files = ReplayedFiles(store, 1)
    with files.open_folder(), files.sources(str(tmp_path), {"main.py": "2" * 32}) as pairs:
        assert pairs == [["main.py", "2" * 32]]
        assert content_path(tmp_path / "main.py", CODE) == tmp_path / "main.py"
    (missing,) = files.missing
    assert CODE in missing and "2" * 32 in missing


def test_patches_that_are_missing(store: MemoryStore) -> None:
    """The entry of the repository has no changes, and they are noted."""
    files = ReplayedFiles(store, 1)
    assert files.patch("c" * 40) == {}
    assert "the uncommitted changes of cccc" in files.missing[0]


def test_an_outage_is_not_a_missing_file(store: MemoryStore) -> None:
    """A store that cannot be reached is raised."""

    def fail(*args: object) -> None:
        raise UnavailableError("away")

    store.open_file = fail  # type: ignore[method-assign, assignment]
    files = ReplayedFiles(store, 1)
    with files.open_folder():
        with pytest.raises(UnavailableError), files.content("artifact", "a/b.txt", None):
            pass
        with pytest.raises(UnavailableError):
            files.patch("c")
        with pytest.raises(UnavailableError), files.sources(".", {"main.py": None}):
            pass
