"""Tests of the names of files and folders."""

import hashlib
import io
from pathlib import PurePath

import pytest

from sacred_core.stores.folder_format import (
    content_name,
    is_content_name,
    is_named_by_content,
    is_run_name,
    quote_artifact_name,
)


@pytest.mark.parametrize("name", ["1", "a", "two words", "ünï", "x" * 255, "caf\udce9", "run.json"])
def test_a_run_may_have_any_name_of_a_folder(name: str) -> None:
    """A run may have any name of a folder, also bytes that are not valid UTF-8, as a file system
    returns them.
    """
    assert is_run_name(name)


@pytest.mark.parametrize("name", ["", "_sources", ".claim-0", "a/b", "a\0b", "x" * 256, "\ud800"])
def test_other_names_are_not_those_of_runs(name: str) -> None:
    """Names that no folder can have, and those that belong to all runs."""
    assert not is_run_name(name)
    assert not is_run_name("ä" * 128)  # 256 bytes


def test_shared_content_is_named_by_its_digest() -> None:
    """The name is ``STEM_MD5.SUFFIX``, also where there is no suffix."""
    md5 = hashlib.md5(b"1,2\n").hexdigest()
    assert content_name(PurePath("in/data.tar.gz"), md5) == f"data.tar_{md5}.gz"
    for path in ("data.csv", "LICENSE", "two words.txt"):
        name = content_name(PurePath(path), md5)
        assert is_content_name(name)
        assert is_named_by_content(name, io.BytesIO(b"1,2\n"))
        assert not is_named_by_content(name, io.BytesIO(b"1,3\n"))


@pytest.mark.parametrize("name", ["data.csv", f"data_{'0' * 31}.csv", f"data_{'g' * 32}", "_", ""])
def test_other_files_are_not_shared_content(name: str) -> None:
    """There is no digest in their names: a deletion never removes them."""
    assert not is_content_name(name)


def test_a_file_is_at_its_beginning_after_its_digest_was_compared() -> None:
    """It is what a store returns to the caller, who reads it from there."""
    file = io.BytesIO(b"content")
    is_named_by_content("x", file)
    assert file.read() == b"content"


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("run.json", "run%2Ejson"),
        ("x/y", "x%2Fy"),
        ("../up.txt", "%2E.%2Fup.txt"),
        ("caf\udce9", "caf%ED%B3%A9"),
        ("", "%"),
    ],
)
def test_any_artifact_name_has_the_name_of_a_file(name: str, quoted: str) -> None:
    """It is percent-encoded; its first dot too, so that it is no name of the record."""
    assert quote_artifact_name(name) == quoted


def test_long_artifact_names_differ_by_a_digest() -> None:
    """They are cut off to the length that file systems accept."""
    first, second = quote_artifact_name("ä" * 100 + "1"), quote_artifact_name("ä" * 100 + "2")
    assert len(first) == len(second) == 200 and first != second
    assert first[:135] == second[:135] == ("%C3%A4" * 100)[:135]
    assert len(quote_artifact_name("x" * 501, 500)) == 500
    assert quote_artifact_name("x" * 200) == "x" * 200
