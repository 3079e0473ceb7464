"""Tests of files of the user that are opened without waiting."""

import errno
import os
from pathlib import Path

import pytest

from sacred_core import Experiment
from sacred_core.exceptions import ConfigFileAccessError
from sacred_core.regular_files import (
    SpecialFileError,
    named_files,
    open_regular,
    open_without_waiting,
    readable,
    require_regular,
)
from sacred_core.testing.file_contract import special_files


def test_special_files_are_refused(tmp_path: Path) -> None:
    """Special files are refused, without waiting, with an error that names the file and
    what it is.
    """
    with special_files(tmp_path) as paths:
        for kind, path in paths.items():
            with pytest.raises(OSError, match=str(path)) as caught:
                require_regular(path)
            if "FIFO" in kind or kind in ("socket", "/dev/zero"):
                assert isinstance(caught.value, SpecialFileError)
                assert caught.value.errno == errno.EINVAL
                assert (kind.split()[-1].strip("/") in str(caught.value)) or "device" in str(
                    caught.value
                )
            if kind == "folder":
                assert isinstance(caught.value, IsADirectoryError)
            if kind == "loop":
                assert caught.value.errno == errno.ELOOP


def test_a_missing_file_is_not_created(tmp_path: Path) -> None:
    """A missing file is not created, unless the mode creates it."""
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "missing")
    assert list(tmp_path.iterdir()) == []
    with open(tmp_path / "new", "w", opener=open_without_waiting) as file:
        file.write("text")
    assert (tmp_path / "new").read_text() == "text"


def test_descriptors_are_closed(tmp_path: Path) -> None:
    """Descriptors are closed, also of what is refused."""
    listed = Path("/dev/fd")
    before = len(list(listed.iterdir()))
    with special_files(tmp_path) as paths:
        for path in [*paths.values(), tmp_path]:
            with pytest.raises(OSError):  # noqa: PT011 - each another
                require_regular(path)
    assert len(list(listed.iterdir())) <= before


def test_a_file_in_place_of_a_fifo_is_read(tmp_path: Path, path: Path) -> None:
    """The same name may be a file at the next call."""
    with open_regular(path) as file:
        assert file.read() == b"content"
    assert readable(str(path)) == path


def test_a_folder_with_a_special_file_is_refused(tmp_path: Path) -> None:
    """Before any of its files is stored; a link to what is missing is skipped."""
    folder = tmp_path / "results"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a").write_text("a")
    (folder / "dangling").symlink_to(tmp_path / "missing")
    assert [name for name, _ in named_files(folder, None)] == ["results/sub/a"]
    os.mkfifo(folder / "sub" / "fifo")
    with pytest.raises(SpecialFileError, match="Is a FIFO, not a regular file"):
        named_files(folder, None)


def test_sources_and_configurations_are_files(tmp_path: Path) -> None:
    """A FIFO as one is refused at once."""
    fifo = tmp_path / "config.json"
    os.mkfifo(fifo)
    ex = Experiment("fifo", save_git_info=False)
    with pytest.raises(SpecialFileError):
        ex.add_source_file(fifo)
    with pytest.raises(IsADirectoryError):
        ex.add_source_file(tmp_path)
    with pytest.raises(ConfigFileAccessError, match="Is a FIFO, not a regular file"):
        ex.add_config(str(fifo))
    ex.main(lambda: None)
    with pytest.raises(ConfigFileAccessError, match="Is a FIFO"):
        ex.run(named_configs=[str(fifo)])
