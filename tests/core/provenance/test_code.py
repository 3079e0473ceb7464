"""Tests of what is recorded about the code of an experiment."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = """
import json
import yaml
import attr
import data
from pkg.sub import helper
from sacred_core import Experiment

ex = Experiment("coded")


@ex.automain
def main(_run):
    print(json.dumps(_run.experiment_info))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "sub.py").write_text("import unusual\nhelper = unusual.VALUE\n")
    (tmp_path / "unusual.py").write_text("VALUE = 1\n")
    (tmp_path / "data.py").write_text("")
    (tmp_path / "unused.py").write_text("")
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path


def run(folder: Path, *args: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, folder / "script.py", *args], cwd=cwd or folder,
        capture_output=True, text=True,
    )  # fmt: skip


def info_of(folder: Path, *args: str, cwd: Path | None = None) -> dict[str, Any]:
    done = run(folder, "-l", "ERROR", *args, cwd=cwd)
    assert done.returncode == 0, done.stderr
    info: dict[str, Any] = json.loads(done.stdout)
    return info


def git(folder: Path, *args: str) -> str:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    done = subprocess.run(
        ["git", *identity, *args], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(project: Path) -> Path:
    git(project, "init", "-q")
    git(project, "remote", "add", "origin", "https://ann:secret@example.org/x.git")
    git(project, "add", ".")
    git(project, "commit", "-qm", "first")
    return project


def test_sources_are_the_imported_local_files(project: Path, tmp_path_factory: Any) -> None:
    """With their md5, whatever they are called, from whatever folder the script is run."""
    info = info_of(project, cwd=tmp_path_factory.mktemp("elsewhere"))
    names = ["data.py", str(Path("pkg", "sub.py")), "script.py", "unusual.py"]
    assert [name for name, _ in info["sources"]] == names
    assert info["base_dir"] == str(project.resolve())
    assert info["mainfile"] == "script.py"
    for name, md5 in info["sources"]:
        assert md5 == hashlib.md5((project / name).read_bytes()).hexdigest()


def test_dependencies_have_the_names_of_distributions(project: Path) -> None:
    """`yaml` is PyYAML and `attr` is attrs; the core is one, the standard library none."""
    dependencies = dict(d.split("==") for d in info_of(project)["dependencies"])
    assert set(dependencies) == {"attrs", "PyYAML", "sacred-core"}
    assert all(dependencies.values())


def test_commit_and_state_of_the_repository(repository: Path) -> None:
    """Url without credentials, commit, and whether there are changes."""
    commit = git(repository, "rev-parse", "HEAD")
    expected = {"url": "https://ann:***@example.org/x.git", "commit": commit, "dirty": False}
    assert info_of(repository)["repositories"] == [expected]
    (repository / "data.py").write_text("# changed\n")
    assert info_of(repository)["repositories"] == [{**expected, "dirty": True}]


def test_enforce_clean(repository: Path) -> None:
    """A changed file is refused with exit code 2; so is a folder without a repository."""
    assert run(repository, "-e").returncode == 0
    (repository / "data.py").write_text("# changed\n")
    done = run(repository, "--enforce_clean")
    assert done.returncode == 2
    assert "is dirty: commit or stash" in done.stderr
    assert "secret" not in done.stderr


def test_without_a_repository_nothing_is_enforced(project: Path) -> None:
    """There is nothing to tell whether it is clean."""
    done = run(project, "-e")
    assert done.returncode == 2
    assert "no git repository is recorded" in done.stderr


@pytest.mark.parametrize("state", ["no commit", "broken"])
def test_a_repository_that_git_cannot_tell_about_is_a_warning(project: Path, state: str) -> None:
    """The run completes."""
    if state == "broken":
        (project / ".git").mkdir()
    else:
        git(project, "init", "-q")
    done = run(project)
    assert done.returncode == 0
    assert "is not recorded" in done.stderr
    assert "Traceback" not in done.stderr


def test_print_dependencies(repository: Path) -> None:
    """The three sections of section 1.4.3, with an M for changes."""
    (repository / "data.py").write_text("# changed\n")
    out = run(repository, "print_dependencies").stdout
    assert "Dependencies:\n  attrs" in out
    assert "Sources:\n  data.py" in out
    assert "Version Control:\nM https://ann:***@example.org/x.git" in out


def test_files_and_packages_can_be_added(project: Path) -> None:
    """What discovery does not find is named by the script."""
    (project / "model.txt").write_text("x")
    script = project / "script.py"
    added = "ex.add_source_file('model.txt')\nex.add_package_dependency('own', '1.0')\n\n@ex.auto"
    script.write_text(SCRIPT.replace("\n@ex.auto", added))
    info = info_of(project)
    assert "model.txt" in [name for name, _ in info["sources"]]
    assert "own==1.0" in info["dependencies"]
