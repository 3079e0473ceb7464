"""Tests of the checks of text, time and space."""

import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sacred_core import SETTINGS
from sacred_core.doctor import machine
from sacred_core.doctor.machine import check_clock, check_disk, check_text

from .conftest import problems


def test_the_encodings_of_this_process_are_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one finding, that nothing is wrong; other spellings of UTF-8 are accepted."""
    monkeypatch.setattr(machine.locale, "getpreferredencoding", lambda do: "UTF8")  # type: ignore[attr-defined]
    monkeypatch.setattr(sys, "stdout", _Stream("utf-8"))
    assert [each.message for each in check_text()] == ["every encoding is UTF-8"]


class _Stream(NamedTuple):
    encoding: str


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "no such encoding"])
def test_another_encoding_of_the_output_is_found(
    monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    """The message has its name."""
    monkeypatch.setattr(sys, "stdout", _Stream(encoding))
    [(level, message, fix)] = problems(check_text())
    assert level == "warning" and "PYTHONIOENCODING=utf-8" in fix
    assert message.startswith(f"the encoding of the standard output is {encoding}:")


def test_a_locale_that_is_not_installed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable that names it may be any of three; the locale of the process stays."""
    import locale

    before = locale.setlocale(locale.LC_CTYPE)
    monkeypatch.setattr(sys, "stdout", _Stream("utf-8"))
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setenv("LC_CTYPE", "xx_YY")
    [(level, message, fix)] = problems(check_text())
    assert (level, message) == ("warning", "the locale 'xx_YY' is not installed")
    assert "locale -a" in fix and locale.setlocale(locale.LC_CTYPE) == before


def test_the_clock_has_no_problem() -> None:
    """The finding is the time of now."""
    [found] = check_clock()
    assert found.message.startswith(f"{time.localtime().tm_year}-")


def test_a_clock_behind_the_installation_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a machine without a battery, which starts in 1970."""
    monkeypatch.setattr(machine.time, "time", lambda: 86400.0)  # type: ignore[attr-defined]
    [(level, message, fix)] = problems(check_clock())
    assert level == "error" and message.startswith("the clock shows 1970-01-02 00:00 UTC, but")
    assert "set-ntp" in fix


@pytest.mark.parametrize(
    ("zone", "is_wrong"),
    [("Europe/Nowhere", True), ("CET-1CEST", False), ("UTC", False), ("", False)],
)
def test_unknown_time_zones_are_found(
    monkeypatch: pytest.MonkeyPatch, zone: str, is_wrong: bool
) -> None:
    """Python uses UTC in their place; a rule is not a name."""
    monkeypatch.setenv("TZ", zone)
    found = problems(check_clock())
    assert [message.partition(" is not ")[0] for _, message, _ in found] == (
        [f"TZ={zone!r}"] if is_wrong else []
    )


class _Usage(NamedTuple):
    free: int


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all that a run writes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(machine.tempfile, "gettempdir", lambda: str(tmp_path))  # type: ignore[attr-defined]
    monkeypatch.setattr(SETTINGS, "SPOOL_DIR", str(tmp_path / "spools" / "new"))
    return tmp_path


@pytest.mark.parametrize(
    ("free", "level"),
    [
        (99_999_999, "error"),
        (100_000_000, "warning"),
        (999_999_999, "warning"),
        (1_000_000_000, "ok"),
    ],
)
def test_free_space_is_found(
    folders: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: str
) -> None:
    """Folders of one disk are one finding, also those that do not exist yet."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: _Usage(free))
    [found] = check_disk()
    assert found.level == level
    assert found.message.endswith(
        f" free for the working directory ({folders}), temporary files ({folders}), "
        f"the output of running runs ({folders}/spools/new)"
    )


def test_a_folder_that_cannot_be_written_to_is_found(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in its place is one; the others are found as usual."""
    (folders / "file").write_text("")
    monkeypatch.setattr(SETTINGS, "SPOOL", str(folders / "file"))
    [(level, message, _)] = problems(check_disk())
    assert level == "warning"
    assert message == f"the folder for the spool cannot be written to: {folders}/file"


def test_permissions_are_checked(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system is asked, which also considers disks that are read-only."""
    access: Any = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != folders and access(path, mode))
    assert [message.partition(" cannot")[0] for _, message, _ in problems(check_disk())] == [
        "the folder for the working directory",
        "the folder for temporary files",
        "the folder for the output of running runs",
    ]
