"""Tests of a notebook that Jupyter's kernel executes: what its cells show, and its records."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sacred_core import find_runs
from sacred_core.stores import RunStore, StoredRun, open_store

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

#: The cells, in their order, by the names that the tests use.
CELLS = {
    "imports": """
        import logging, math, os, sys
        import attrs
        from sacred_core import Experiment, Ingredient, find_runs
        from sacred_core.observers import FileStorageObserver
        root = logging.getLogger()
        def state():
            return root.level, list(root.handlers)
        before = state()
    """,
    "unused": "UNUSED = 'a cell that no run needs'",
    "ingredient": """
        data = Ingredient("data", interactive=True)
        @data.config
        def data_config():
            size = 2
        @data.capture
        def load(size):
            return size * UNIT
    """,
    "experiment": """
        ex = Experiment("fit", ingredients=[data], interactive=True)
        ex.observers.append(FileStorageObserver("runs"))
    """,
    "constant": "UNIT = 10",
    "config": """
        @ex.config
        def config():
            lr = 0.5  # the learning rate
            removed = 1
    """,
    "helper": """
        def scale(value, lr):
            return math.floor(value * lr)
    """,
    "main": """
        @ex.main
        def main(_run, lr, fail=False):
            print("from Python")
            print("to stderr", file=sys.stderr)
            if fail:
                raise ValueError("diverged")
            return scale(load(), lr)
    """,
    "run": "first = ex.run()\nfirst",
    "state": "print(before == state(), first.captured_out.count('from Python'))",
    "failure": "ex.run(config_updates={'fail': True})",
    "unknown entry": "ex.run(config_updates={'lrr': 1})",
    "direct failure": "main(None, 1, fail=True)",
    "query": "find_runs('runs', 'config.lr >')",
    "decorator": """
        @ex.config
        def returning():
            return 1
    """,
    "automain": """
        @ex.automain
        def other():
            print("never")
    """,
    "changed helper": """
        def scale(value, lr):
            return value + 1000
    """,
    "second": "second = ex.run()",
    "changed config": """
        @ex.config
        def config():
            lr = 0.25
    """,
    "hook": """
        @ex.pre_run_hook
        def announce():
            print("hook")
    """,
    "timed": "%%time\ndef scale(value, lr):\n    return -value\n",
    "third": "third = ex.run(options={'--capture': 'sys'})\nprint(dict(third.config))",
    "again": "UNIT = 10",
    "mode": "ex.run(options={'--capture': 'fd'}).captured_out",
    "listing": "find_runs('runs')",
    "stored": "find_runs('runs')[0]",
    "store": "find_runs('runs').store",
    "end": "print(before == state())",
}
#: Cells that the kernel executes again, after those above.
AGAIN = ("hook", "run", "end")
#: After these, the cells of the page in a folder of their own, where the notebook has no name.
PAGE = Path(__file__).parents[2] / "docs" / "notebooks.md"
FOLDER = "os.mkdir('page'); os.chdir('page'); del os.environ['JPY_SESSION_NAME'], __session__"
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def text_of(cell: str) -> str:
    lines = cell.strip("\n").splitlines()
    indent = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[indent:] for line in lines).rstrip()


class Notebook:
    """An executed notebook: what its cells show by their names, and the store."""

    def __init__(self, outputs: Mapping[str, list[Any]], location: str) -> None:
        self._outputs = outputs
        self.store: RunStore = open_store(location)
        self.runs: list[StoredRun] = find_runs(location)

    def stream(self, name: str, stream: str = "stdout") -> str:
        own = [each for each in self._outputs[name] if each.get("name") == stream]
        return "".join(each["text"] for each in own)

    def error(self, name: str) -> str:
        (error,) = (each for each in self._outputs[name] if each["output_type"] == "error")
        return ESCAPES.sub("", "\n".join(error["traceback"]))

    def result(self, name: str, kind: str = "text/plain") -> str:
        (result,) = (each for each in self._outputs[name] if "data" in each)
        return str(result["data"][kind])

    def source(self, run: StoredRun) -> str:
        with self.store.open_file(run.id, "source", "analysis.cells.py") as file:
            return file.read().decode()


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Notebook:
    """The notebook, executed in one kernel."""
    folder = tmp_path_factory.mktemp("notebook")
    names = [*CELLS, *(f"{name} again" for name in AGAIN)]
    texts = [text_of(CELLS[name.removesuffix(" again")]) for name in names]
    cell = re.compile(r'```python title="notebook.ipynb"\n(.*?)```', re.DOTALL)
    page = [FOLDER, *cell.findall(PAGE.read_text(encoding="utf-8"))]
    names += [f"page {number}" for number in range(len(page))]
    texts += page
    document = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, texts)))
    client = nbclient.NotebookClient(
        document, allow_errors=True, timeout=60, resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env={**_environment(), "JPY_SESSION_NAME": f"{folder}/analysis.ipynb"})
    outputs = {name: cell.outputs for name, cell in zip(names, document.cells, strict=True)}
    return Notebook(outputs, str(folder / "runs"))


def test_a_run_shows_its_output_and_itself(notebook: Notebook) -> None:
    """The output is in the cell and in the record; the run is shown in a line and as HTML."""
    assert notebook.stream("run") == "from Python\n"
    assert "to stderr" in notebook.stream("run", "stderr")
    assert "recorded in mode" not in notebook.stream("run", "stderr")
    assert notebook.result("run").startswith("<Run 1: fit main, COMPLETED, started ")
    assert "<td>config.lr</td><td>0.5</td>" in notebook.result("run", "text/html")
    run = notebook.runs[0]
    assert (run.status, run.result, run.config["data"]["size"]) == ("COMPLETED", 10, 2)
    output = notebook.store.output(run.id)
    assert "from Python" in output and "to stderr" in output


def test_the_record_has_the_cells_that_the_run_used(notebook: Notebook) -> None:
    """They are one Python file, in the order of execution, named after the notebook."""
    run = notebook.runs[0]
    assert [*run.sources] == [run.experiment["mainfile"]] == ["analysis.cells.py"]
    head, *cells = notebook.source(run).split("# %%\n")
    assert "analysis.ipynb" in head
    names = ["imports", "ingredient", "experiment", "constant", "config", "helper", "main"]
    assert [cell.strip() for cell in cells] == [text_of(CELLS[name]) for name in names]
    assert any(each.startswith("attrs==") for each in run.experiment["dependencies"])


def test_a_failing_cell_shows_frames_of_the_user(notebook: Notebook) -> None:
    """It ends with the error; frames of sacred-core are neither shown nor counted as hidden."""
    shown = notebook.error("failure")
    assert "ValueError: diverged" in shown and 'raise ValueError("diverged")' in shown
    assert re.findall(r"^Cell In\[\d+\], line \d+", shown, re.M) and shown.count("Cell In[") == 2
    assert "sacred_core" not in shown and "hidden" not in shown
    run = notebook.runs[1]
    assert run.status == "FAILED" and run.fail_trace[-1] == "ValueError: diverged\n"
    assert len([line for line in run.fail_trace if line.startswith("  File ")]) == 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("unknown entry", "unknown config entry 'lrr'"),
        ("query", "config.lr >"),
        ("decorator", "the config scope 'returning' must not return"),
        ("automain", "use @ex.main, and start a run with ex.run()"),
    ],
)
def test_a_mistake_is_a_sentence(name: str, sentence: str, notebook: Notebook) -> None:
    """It is shown below the cell that made it, and not below frames of sacred-core."""
    shown = notebook.error(name)
    assert sentence in shown and shown.count("Cell In[") == 1
    assert "sacred_core/" not in shown
    assert notebook.stream(name) == ""


def test_a_captured_function_that_fails_outside_a_run(notebook: Notebook) -> None:
    """The frame of sacred-core is hidden as IPython hides frames."""
    shown = notebook.error("direct failure")
    assert "ValueError: diverged" in shown and "sacred_core" not in shown


def test_a_changed_cell_is_recorded_as_it_ran(notebook: Notebook) -> None:
    """A later run has the new version and not the old one, also under a magic command."""
    second, third = notebook.runs[2:4]
    assert second.result == 1020 and third.result == -20
    source = notebook.source(second)
    assert text_of(CELLS["changed helper"]) in source
    assert text_of(CELLS["helper"]) not in source and "lr = 0.5" in source
    timed = notebook.source(third)
    assert "return -value" in timed and "value + 1000" not in timed
    assert text_of(CELLS["changed config"]) in timed and "lr = 0.5" not in timed


def test_a_changed_scope_replaces_the_former_one(notebook: Notebook) -> None:
    """Entries that the new version does not set are gone."""
    assert "'lr': 0.25" in notebook.stream("third")
    assert "removed" not in notebook.stream("third")


def test_a_hook_that_is_defined_again_is_called_once(notebook: Notebook) -> None:
    """Running a cell again replaces what it defined."""
    assert notebook.stream("third").startswith("hook\nfrom Python\n")
    assert notebook.stream("run again") == "hook\nfrom Python\n"


def test_other_modes_of_capture(notebook: Notebook) -> None:
    """Mode sys records; fd falls back to it, which is reported if the mode was asked for."""
    assert "from Python" in notebook.store.output(4)
    assert "from Python" in notebook.result("mode")
    assert "recorded in mode 'sys'" in notebook.stream("mode", "stderr")


def test_the_root_logger_is_as_before(notebook: Notebook) -> None:
    """After each run it has the level and the handlers that it had."""
    assert notebook.stream("state") == "True 1\n"
    assert notebook.stream("end") == notebook.stream("end again") == "True\n"


def test_what_was_recorded_is_shown(notebook: Notebook) -> None:
    """A run, runs and a store are text and HTML."""
    assert notebook.result("stored").startswith("<StoredRun 1: fit main, COMPLETED, started ")
    assert notebook.result("listing").startswith("5 runs of FileStore(")
    assert "<th>result</th>" in notebook.result("listing", "text/html")
    assert "5 runs" in notebook.result("store", "text/html")


def test_the_cells_of_the_page_can_be_executed(notebook: Notebook) -> None:
    """Their source is that which the page shows."""
    source = notebook.stream("page 5")
    shown = (
        "# The cells of an interactive session that the experiment uses.\n\n# %%\nfrom sacred_core"
    )
    assert shown in PAGE.read_text(encoding="utf-8") and source.startswith(shown)
    assert source.count("# %%\n") == 3 and "ex.run(" not in source
    causes = notebook.result("page 7", "text/html")
    assert "Causes, the likeliest first" in causes and "1. config  lr 0.2 → 0.9" in causes
    assert notebook.result("page 7").startswith("<Explanation ")


def _environment() -> dict[str, str]:
    import os

    return {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
