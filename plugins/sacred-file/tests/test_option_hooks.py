"""Tests of option hooks that choose the folder of the runs."""

import json
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.observers import FileStorageObserver
from sacred_core.stores import open_store


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


@pytest.mark.parametrize("form", ["{}", "file://{}", "file://localhost{}"])
def test_the_flag_takes_a_folder_or_its_url(ex: Experiment, tmp_path: Path, form: str) -> None:
    """`-F file:///data/my%20runs` is the folder that `sacred runs list` reads at this URL."""
    folder = tmp_path / "my runs"
    shown = form.format(str(folder).replace(" ", "%20") if "file" in form else folder)
    ex.run_commandline(["x", "-F", shown])
    assert (folder / "1/run.json").exists()
    assert open_store(shown).get(1).status == "COMPLETED"
