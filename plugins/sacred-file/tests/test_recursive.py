"""Tests of stores in sub-folders: of folders of runs, TinyDB and SQLite."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sacred_file import FileStorageObserver

from sacred_core.cli.main import sacred
from sacred_core.exceptions import StoreError
from sacred_core.stores.recognition import find_locations
from sacred_core.testing.event_driver import record_completed_run


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Runs in ``maps/small/sgd``, ``maps/small/adam`` and ``maps``."""
    for name in ("maps/small/sgd", "maps/small/adam", "maps"):
        record_completed_run(FileStorageObserver(tmp_path / name))
    (tmp_path / "maps" / "1" / "sub").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "maps")
    return tmp_path


def invoke(*args: Any) -> Any:
    return CliRunner().invoke(sacred, ["runs", *map(str, args)])


def test_stores_in_sub_folders_are_found(results: Path) -> None:
    """Each folder with runs is one, by its path; links and hidden folders are left out."""
    assert [*find_locations(results)] == ["maps", "maps/small/adam", "maps/small/sgd"]
    assert find_locations(results / "maps" / "small" / "sgd") == {
        "": str(results / "maps" / "small" / "sgd")
    }
    assert find_locations(results, depth=0) == {"maps": str(results / "maps")}


def test_runs_of_all_sub_folders(results: Path) -> None:
    """`--recursive` lists and shows them by path and id."""
    listed = invoke("list", results, "--recursive", "-c", "id", "--csv")
    assert sorted(listed.stdout.split()) == [
        "id", "maps/1", "maps/small/adam/1", "maps/small/sgd/1",
    ]  # fmt: skip
    shown = invoke("show", results, "maps/small/adam/1", "--recursive")
    assert shown.output.startswith("Run maps/small/adam/1: ")


def test_a_hint_names_the_sub_folders(results: Path) -> None:
    """A folder without runs of its own is listed with a hint at those in it."""
    for options in ([], ["--where", "id = 1"], ["--since", "start"]):
        result = invoke("list", results, *options)
        assert result.stdout == ""
        assert f"There are runs in {results / 'maps'}, " in result.stderr
        assert "--recursive" in result.stderr
    shown = invoke("show", results)
    assert shown.exit_code == 1
    assert f"There are runs in {results / 'maps'}, " in str(shown.exception)
    assert "There are runs" not in invoke("list", results / "maps", "-w", "id = 9").stderr


def test_other_kinds_of_stores_are_named(tmp_path: Path) -> None:
    """A folder with a TinyDB or an SQLite database is opened by their URL."""
    tinydb = pytest.importorskip("sacred_tinydb")
    sql = pytest.importorskip("sacred_sql")
    record_completed_run(tinydb.TinyDbObserver(str(tmp_path / "tiny")))
    record_completed_run(sql.SqlObserver(f"sqlite:///{tmp_path / 'runs.db'}"))
    (tmp_path / "other.db").write_bytes(b"SQLite format 3\0" + bytes(100))
    found = find_locations(tmp_path)
    assert found == {
        "runs.db": f"sqlite:///{tmp_path / 'runs.db'}", "tiny": f"tinydb://{tmp_path / 'tiny'}",
    }  # fmt: skip
    error = str(invoke("list", tmp_path / "tiny").exception)
    assert error.endswith(f"is a TinyDB, not a folder of runs: use tinydb://{tmp_path / 'tiny'}")
    error = str(invoke("list", tmp_path / "runs.db").exception)
    assert error.endswith(f"not a folder of runs: use sqlite:///{tmp_path / 'runs.db'}")
    listed = invoke("list", tmp_path, "--recursive", "-c", "id,status", "--csv").stdout.split()
    assert [line.partition("/")[0] for line in listed] == ["id,status", "runs.db", "tiny"]
    assert all(line.endswith(",COMPLETED") for line in listed[1:])


def test_a_url_has_no_sub_folders() -> None:
    """The error has the location, without its password."""
    error = invoke("list", "mongodb://ann:secret@host/runs", "--recursive").exception
    assert isinstance(error, StoreError)
    assert "--recursive needs the path of a folder" in str(error) and "secret" not in str(error)
