"""Tests that follow the page *Write a plugin* from an empty folder, as a reader would."""

import json
import re
import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path
from typing import Any

import attrs
import pytest

from .pages import blocks, concepts, files_of, imported_names, run, sections, type_lines

PAGE = "write-a-plugin.md"


@attrs.frozen
class Followed:
    """The folder after the section *An observer*, and what its commands returned."""

    folder: Path
    done: list["subprocess.CompletedProcess[str]"]

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines of the file; each is JSON as the standard defines it."""
        text = (self.folder / "runs.jsonl").read_text(encoding="utf-8")
        return [json.loads(line, parse_constant=_refuse) for line in text.splitlines()]


def _refuse(constant: str) -> Any:
    raise AssertionError(f"{constant} is not JSON")


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    """Create the files of the page and type its commands."""
    folder = tmp_path_factory.mktemp("acme")
    for name, content in files_of(PAGE).items():
        (folder / name).write_text(content, encoding="utf-8")
    done = type_lines(folder, blocks(PAGE, "sh")[2])
    (folder / "acme_jsonl.py").unlink()  # what is installed counts
    return Followed(folder, done)


def test_the_page_names_its_files() -> None:
    """A reader is told to create these, and no other."""
    names = {"pyproject.toml", "acme_jsonl.py", "my_experiment.py", "test_acme_jsonl.py"}
    assert set(files_of(PAGE)) == names


def test_the_commands_do_what_the_page_describes(followed: Followed) -> None:
    """One run completes, one fails, and one does not start, with the sentence of the page."""
    installed, completed, failed, refused = followed.done
    assert (installed.returncode, completed.returncode) == (0, 0), completed.stderr
    assert failed.returncode == 1 and "ZeroDivisionError" in failed.stderr
    [printed] = blocks(PAGE, "text")
    assert (refused.returncode, refused.stderr) == (2, printed)
    first, second = followed.lines()[:2]
    assert (first["status"], first["result"], first["config"]["divisor"]) == ("COMPLETED", 0.5, 2)
    assert (second["status"], second["error"]) == (
        "FAILED", "ZeroDivisionError: division by zero",
    )  # fmt: skip


def test_a_script_may_use_the_observer(followed: Followed) -> None:
    """The block for scripts adds a line."""
    [code] = [block for block in blocks(PAGE, "python") if "ex.observers.append" in block]
    done = run(followed.folder, sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    assert followed.lines()[-1]["result"] == 0.25


def test_interrupts_and_nan_are_recorded(followed: Followed) -> None:
    """An interrupted run has a line, and a result that JSON cannot have is written."""
    script = followed.folder / "odd.py"
    script.write_text(
        "from sacred_core import Experiment\nex = Experiment('odd')\n\n@ex.automain\n"
        "def main(_run):\n"
        "    if _run.config['seed'] == 1:\n        raise KeyboardInterrupt\n"
        "    return float('nan')\n"
    )
    for seed in (1, 2):
        flag = ("--jsonl", "runs.jsonl", "with", f"seed={seed}")
        run(followed.folder, sys.executable, script.name, *flag)
    stopped, odd = followed.lines()[-2:]
    assert stopped["status"] == "INTERRUPTED"
    assert odd["result"] == {"%json": "NaN"}


def test_a_missing_folder_is_an_error_at_the_start(followed: Followed) -> None:
    """The main function does not run."""
    words = ("my_experiment.py", "--jsonl", "none/runs.jsonl", "with", "divisor=0")
    done = run(followed.folder, sys.executable, *words)
    assert done.returncode == 1 and "ZeroDivisionError" not in done.stderr
    assert "could not record the start of the run: No such file or directory" in done.stderr


def test_the_smallest_plugin_fulfils_the_contract(followed: Followed) -> None:
    """The command of the page runs the tests of the page, and all pass."""
    [done] = type_lines(followed.folder, blocks(PAGE, "sh")[3])
    assert re.search(r"^1\d passed in", done.stdout, re.MULTILINE), done.stdout


def test_the_plugin_is_listed(followed: Followed) -> None:
    """`sacred plugins` has its flag."""
    printed = run(followed.folder, "sacred", "plugins").stdout
    assert "jsonl (acme-jsonl 1.0):\n  observer  JsonLinesObserver: --jsonl FILE\n" in printed


def test_it_can_be_published(followed: Followed, tmp_path: Path) -> None:
    """With the lines of the page the distribution has what an index shows."""
    files = files_of(PAGE)
    lines = blocks(PAGE, "toml")[1]
    project = files["pyproject.toml"].replace("dependencies =", f"{lines}dependencies =", 1)
    (tmp_path / "pyproject.toml").write_text(project)
    (tmp_path / "acme_jsonl.py").write_text(files["acme_jsonl.py"])
    (tmp_path / "README.md").write_text("# acme-jsonl\n")
    built = run(
        tmp_path, sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation",
        "--wheel-dir", "dist", ".",
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    [wheel] = (tmp_path / "dist").iterdir()
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        info = next(name for name in names if name.endswith("/METADATA"))
        metadata = message_from_string(archive.read(info).decode())
    assert "acme_jsonl.py" in names
    assert metadata["Name"] == "acme-jsonl" and metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT" and "# acme-jsonl" in str(metadata.get_payload())
    assert metadata["Project-URL"].startswith("Repository, ")
    assert "sacred-core<0.2,>=0.1" in metadata.get_all("Requires-Dist", [])


def test_the_concepts_are_counted() -> None:
    """The page uses no name of sacred-core that the table lacks, and each where the table says."""
    table = concepts(PAGE)
    text = sections(PAGE)
    assert len(table) == 9 and "These nine concepts" in text.pop("concepts")
    del text["create-a-package"]  # it shows no code
    used = set().union(*map(imported_names, blocks(PAGE, "python")))
    used -= {"Experiment", "JsonLinesObserver"}  # what users have
    words = {word for concept in table for word in re.findall(r"`([^`]+)`", concept)}
    assert used <= words, used - words
    for concept, anchor in table.items():
        order = list(text)
        for word in re.findall(r"`(\w+)`", concept):
            first = next(title for title in order if word in text[title])
            assert first == anchor, f"{word} is first in {first}"


def test_the_module_is_short() -> None:
    """At most thirty lines: what one has to write to publish an observer."""
    code = [line for line in files_of(PAGE)["acme_jsonl.py"].splitlines() if line.strip()]
    assert len(code) <= 30
