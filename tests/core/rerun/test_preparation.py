"""Tests of the folder of a rerun: sources, patch, and the files of a repository."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sacred_core.compare import ComparedRun
from sacred_core.exceptions import RerunError
from sacred_core.provenance.repositories import find_repositories
from sacred_core.rerun.preparation import Preparation, prepare_folder

from .conftest import RecordRun, write

SOURCES = {"train.py": "x = 2\n"}
IDENTITY = ("-c", "user.name=me", "-c", "user.email=me@localhost")


def git(folder: Path, *words: str) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    subprocess.run(["git", *IDENTITY, *words], cwd=folder, env=environment, check=True)


@pytest.fixture
def top(base: Path) -> Path:
    """A repository around the folder of the sources, with uncommitted changes."""
    top = base.parent
    write(base / "train.py", "x = 1\n")
    write(base / "data" / "a.csv", "1\n")
    write(top / "shared" / "b.txt", "b\n")
    write(top / ".gitattributes", "shared export-ignore\n")
    git(top, "init", "--quiet")
    git(top, "add", ".")
    git(top, "commit", "--quiet", "-m", "first")
    write(base / "train.py", "x = 2\n")
    write(base / "data" / "a.csv", "2\n")
    write(base / "data" / "new.csv", "new\n")
    git(top, "add", "project/data/new.csv")
    return top


@pytest.fixture
def recorded(record: RecordRun, base: Path, top: Path) -> ComparedRun:
    """A run in this repository."""
    return record(SOURCES, {"repositories": find_repositories([base / "train.py"])})


Prepare = Callable[..., Preparation]


@pytest.fixture
def prepare(tmp_path: Path) -> Prepare:
    """Prepares the folder of a run, inside a repository that it has nothing to do with."""
    git(tmp_path, "init", "--quiet")

    def prepared(recorded: ComparedRun, repository: str | None = None) -> Preparation:
        (tmp_path / "again").mkdir()
        return prepare_folder(recorded.store, recorded.run, tmp_path / "again", repository)

    return prepared


def contents(prepared: Preparation) -> dict[str, str]:
    folder = prepared.layout.folder
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


WITH_REPOSITORY = {
    ".gitattributes": "shared export-ignore\n",
    "project/train.py": "x = 2\n",
    "project/data/a.csv": "2\n",
    "project/data/new.csv": "new\n",
    "shared/b.txt": "b\n",
}


def test_new_files_of_the_patch_are_created(recorded: ComparedRun, prepare: Prepare) -> None:
    """Without the repository, a changed data file is missing, and a new one is complete."""
    prepared = prepare(recorded)
    assert contents(prepared) == {"project/train.py": "x = 2\n", "project/data/new.csv": "new\n"}
    assert prepared.warnings == [
        "'project/data/a.csv', which had uncommitted changes, is missing: use --repo"
    ]


def test_other_files_come_from_the_repository(
    recorded: ComparedRun, prepare: Prepare, top: Path
) -> None:
    """All files of the commit are there, with the patch, though the working copy has changed."""
    write(top / "project" / "train.py", "x = 3\n")
    git(top, "commit", "--quiet", "-am", "second")
    prepared = prepare(recorded, str(top / "project"))
    assert contents(prepared) == WITH_REPOSITORY
    assert prepared.warnings == []
    assert prepared.layout.main_path == prepared.layout.folder / "project" / "train.py"


def test_a_repository_is_cloned_from_its_address(
    recorded: ComparedRun, prepare: Prepare, top: Path
) -> None:
    """The address of a repository does as well as its path."""
    assert contents(prepare(recorded, top.as_uri())) == WITH_REPOSITORY


def test_the_repository_may_be_below_the_sources(
    record: RecordRun, prepare: Prepare, base: Path
) -> None:
    """A repository in a folder of the sources is written there."""
    write(base / "part" / "a.py", "a = 1\n")
    write(base / "part" / "data.txt", "data\n")
    git(base / "part", "init", "--quiet")
    git(base / "part", "add", ".")
    git(base / "part", "commit", "--quiet", "-m", "first")
    repositories = find_repositories([base / "part" / "a.py"])
    sources = {"train.py": "import part.a\n", "part/a.py": "a = 1\n"}
    recorded = record(sources, {"repositories": repositories})
    prepared = prepare(recorded, str(base / "part"))
    assert contents(prepared) == {**sources, "part/data.txt": "data\n"}


def test_resources_near_the_sources_are_restored(
    record: RecordRun, base: Path, tmp_path: Path
) -> None:
    """A script finds ``../data/a.csv``; what is further away is used where it is."""
    recorded = record(resources={"../data/a.csv": "1\n", "../../../b.csv": "2\n"})
    (base.parent / "data" / "a.csv").unlink()
    prepared = prepare_folder(recorded.store, recorded.run, tmp_path / "again")
    assert contents(prepared) == {"project/train.py": "x = 1\n", "data/a.csv": "1\n"}
    assert (prepared.layout.working_dir.name, prepared.warnings) == ("project", [])


def test_what_is_no_repository_is_an_error(
    recorded: ComparedRun,
    prepare: Prepare,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A folder without a repository is not one without the commit, and git may be missing."""
    other = tmp_path_factory.mktemp("other")
    with pytest.raises(RerunError, match="cannot be read: git rev-parse: fatal: not a git repos"):
        prepare(recorded, str(other))
    monkeypatch.setenv("PATH", str(other))
    with pytest.raises(RerunError, match="the program git is not installed"):
        prepare_folder(recorded.store, recorded.run, other / "again", str(other))


