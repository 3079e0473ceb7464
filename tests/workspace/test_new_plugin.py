"""Tests that create each kind of plugin, and test it in a fresh environment of wheels."""

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

import attrs
import pytest

from sacred_core.plurals import counted

from .pages import ROOT

#: What plugins of all kinds need of this repository.
MEMBERS = (".", "plugins/sacred-board", "plugins/sacred-file", "plugins/sacred-sweep")
#: The least number of tests of each kind that pass.
KINDS = {
    "store": 140,
    "config-source": 15,
    "host-info": 10,
    "flag": 10,
    "command": 10,
    "panel": 10,
    "launcher": 20,
}


@attrs.frozen
class Author:
    """Somebody who writes plugins, with an environment that has no other packages.

    Attributes:
        folder: The working directory.
        environ: The environment variables.
    """

    folder: Path
    environ: Mapping[str, str]

    def call(self, *command: str) -> str:
        """Return what a command prints; it must succeed."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
        return done.stdout


def build_wheel(project: Path, folder: Path) -> None:
    """Build the wheel of a distribution."""
    builders = pytest.importorskip("hatchling.builders.wheel")
    list(builders.WheelBuilder(str(project)).build(directory=str(folder), versions=["standard"]))


def name_of(kind: str) -> str:
    return f"acme-{kind}"


@pytest.fixture(scope="session")
def author(tmp_path_factory: pytest.TempPathFactory) -> Author:
    """An author who has created a plugin of each kind, and installed all of them from wheels."""
    root = tmp_path_factory.mktemp("author")
    folder, wheels, scripts = root / "work", root / "wheels", root / "environment" / "bin"
    folder.mkdir()
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    venv.create(root / "environment", with_pip=uv is None)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SACRED_", "PYTHON"))}
    environ = {**kept, "PATH": f"{scripts}:{os.environ['PATH']}", "HOME": str(root)}
    caches = {"UV_CACHE_DIR": "uv", "PIP_CACHE_DIR": "pip"}
    for variable, name in caches.items():
        environ.setdefault(variable, str(Path("~/.cache", name).expanduser()))
    author = Author(folder, environ)
    python = str(scripts / "python")
    pip = [uv, "pip", "install", "--python", python] if uv else [python, "-m", "pip", "install"]
    for member in MEMBERS:
        build_wheel(ROOT / member, wheels)
    author.call(*pip, "-q", "--find-links", str(wheels), "sacred-core", "pytest")
    for kind in KINDS:
        option = [] if kind == "store" else [f"--{kind}"]
        author.call("sacred", "new-plugin", name_of(kind), *option)
        build_wheel(folder / name_of(kind), wheels)
    names = [f"{name_of(kind)}[test]" for kind in KINDS]
    author.call(*pip, "-q", "--find-links", str(wheels), *names)
    return author


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_passes_its_tests(author: Author, kind: str) -> None:
    """Created, built and installed from its wheel, each kind of plugin passes all of its tests."""
    printed = author.call(
        str(author.folder.parent / "environment" / "bin" / "python"),
        "-m", "pytest", "-q", "-p", "no:cacheprovider", name_of(kind),
    )  # fmt: skip
    summary = printed.splitlines()[-1]
    passed = re.search(r"(\d+) passed", summary)
    assert passed is not None, printed
    assert int(passed[1]) >= KINDS[kind], f"{counted(int(passed[1]), 'test')} passed"
    assert not re.search("failed|error|skipped|warning", summary), printed


def test_all_plugins_are_listed_without_problems(author: Author) -> None:
    """`sacred plugins` has each of them, and reports no problem."""
    printed = author.call("sacred", "plugins")
    for kind in KINDS:
        assert f"{name_of(kind)} ({name_of(kind)} 0.1.0):" in printed
    assert "problem" not in printed
