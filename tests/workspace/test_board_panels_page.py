"""Tests that follow the page *Panels of the board*: its plugin is installed, and a board asked."""

import json
import sys
from pathlib import Path

import pytest

from .pages import blocks, files_of, install, run, run_tests

PAGE = "board-panels.md"
#: Records a run with the artifact of the page and one without, and prints the pages of a board.
ASK = """
import json
from pathlib import Path
from sacred_board import create_app
from sacred_board.board import Board
from sacred_board.data.locations import Location
from sacred_core import Experiment, open_store
from sacred_core.observers import FileStorageObserver
from starlette.testclient import TestClient

for has_matrix in (True, False):
    ex = Experiment("classify", save_git_info=False)
    ex.observers.append(FileStorageObserver("runs"))

    @ex.main
    def main(_run):
        if has_matrix:
            _run.add_artifact("confusion.json")
        Path("values.numbers").write_text("1 5 3")
        _run.add_artifact("values.numbers", content_type="text/x-numbers")

    ex.run()
location = Location("runs", "runs", lambda: open_store("runs"))
with TestClient(create_app(Board([location])), "http://127.0.0.1:8137") as client:
    addresses = ["1?tab=confusion-matrix", "1", "2", "1?tab=artifacts&file=values.numbers"]
    print(json.dumps([client.get(f"/run/runs/{each}").text for each in addresses]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the plugin, installed with the viewer of the page added to it."""
    pytest.importorskip("sacred_board")
    folder = tmp_path_factory.mktemp("acme")
    files = files_of(PAGE)
    assert set(files) == {"acme_confusion.py", "pyproject.toml"}
    [viewer] = [block for block in blocks(PAGE, "python") if "show_numbers" in block]
    head, _, offer = viewer.partition("@hookimpl")
    yielded = offer.partition("panels():\n")[2]
    files["acme_confusion.py"] = head + files["acme_confusion.py"] + yielded
    install(folder, files)
    (folder / "confusion.json").write_text(blocks(PAGE, "json")[0])
    return folder


def test_the_panel_is_short() -> None:
    """A tab takes at most twenty lines."""
    code = files_of(PAGE)["acme_confusion.py"].splitlines()
    assert len([line for line in code if line.strip()]) <= 20


def test_the_board_shows_the_panels(folder: Path) -> None:
    """The tab has the table of the artifact; a run without it has no such tab."""
    (folder / "ask.py").write_text(ASK)
    done = run(folder, sys.executable, "ask.py")
    assert done.returncode == 0, done.stderr
    tab, first, second, artifact = json.loads(done.stdout.splitlines()[-1])
    assert "<tr><th>cat</th><td class='num'>5</td><td class='num'>1</td></tr>" in tab
    assert "<th></th><th class='num'>cat</th><th class='num'>dog</th>" in tab
    assert "Confusion matrix" in first and "Confusion matrix" not in second
    assert '<pre class="panel-text">3 numbers, the largest is 5.0</pre>' in artifact


def test_the_panels_are_listed(folder: Path) -> None:
    """`sacred plugins` has the panels of the plugin."""
    printed = run(folder, "sacred", "plugins").stdout
    assert "confusion (acme-confusion 1.0):\n  board panels  Confusion matrix, Numbers" in printed


def test_the_plugin_fulfils_the_contract(folder: Path) -> None:
    """The contract of plugins has the hook of the board, and imports what the panels name."""
    tests = (
        "from sacred_core.testing import PluginContract\n\n\n"
        "class TestPlugin(PluginContract):\n"
        '    distribution = "acme-confusion"\n'
    )
    assert "passed" in run_tests(folder, tests)
