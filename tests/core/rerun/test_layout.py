"""Tests of where the files of a run are in the folder of a rerun."""

from pathlib import Path
from typing import Any

import pytest

from sacred_core.exceptions import RerunError
from sacred_core.rerun.layout import Layout, plan_layout
from sacred_core.stores import StoredRun

FOLDER = Path("/again")


def layout(
    names: list[str], base_dir: str = "/home/me/project", main: str = "train.py", **info: Any
) -> Layout:
    sources = [[name, "0" * 32] for name in names]
    experiment = {"base_dir": base_dir, "mainfile": main, "sources": sources, **info}
    return plan_layout(StoredRun(id=1, status="COMPLETED", experiment=experiment), FOLDER)


@pytest.mark.parametrize(
    ("names", "info", "main", "root", "working"),
    [
        (["train.py"], {}, "train.py", "", ""),
        (["a/b/train.py"], {"main": "a/b/train.py"}, "a/b/train.py", "a/b", ""),
        (["train.py", "../lib/x.py"], {}, "project/train.py", "project", "project"),
        (["train.py", "x/../../../y.py"], {}, "me/project/train.py", "me/project", "me/project"),
        (["train.py", "__init__.py"], {}, "project/train.py", "", ""),
        (["s/train.py", "s/__init__.py"], {"main": "s/train.py"}, "s/train.py", "", ""),
        (["train.py"], {"module": "pkg.sub.train"}, "pkg/sub/train.py", "", ""),
        (["s/train.py"], {"main": "s/train.py", "module": "s.train"}, "s/train.py", "", ""),
        (["__main__.py"], {"main": "__main__.py", "module": "pkg.__main__"},
         "pkg/__main__.py", "", ""),
        (["train.py", "go.py"], {"script": "go.py"}, "go.py", "", ""),
        (["train.py"], {"working_dir": "/home/me"}, "project/train.py", "project", ""),
        (["train.py"], {"working_dir": "/home/me/project/a"}, "train.py", "", "a"),
        (["s/train.py", "s/__init__.py"], {"main": "s/train.py", "module": "s.train",
         "working_dir": "/home"}, "me/project/s/train.py", "me/project", ""),
        (["train.py"], {"working_dir": "/"}, "train.py", "", ""),
        (["train.py"], {"working_dir": "/home/me/project/../../.."}, "train.py", "", ""),
        (["train.py"], {"working_dir": "/var/x"}, "train.py", "", ""),
        (["train.py"], {"working_dir": "C:\\x"}, "train.py", "", ""),
        (["train.py"], {"working_dir": 5}, "train.py", "", ""),
    ],
)  # fmt: skip
def test_where_the_main_file_is(
    names: list[str], info: dict[str, Any], main: str, root: str, working: str
) -> None:
    """Names that lead upwards, and packages, have as many folders above them as they need."""
    found = layout(names, **info)
    assert found.main_path == FOLDER / main
    assert found.import_root == FOLDER / root
    assert found.working_dir == FOLDER / working


@pytest.mark.parametrize("name", ["/etc/passwd", "a/../../../../../../../etc/passwd", "x\0y"])
def test_no_path_is_outside_the_folder(name: str) -> None:
    """A name in a record that leads elsewhere is an error."""
    with pytest.raises(RerunError, match="leads out of the folder"):
        layout(["train.py"]).path_of(name)


def test_a_recorded_path_is_moved_with_the_sources() -> None:
    """A path in the recorded folder, or in those above that are needed, has a new place."""
    found = layout(["train.py", "../lib/x.py"])
    assert found.moved("/home/me/project/data/a.csv") == FOLDER / "project/data/a.csv"
    assert found.moved("/home/me/lib/b.csv") == FOLDER / "lib/b.csv"
    assert found.moved("/home/you/c.csv") is None
    assert found.moved("/home/me/project/../../c.csv") is None


def test_names_may_lead_further_up_than_there_are_folders() -> None:
    """Then no recorded path has a place in the folder."""
    found = layout(["../../../../../train.py"], main="../../../../../train.py")
    assert found.main_path.is_relative_to(FOLDER)
    assert found.top is None
    assert found.moved("/home/me/project/a.csv") is None


def test_names_of_windows_are_understood() -> None:
    """A run that was recorded on Windows has backslashes in its names."""
    found = layout(["s\\train.py"], base_dir="C:\\me\\project", main="s\\train.py")
    assert found.main_path == FOLDER / "s" / "train.py"
    assert found.moved("C:\\me\\project\\data\\a.csv") == FOLDER / "data" / "a.csv"


@pytest.mark.parametrize(
    ("names", "main", "message"),
    [
        (["train.py"], "other.py", "main file 'other.py' of run '1' is not among its sources"),
        (["a.cells.py"], "a.cells.py", "recorded in a notebook"),
        (["train.py"], "", "has no main file"),
        (["train.py", "../" * 70 + "x.py"], "train.py", "70 folders up"),
    ],
)
def test_a_run_that_cannot_be_started_is_an_error(
    names: list[str], main: str, message: str
) -> None:
    """The message says what the record lacks."""
    with pytest.raises(RerunError, match=message):
        layout(names, main=main)
