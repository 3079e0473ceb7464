"""Tests that follow the page *Write a backend* from an empty folder, as a reader would."""

import inspect
import re
import subprocess
from pathlib import Path

import attrs
import pytest

from sacred_core.observers.backends import Backend
from sacred_core.observers.documents import DocumentObserver
from sacred_core.stores.documents import DocumentStore

from .pages import (
    blocks,
    concepts,
    count_passed,
    files_of,
    imported_names,
    install,
    run,
    run_tests,
    sections,
    type_lines,
)

PAGE = "write-a-backend.md"
SCRIPT = """
from sacred_core import Experiment

ex = Experiment("unchanged", save_git_info=False)


@ex.automain
def main(seed, _run):
    print("printed")
    _run.log_scalar("loss", 0.5)
    ex.add_artifact(__file__, "script")
    return 3
"""
#: The rules about changes only, so that the others do not run twice.
CHANGES = """
from acme_sqlite_changes import AcmeChangeStore
from acme_sqlite_runs import AcmeObserver
from sacred_core.testing.changes_contract import ChangesContract


class TestChanges(ChangesContract):
    def make_observer(self, tmp_path):
        return AcmeObserver(tmp_path / "acme.db")

    def make_store(self, tmp_path):
        return AcmeChangeStore(tmp_path / "acme.db")
"""


@attrs.frozen
class Followed:
    """The folder, and what the commands of the page returned."""

    folder: Path
    done: list["subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    """Create the files of the page and type its commands."""
    folder = tmp_path_factory.mktemp("acme")
    files = files_of(PAGE)
    tests, changes = files.pop("test_acme_sqlite.py"), files.pop("acme_sqlite_changes.py")
    (folder / "my_experiment.py").write_text(SCRIPT)
    install(folder, files)  # what is installed counts
    (folder / "acme_sqlite_changes.py").write_text(changes, encoding="utf-8")
    (folder / "test_acme_sqlite.py").write_text(tests, encoding="utf-8")
    _, *lines = blocks(PAGE, "sh")[0].splitlines()
    return Followed(folder, type_lines(folder, "\n".join(lines)))


def test_the_commands_record_show_tag_and_delete_a_run(followed: Followed) -> None:
    """Every command of the page succeeds, and shows the run of an unchanged script."""
    recorded, listed, shown, tagged, deleted = followed.done
    for done in followed.done:
        assert done.returncode == 0, f"{done.args}: {done.stderr}"
    assert "COMPLETED" in listed.stdout and "unchanged" in listed.stdout
    assert "printed" in shown.stdout and "script" in shown.stdout
    assert deleted.stdout == "Deleted run 1.\n"
    assert "Traceback" not in recorded.stderr + tagged.stderr


def test_a_location_without_runs_is_an_error(followed: Followed) -> None:
    """A file that does not exist is not created, and the sentence has its name."""
    done = run(followed.folder, "sacred", "runs", "list", "acme://none.db")
    assert done.returncode == 1
    assert done.stderr == f"Error: there are no runs at 'acme://{followed.folder}/none.db'\n"
    assert not (followed.folder / "none.db").exists()


def test_the_backend_passes_every_contract(followed: Followed) -> None:
    """The block of tests, run by pytest, passes: the plugin's rules and those of stores."""
    printed = run_tests(followed.folder, files_of(PAGE)["test_acme_sqlite.py"])
    assert count_passed(printed) >= 130


def test_the_backend_finds_changes(followed: Followed) -> None:
    """With the block about changes it passes the rules of changes."""
    assert count_passed(run_tests(followed.folder, CHANGES)) >= 5


def test_the_page_has_every_method() -> None:
    """The tables have each method that an author writes, also the optional one, and no other."""
    text = sections(PAGE)
    listed = re.findall(r"^\| `(\w+)\(", text["the-methods"], re.MULTILINE)
    assert sorted(listed) == sorted({*Backend.__abstractmethods__, "replace_key"})
    for name in listed:
        parameters = [*inspect.signature(getattr(Backend, name)).parameters][1:]
        row = next(r for r in text["the-methods"].splitlines() if r.startswith(f"| `{name}("))
        given = row.partition("(")[2].partition(")")[0]
        assert re.findall(r"(\w+)(?:=\w+)?", re.sub(r"=\w+", "", given)) == parameters, row
    for base in (DocumentObserver, DocumentStore):
        required = [n for n, f in vars(base).items() if getattr(f, "__isabstractmethod__", False)]
        assert len(required) > 2
        for name in required:
            assert f"`{name}(" in text["another-layout"], name


def test_the_backend_is_short_and_its_concepts_are_counted() -> None:
    """At most 120 lines of code; no name of sacred-core that the table lacks; no wrong section."""
    files, table, text = files_of(PAGE), concepts(PAGE), sections(PAGE)
    module, plugin = files["acme_sqlite_runs.py"], files["acme_sqlite.py"]
    assert len([line for line in (plugin + module).splitlines() if line.strip()]) <= 120
    assert len(table) == 6
    words = {word for concept in table for word in re.findall(r"`(\w+)`", concept)}
    assert imported_names(module) <= words
    for concept, anchor in table.items():
        for word in re.findall(r"`(\w+)`", concept):
            assert next(title for title in text if word in text[title]) == anchor, word
