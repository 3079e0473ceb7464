"""Tests of the descriptions of runs with a spool."""

import json
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sacred_core import SETTINGS, RunObserver
from sacred_core.run import Run
from sacred_core.run.recovery import recover
from sacred_core.run.spools import (
    LiveSpool,
    StoreAddress,
    live_spool,
    spool_entries,
    spools_folder,
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    before, SETTINGS.SPOOL_DIR = SETTINGS.SPOOL_DIR, str(tmp_path / "spools")
    yield tmp_path / "spools"
    SETTINGS.SPOOL_DIR = before


def described(spool: Path | None = None, **changed: Any) -> LiveSpool:
    values = {
        "run": "abc", "name": "train", "command": "main", "host": "here", "pid": 7,
        "start_time": datetime(2026, 1, 2, tzinfo=UTC),
        "stores": (StoreAddress(observer="Some", location="some://where", run_id=3),),
    }  # fmt: skip
    return live_spool(spool, **{**values, **changed})


def test_a_description_comes_back(folder: Path) -> None:
    """A description comes back, with the same values, for the owner only, until it is closed."""
    live = described()
    assert list(spool_entries()) == [live.entry]
    assert live.entry.folder == live.entry.path.with_suffix("")
    assert live.entry.folder.stat().st_mode & 0o777 == 0o700
    assert live.entry.path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert live.entry.is_live
    live.close()
    assert list(folder.iterdir()) == []


def test_descriptions_come_in_the_order_of_starts(folder: Path) -> None:
    """Files that are not a description are skipped."""
    later = described(start_time=datetime(2026, 1, 3, tzinfo=UTC))
    first = described()
    (folder / "run-empty.json").touch()
    (folder / "run-other.json").write_text(json.dumps({"folder": 1}))
    assert list(spool_entries()) == [first.entry, later.entry]
    for live in (first, later):
        live.close()


def test_a_folder_that_others_can_read_is_made_private(folder: Path) -> None:
    """What is in a spool is not masked."""
    folder.mkdir(mode=0o755)
    described().close()
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"XDG_STATE_HOME": "{tmp}/state"}, "{tmp}/state/sacred/spools"),
        ({"XDG_STATE_HOME": "relative", "HOME": "{tmp}"}, "{tmp}/.local/state/sacred/spools"),
        ({"XDG_STATE_HOME": "", "HOME": "{tmp}"}, "{tmp}/.local/state/sacred/spools"),
        ({"XDG_STATE_HOME": "/proc/none", "TMPDIR": "{tmp}"}, "{tmp}/sacred-{uid}/spools"),
    ],
)
def test_where_descriptions_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    """Where descriptions are, in the folder of the user's state, or else in that of temporary
    files.
    """
    values = {"tmp": str(tmp_path), "uid": os.getuid()}
    monkeypatch.setattr(SETTINGS, "SPOOL_DIR", "")
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).startswith("/proc"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(**values))
    assert spools_folder() == Path(expected.format(**values))


def test_a_location_that_raises_harms_no_run(folder: Path) -> None:
    """The run is recorded, and cannot be recovered."""

    class Broken(RunObserver):
        def started_event(self) -> int:
            return 1

        @property
        def store_location(self) -> str:  # type: ignore[override]
            raise OSError("no network")

    logger = logging.getLogger("tests.spools")
    run = Run({}, None, lambda: 7, [Broken()], logger, logger, {}, {}, (), ())
    assert run() == 7
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_live_run_is_reported_and_not_changed(folder: Path) -> None:
    """Nothing is opened for it."""
    live = described()
    (done,) = recover()
    assert (done.entry, done.address, done.count, done.reason) == (
        live.entry, None, None, "the run is alive",
    )  # fmt: skip
    live.close()
    assert list(recover()) == []
