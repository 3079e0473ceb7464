"""Tests of the page of all runs."""

from pathlib import Path

from sacred_core import Experiment
from sacred_core.observers import FileStorageObserver


def test_a_run_is_on_the_page_and_has_its_own(tmp_path: Path, connect) -> None:
    """The page of runs links to the page of each."""
    ex = Experiment("train", save_git_info=False)
    ex.main(lambda: None)
    ex.observers.append(FileStorageObserver(tmp_path / "runs"))
    ex.run()
    client = connect(tmp_path / "runs")
    assert 'href="/run/runs/1"' in client.get("/").text
    assert "<title>Run 1 · train" in client.get("/run/runs/1").text
    assert client.get("/run/runs/2").status_code == 404
