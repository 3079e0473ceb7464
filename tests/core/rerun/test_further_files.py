"""Tests of files that a rerun gets besides those of the record."""

from pathlib import Path

import pytest

from sacred_core.exceptions import OptionError, RerunError
from sacred_core.rerun.further_files import copy_files, require_files


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the rerun; that of the test has files."""
    here = tmp_path / "here"
    (here / "data" / "deep").mkdir(parents=True)
    (here / "data" / "deep" / "a.csv").write_text("present")
    (here / "data" / "b.csv").write_text("present")
    (tmp_path / "beside.txt").write_text("beside")
    monkeypatch.chdir(here)
    return tmp_path / "rerun"


def test_files_are_copied_to_the_same_relative_paths(target: Path, tmp_path: Path) -> None:
    """What is there is not replaced; a path outside of the directory is copied by its name."""
    (target / "data").mkdir(parents=True)
    (target / "data" / "b.csv").write_text("recorded")
    paths = require_files(["data", "data/deep/a.csv", "../beside.txt", tmp_path / "here" / "data"])
    lines = copy_files(paths, target)
    assert lines[0] == "'data' is not in the record: its present content is used"
    assert len(lines) == 4
    assert (target / "data" / "deep" / "a.csv").read_text() == "present"
    assert (target / "data" / "b.csv").read_text() == "recorded"
    assert (target / "beside.txt").read_text() == "beside"
    assert not (target.parent / "here" / "data" / "deep" / "a.csv").is_symlink()


def test_a_copied_file_can_be_changed(target: Path) -> None:
    """The present one does not change."""
    copy_files([Path("data/b.csv")], target)
    (target / "data" / "b.csv").write_text("changed")
    assert Path("data/b.csv").read_text() == "present"


def test_missing_files_are_named(target: Path) -> None:
    """Before anything is copied."""
    with pytest.raises(OptionError, match=r"^'nowhere' not found: it cannot be copied"):
        require_files(["data", "nowhere"])
    assert not target.exists()


def test_a_file_that_cannot_be_copied_is_named(target: Path) -> None:
    """A folder is reported with the reason of its first file."""
    target.mkdir()
    (target / "data").write_text("a file")
    with pytest.raises(RerunError, match=r"^cannot copy 'data': "):
        copy_files([Path("data")], target)
    (target / "data").unlink()
    Path("data/broken").symlink_to("nowhere")
    with pytest.raises(RerunError, match=r"^cannot copy 'data': \[Errno 2\] No such file"):
        copy_files([Path("data")], target)
