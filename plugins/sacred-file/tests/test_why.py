"""Pairs of runs that differ in one thing each: `why` lists this thing first."""

import importlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sacred_file import FileStorageObserver

from sacred_core import SETTINGS
from sacred_core.compare import Explanation, why

from .why_project import PAIRS, SAME_CALLS, SAME_CODE, SOURCES, Pair

_SMI = """#!/bin/sh
echo "<r><driver_version>1</driver_version><gpu><product_name>Acme $GPU</product_name></gpu></r>"
"""
_COMMIT = "-c user.name=a -c user.email=a@b.example commit -q -m x --no-gpg-sign".split()


class Project:
    """A folder with the sources, which are written and imported again for each run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.runs = folder / "runs"
        self.folder.mkdir()

    def write(self, edits: Mapping[str, tuple[str, str]]) -> None:
        for name, text in {
            **SOURCES,
            **{name: "" for name in edits if name not in SOURCES},
        }.items():
            old, new = edits.get(name, ("", ""))
            assert old in text
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace(old, new, 1) if old else new or text)

    def git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.folder, check=True, capture_output=True)

    def run(self, call: Mapping[str, Any]) -> int:
        """Import the script anew, run it and return the id."""
        for name in [*sys.modules]:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if file.startswith(str(self.folder)):
                del sys.modules[name]
        importlib.invalidate_caches()
        ex = importlib.import_module("train").ex
        ex.observers.append(FileStorageObserver(self.runs))
        return int(ex.run(**call)._id)

    def explain(self, first: int, second: int) -> Explanation:
        return why(f"{self.runs}#{first}", f"{self.runs}#{second}")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    project = Project(tmp_path)
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text(_SMI)
    program.chmod(0o755)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(SETTINGS.HOST_INFO, "CAPTURED_ENV", ["TRAIN_MODE"])
    monkeypatch.setattr(SETTINGS, "CAPTURE_MODE", "no")
    monkeypatch.syspath_prepend(project.folder)
    monkeypatch.chdir(project.folder)
    for name, value in {"GPU": "1", "OMP_NUM_THREADS": "1", "TRAIN_MODE": "a"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    yield project
    for name in ("train", "data", "lib"):
        for module in [each for each in sys.modules if each.partition(".")[0] == name]:
            del sys.modules[module]


def record_pair(project: Project, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Explanation:
    project.write({})
    if pair.git:
        untracked = "lib/deep/numbers.py data.csv" if pair.git == "untracked" else ""
        project.git("init", "-q")
        (project.folder / ".gitignore").write_text(untracked.replace(" ", "\n"))
        project.git("add", ".")
        project.git(*_COMMIT)
    first = project.run(pair.first_call)
    project.write(pair.edits)
    if pair.git == "commit":
        project.git("add", ".")
        project.git(*_COMMIT)
    for name, value in pair.environment.items():
        monkeypatch.setenv(name, value)
    for name, value in pair.host.items():
        monkeypatch.setattr(platform, name, lambda value=value: value)
    return project.explain(first, project.run(pair.call))


@pytest.mark.parametrize("name", PAIRS)
def test_why_lists_the_hidden_change_first(
    name: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first cause is what was changed, and its line has both values."""
    pair = PAIRS[name]
    found = record_pair(project, pair, monkeypatch)
    cause = found.causes[0]
    assert cause.kind == pair.kind
    assert pair.key in cause.key
    assert [text for text in pair.shown if text not in cause.text] == []


@pytest.mark.parametrize("call", SAME_CALLS, ids=str)
def test_equal_runs_have_no_cause(call: dict[str, Any], project: Project) -> None:
    """Two runs of one seed have no cause, no metric that parts, and no other result."""
    updates = {"seed": 3, **call.get("config_updates", {})}
    project.write({})
    ids = [project.run({**call, "config_updates": updates}) for _ in range(2)]
    found = project.explain(*ids)
    assert (found.causes, found.parting, found.effects, found.remarks) == ((), (), (), ())
    assert found.text().startswith("Nothing that was recorded differs between ")
    assert any("environment variables" in line for line in found.not_recorded)


@pytest.mark.parametrize("name", SAME_CODE)
def test_comments_and_formatting_are_no_cause(name: str, project: Project) -> None:
    """The sources differ, but nothing in what they do; a remark names them."""
    call = {"config_updates": {"seed": 3}}
    project.write({})
    first = project.run(call)
    project.write(SAME_CODE[name])
    found = project.explain(first, project.run(call))
    assert found.causes == ()
    assert [*found.remarks] == [f"comments or formatting of {', '.join(sorted(SAME_CODE[name]))}"]


#: Imports a package, whose version differs between two environments.
_SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import acme_scaling
from sacred_core import Experiment
from sacred_file import FileStorageObserver

ex = Experiment("scaled", save_git_info=False)
ex.observers.append(FileStorageObserver(sys.argv[2]))

@ex.main
def main():
    return acme_scaling.scale(3)

ex.run()
"""


def test_why_lists_the_version_of_a_package_first(tmp_path: Path) -> None:
    """A package of which two environments have different versions is named with both."""
    script, runs = tmp_path / "scaled.py", tmp_path / "runs"
    script.write_text(_SCRIPT)
    for number, version in enumerate(("1.2.0", "1.3.0"), 1):
        site = tmp_path / version / "site-packages"
        metadata = site / f"acme_scaling-{version}.dist-info" / "METADATA"
        metadata.parent.mkdir(parents=True)
        metadata.write_text(f"Metadata-Version: 2.1\nName: acme-scaling\nVersion: {version}\n")
        (site / "acme_scaling.py").write_text(f"def scale(x):\n    return x * {number}\n")
        subprocess.run([sys.executable, script, site, runs], check=True, capture_output=True)
    cause = why(f"{runs}#1", f"{runs}#2").causes[0]
    assert (cause.kind, cause.text.partition(",")) == (
        "package", ("acme-scaling 1.2.0 → 1.3.0", ",", " imported by scaled.py")
    )  # fmt: skip
