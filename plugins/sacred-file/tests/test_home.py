"""Paths that begin with the home folder, as a shell that quotes them leaves them."""

from pathlib import Path

import pytest
from sacred_file import FileStorageObserver
from sacred_file.store import FileStore

from sacred_core import Experiment
from sacred_core.stores import open_store


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


def test_the_flag_and_stores_expand_the_home_folder(home: Path) -> None:
    """``-F '~/runs'`` records in the home folder, and every way to name the store finds it."""
    ex = Experiment("home", save_git_info=False)
    ex.main(_nothing)
    ex.run(options={"-F": "~/runs", "-l": "ERROR", "-c": "x"})
    assert (home / "runs" / "1" / "run.json").is_file()
    assert not Path("~").exists()
    for location in ("~/runs", "file://~/runs", str(home / "runs")):
        assert [run.id for run in open_store(location).list()] == [1]
    assert [run.id for run in FileStore("~/runs").list()] == [1]


def test_every_folder_of_the_observer_is_expanded(home: Path) -> None:
    """That of resources, of sources and the template too."""
    (home / "page.html").write_text("")
    observer = FileStorageObserver(
        "~/runs", resource_dir="~/resources", source_dir="~/sources", template="~/page.html"
    )
    assert observer.basedir == str(home / "runs")
    assert observer.resource_dir == home / "resources"
    assert observer.source_dir == home / "sources"
    assert observer.template == home / "page.html"


def test_a_user_who_does_not_exist_is_a_folder_of_that_name(home: Path, tmp_path: Path) -> None:
    """A user who does not exist is a folder of that name, as in a shell."""
    observer = FileStorageObserver("~nobody_of_this_name/runs")
    assert observer.basedir == "~nobody_of_this_name/runs"
    assert observer.resource_dir == tmp_path / "~nobody_of_this_name" / "runs" / "_resources"


def test_configuration_files_are_expanded(home: Path) -> None:
    """Configuration files are expanded, in ``add_config`` and on the command line."""
    (home / "config.json").write_text('{"a": 3}')
    ex = Experiment("home", save_git_info=False)
    ex.add_config("~/config.json")
    ex.main(_value)
    assert ex.run(options={"-l": "ERROR", "-u": True}).result == 3
    other = Experiment("other", save_git_info=False)
    other.add_config(a=1)
    other.main(_value)
    run = other.run(named_configs=["~/config.json"], options={"-l": "ERROR", "-u": True})
    assert run.result == 3


def _nothing() -> None:
    pass


def _value(a: int) -> int:
    return a
