"""Nothing that is stored leads out of a folder."""

import os
from pathlib import Path

import pytest

from sacred_core.contained_files import ContainedFolder, open_regular, open_to_write
from sacred_core.exceptions import DamagedRecordError, OutsideStoreError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a file, beside a file that is not in it."""
    (tmp_path / "outside").write_bytes(b"secret")
    folder = tmp_path / "root"
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "file").write_bytes(b"content")
    return folder


@pytest.mark.parametrize("target", ["file", "../1/file", "{root}/1/file", "{root}/../root/1/file"])
def test_links_that_stay_inside_are_followed(root: Path, target: str) -> None:
    """Relative and absolute ones, of files and of folders."""
    (root / "1" / "link").symlink_to(target.format(root=root))
    (root / "latest").symlink_to("1")
    files = ContainedFolder(root)
    for path in (root / "1" / "link", root / "latest" / "file", root / "latest" / "link"):
        with files.open(path) as file:
            assert file.read() == b"content"
    with files.open_in(str(root / "1" / "link")) as file:
        assert file.read() == b"content"


def test_the_root_may_be_a_link(root: Path, tmp_path: Path) -> None:
    """The root may be a link, as where it was moved to another disk."""
    (tmp_path / "runs").symlink_to(root)
    with ContainedFolder(tmp_path / "runs").open(tmp_path / "runs" / "1" / "file") as file:
        assert file.read() == b"content"


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("1/link", "../../outside"),
        ("1/link", "/etc/passwd"),
        ("2", "/etc"),
        ("1/link", "chain"),
    ],
)
def test_links_that_lead_out_are_refused(root: Path, link: str, target: str) -> None:
    """Links that lead out are refused, of a file, of its folder, or by another link; the error is
    about one record.
    """
    (root / link).symlink_to(target)
    (root / "1" / "chain").symlink_to(root.parent / "outside")
    path = root / link / "passwd" if link == "2" else root / link
    files = ContainedFolder(root)
    with pytest.raises(OutsideStoreError, match="is outside of"):
        files.open(path)
    with pytest.raises(OutsideStoreError):
        files.require(path)
    assert issubclass(OutsideStoreError, DamagedRecordError) and not files.contains(path)


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "1/../../outside"])
def test_names_that_lead_out_are_refused(root: Path, name: str) -> None:
    """Names that lead out are refused, as a record may have them."""
    with pytest.raises(OutsideStoreError):
        ContainedFolder(root).open(root / name)


def test_a_folder_is_checked_if_it_is_a_link(root: Path) -> None:
    """The folder of a run."""
    (root / "2").symlink_to("/")
    (root / "3").symlink_to("1")
    files = ContainedFolder(root)
    files.require_folder(root / "1")
    files.require_folder(root / "3")
    with pytest.raises(OutsideStoreError):
        files.require_folder(root / "2")


def test_what_is_not_a_file_is_an_error_at_once(root: Path) -> None:
    """A FIFO without a writer, a device, a folder, and a link to itself are refused."""
    os.mkfifo(root / "fifo")
    (root / "loop").symlink_to("loop")
    files = ContainedFolder(root)
    for path, error in (
        (root / "fifo", "Not a regular file"),
        (root / "1", "Is a directory"),
        (root / "loop", "symbolic links"),
        (root / "none", "No such file"),
    ):
        with pytest.raises(OSError, match=error):
            files.open(path)
    with pytest.raises(OSError, match="Not a regular file"):
        open_regular("/dev/null")


def test_a_link_is_not_written_to(root: Path) -> None:
    """What it leads to stays as it was."""
    (root / "1" / "link").symlink_to(root.parent / "outside")
    with pytest.raises(OSError, match="symbolic links"):
        open_to_write(root / "1" / "link", os.O_WRONLY | os.O_TRUNC | os.O_CREAT)
    assert (root.parent / "outside").read_bytes() == b"secret"
    os.close(open_to_write(root / "1" / "new", os.O_WRONLY | os.O_CREAT))
    assert (root / "1" / "new").read_bytes() == b""
