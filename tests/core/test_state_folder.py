"""Tests of the folders for the state of a user."""

from pathlib import Path

import pytest

from sacred_core import SETTINGS
from sacred_core.state_folder import private_folder, state_folder


def test_the_state_is_in_a_folder_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An absolute XDG_STATE_HOME names it; it is not created."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert state_folder("spools") == tmp_path / "state" / "sacred" / "spools"
    assert not (tmp_path / "state").exists()
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder("x") == tmp_path / ".local" / "state" / "sacred" / "x"


def test_each_run_has_a_private_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is in the state of the user, or in the folder of the setting."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setitem(SETTINGS, "SPOOL_DIR", "")
    assert private_folder("a") == str(tmp_path / "sacred" / "children" / "a")
    monkeypatch.setitem(SETTINGS, "SPOOL_DIR", str(tmp_path / "own"))
    assert private_folder("a") == str(tmp_path / "own" / "children" / "a")
