"""Tests of option hooks that choose the folder of the runs."""

import json
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.observers import FileStorageObserver


@pytest.fixture
def ex() -> Experiment:
    experiment = Experiment("folders")
    experiment.add_config(dataset="cifar")
    experiment.main(lambda dataset: dataset)
    return experiment


def test_a_hook_moves_the_folder(ex: Experiment, tmp_path: Path) -> None:
    """None without the flag; else the folder is a string, and what the hook sets is used."""

    @ex.option_hook
    def hook(options: dict[str, Any]) -> None:
        if options["--file_storage"] is None:
            return
        folder = Path(options["--file_storage"]) / "cifar" / "small"
        options["--file_storage"] = folder.as_posix()

    ex.run_commandline(["x"])
    assert not list(tmp_path.iterdir())
    ex.run_commandline(["x", "-F", str(tmp_path)])
    meta = json.loads((tmp_path / "cifar/small/1/run.json").read_text())["meta"]
    assert meta["options"]["--file_storage"] == str(tmp_path / "cifar/small")
    assert not (tmp_path / "1").exists()


def test_a_path_of_a_hook(ex: Experiment, tmp_path: Path) -> None:
    """A hook may set a `pathlib.Path`."""
    ex.option_hook(lambda options: options.update({"--file_storage": tmp_path / "p"}))
    ex.run()
    assert (tmp_path / "p/1/run.json").exists()


def test_two_folders(ex: Experiment, tmp_path: Path) -> None:
    """The flag given twice is a list for the hook, and each folder gets the run."""
    seen: list[Any] = []
    ex.option_hook(lambda options: seen.append(options["--file_storage"]))
    folders = [str(tmp_path / "a"), str(tmp_path / "b")]
    ex.run_commandline(["x", "-F", folders[0], "-F", folders[1]])
    assert seen == [folders]
    assert all((Path(folder) / "1/run.json").exists() for folder in folders)


def test_a_hook_appends_an_observer(ex: Experiment, tmp_path: Path) -> None:
    """The run of that call is recorded already."""
    ex.option_hook(lambda options: ex.observers.append(FileStorageObserver(tmp_path)))
    ex.run()
    assert (tmp_path / "1/run.json").exists()
