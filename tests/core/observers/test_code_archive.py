"""Tests of the code of a run, stored where runs share contents."""

from pathlib import Path
from typing import Any

import pytest

from sacred_core.observers.code_archive import CodeArchive
from sacred_core.provenance.sources import md5_of
from sacred_core.stable_files import ChangingFileError, FileVersion


class Contents:
    """What was stored, by name."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}

    def store_file(self, version: FileVersion) -> str:
        name = f"contents/{version.path.name}"
        with version.open() as file:
            self.stored[name] = file.read()
        return name

    def store_patch(self, patch: bytes) -> str:
        self.stored["contents/patch"] = patch
        return "contents/patch"


@pytest.fixture
def contents() -> Contents:
    return Contents()


@pytest.fixture
def archive(contents: Contents) -> CodeArchive:
    return CodeArchive(contents.store_file, contents.store_patch)


def test_names_are_in_the_place_of_contents(
    archive: CodeArchive, contents: Contents, tmp_path: Path
) -> None:
    """Sources and uncommitted changes are stored, everything else stays as it is."""
    (tmp_path / "main.py").write_bytes(b"code\n")
    info: dict[str, Any] = {
        "name": "ex",
        "base_dir": str(tmp_path),
        "sources": [["main.py", md5_of(tmp_path / "main.py")]],
        "repositories": [{"url": "u", "dirty": True, "patch": "--- ä\n"}, {"url": "v"}],
    }
    assert archive.experiment(info) == {
        **info,
        "sources": [["main.py", "contents/main.py"]],
        "repositories": [{"url": "u", "dirty": True, "patch": "contents/patch"}, {"url": "v"}],
    }
    assert contents.stored == {"contents/main.py": b"code\n", "contents/patch": b"--- \xc3\xa4\n"}


def test_a_source_that_is_missing_or_has_changed_has_its_digest(
    archive: CodeArchive, contents: Contents, tmp_path: Path
) -> None:
    """A reader learns which version ran, and nothing else is stored under its name."""
    (tmp_path / "changed.py").write_bytes(b"new\n")
    sources = [["changed.py", "0" * 32], ["missing.py", "1" * 32]]
    assert archive.sources(str(tmp_path), sources) == sources
    assert contents.stored == {}


def test_a_source_that_changes_while_it_is_stored_has_its_digest(tmp_path: Path) -> None:
    """The start of the run does not fail."""

    def store(version: FileVersion) -> str:
        raise ChangingFileError(f"{version.path} changes")

    (tmp_path / "main.py").write_bytes(b"code\n")
    md5 = md5_of(tmp_path / "main.py")
    archive = CodeArchive(store, lambda patch: "")
    assert archive.sources(str(tmp_path), [["main.py", md5]]) == [["main.py", md5]]


def test_an_experiment_without_code_has_no_repositories(archive: CodeArchive) -> None:
    """The entry is a list, as readers expect it."""
    assert archive.experiment({"name": "ex", "sources": []}) == {
        "name": "ex", "sources": [], "repositories": [],
    }  # fmt: skip