@pytest.mark.parametrize(
    ("repository", "info", "message"),
    [
        ("missing", {}, "--repo: there is no folder 'missing'"),
        (".", {"repositories": []}, "--repo: no commit is recorded for run '1'"),
        (".", {"repositories": [{"url": None, "commit": "-x" * 20, "dirty": False}]},
         "no commit is recorded"),
        (".", {"repositories": [{"url": None, "commit": "ab" * 20, "dirty": False}]},
         "does not contain the commit abab"),
        ("file:///nowhere", {"repositories": []}, "git clone: .*nowhere"),
    ],
)  # fmt: skip
def test_a_repository_without_the_commit_is_an_error(
    record: RecordRun, prepare: Prepare, top: Path, monkeypatch: pytest.MonkeyPatch,
    repository: str, info: dict[str, Any], message: str,
) -> None:  # fmt: skip
    """The message names the commit, or what git reports."""
    monkeypatch.chdir(top)
    with pytest.raises(RerunError, match=message):
        prepare(record(SOURCES, info), repository)


def test_changes_that_are_not_stored_are_reported(record: RecordRun, prepare: Prepare) -> None:
    """A patch that was too large is missing in the store."""
    repository = {"url": None, "commit": "ab" * 20, "dirty": True}
    prepared = prepare(record(SOURCES, {"repositories": [repository]}))
    assert prepared.warnings == [
        "the uncommitted changes of the commit abababababab are not stored"
    ]


def test_a_patch_writes_nothing_outside(
    record: RecordRun, prepare: Prepare, tmp_path: Path
) -> None:
    """A hostile patch is refused by git, and reported."""
    patch = (
        "diff --git a/../../evil b/../../evil\nnew file mode 100644\nindex 0000000..3b18e51\n"
        "--- /dev/null\n+++ b/../../evil\n@@ -0,0 +1 @@\n+hello world\n"
        "diff --git a/train.py b/train.py\n"
    )
    repository = {"url": None, "commit": "ab" * 20, "dirty": True, "patch": patch}
    prepared = prepare(record(SOURCES, {"repositories": [repository]}))
    assert "'../../evil' cannot be created from the stored changes" in prepared.warnings[0]
    assert not any(tmp_path.rglob("evil"))
