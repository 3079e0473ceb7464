"""Tests that create each kind of plugin, and test them and examples/plugins from wheels."""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import venv
from collections.abc import Mapping
from pathlib import Path

import attrs
import pytest

from tools.page_readers import build_wheel, find_uv, reader_environment

from .pages import ROOT, blocks, count_passed

#: What plugins of all kinds need of this repository.
MEMBERS = (".", "plugins/sacred-board", "plugins/sacred-file", "plugins/sacred-sweep")
#: The least number of tests of each kind that pass; the default is created as on the page.
KINDS = {
    "config-source": 15,
    "host-info": 10,
    "flag": 10,
    "command": 10,
    "panel": 10,
    "launcher": 20,
}


#: The least number of tests of each plugin in examples/plugins that pass.
EXAMPLES = {
    "container": 10,
    "jsonc": 15,
    "lmdb": 190,
    "memory_limit": 20,
    "npy": 15,
    "ping": 25,
    "sizes": 10,
    "ssh": 30,
}


@attrs.frozen
class Author:
    """Somebody who writes plugins, with an environment that has no other packages.

    Attributes:
        folder: The working directory.
        environ: The environment variables; with them, pip finds the wheels of this checkout.
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

    def count_passed(self, folder: str) -> int:
        """Return how many tests in a folder pass; only rules that are not applicable do not."""
        python = str(self.folder.parent / "environment" / "bin" / "python")
        options = ("-q", "-p", "no:cacheprovider", "--import-mode=importlib")
        printed = self.call(python, "-m", "pytest", *options, folder)
        return count_passed(printed)


def name_of(kind: str) -> str:
    return f"acme-{kind}"


@pytest.fixture(scope="session")
def author(tmp_path_factory: pytest.TempPathFactory) -> Author:
    """An author who has created plugins of all kinds but the default, and installed their wheels.

    Processes of pytest-xdist share the environment.
    """
    pytest.importorskip("hatchling.builders.wheel")
    base = tmp_path_factory.getbasetemp()
    root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "author"
    root.mkdir(exist_ok=True)
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "wheels").exists():  # uv has a cache of wheels by their paths
            (root / "wheels").symlink_to(tempfile.mkdtemp(dir=root))
        wheels = (root / "wheels").resolve()
        author = Author(root / "work", environment_of(root, wheels))
        if not (root / "ready").exists():
            prepare(author, root, wheels)
            (root / "ready").touch()
    return author


def environment_of(root: Path, wheels: Path) -> dict[str, str]:
    """Return the variables of somebody whose commands are in ``root``."""
    path = f"{root / 'environment' / 'bin'}:{os.environ['PATH']}"
    found = {"UV_FIND_LINKS": str(wheels), "PIP_FIND_LINKS": str(wheels)}
    return reader_environment(root, path, **found)


def prepare(author: Author, root: Path, wheels: Path) -> None:
    """Create the environment, and everything that is tested in it."""
    author.folder.mkdir(exist_ok=True)
    uv = find_uv()
    venv.create(root / "environment", with_pip=uv is None, clear=True)
    if uv is not None:  # in a tenth of the time
        scripts = root / "environment" / "bin"
        pip = scripts / "pip"
        python = f"--python {scripts / 'python'}"
        pip.write_text(f'#!/bin/sh\ncommand=$1\nshift\nexec {uv} pip "$command" {python} "$@"\n')
        pip.chmod(0o755)
    for member in MEMBERS:
        build_wheel(ROOT / member, wheels)
    author.call("pip", "install", "-q", "sacred-core", "pytest")
    for kind in KINDS:
        author.call("sacred", "new-plugin", name_of(kind), f"--{kind}")
        build_wheel(author.folder / name_of(kind), wheels)
    for name in EXAMPLES:
        build_wheel(ROOT / "examples" / "plugins" / name, wheels)
    names = [name_of(kind) for kind in KINDS]
    names += [f"example-{name.replace('_', '-')}" for name in EXAMPLES]
    author.call("pip", "install", "-q", *(f"{name}[test]" for name in names))


def test_the_page_leads_to_a_plugin_that_passes_its_tests(author: Author) -> None:
    """Its four commands create and install an observer and a store, and all tests pass; the rules
    for plugins also pass with what is installed from the wheel.
    """
    lines = blocks("write-a-plugin.md", "sh")[0].splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["pip", "sacred", "pip", "pytest"]
    *_, printed = [author.call("bash", "-c", line) for line in lines]
    assert count_passed(printed) >= 190
    rules = re.findall(r"^(\w+Contract) +[\w-]+ +\d+ passed(.*)$", printed, re.MULTILINE)
    assert rules == [("PluginContract", ""), ("StoreContract", ", 2 not applicable")], printed
    wheels = author.folder / "dist"
    build_wheel(author.folder / "acme-runs", wheels)
    author.call(
        "pip", "install", "-q", "--no-deps", "--force-reinstall", *map(str, wheels.iterdir())
    )
    shutil.rmtree(author.folder / "acme-runs" / "src")
    assert author.count_passed("acme-runs/tests/test_plugin.py") >= 10
    assert "acme-runs (acme-runs 0.1.0):" in author.call("sacred", "plugins")


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_passes_its_tests(author: Author, kind: str) -> None:
    """Created, built and installed from its wheel, each kind of plugin passes all of its tests."""
    assert author.count_passed(name_of(kind)) >= KINDS[kind]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_passes_its_tests(author: Author, name: str) -> None:
    """Each plugin in examples/plugins, installed from its wheel, passes all of its tests."""
    folder = author.folder / "examples" / name
    shutil.copytree(ROOT / "examples" / "plugins" / name, folder, dirs_exist_ok=True)
    for module in folder.glob("example_*.py"):
        module.unlink()  # what is installed is tested
    assert author.count_passed(str(folder)) >= EXAMPLES[name]


def test_each_example_is_tested_and_described() -> None:
    """The README of the examples has each of them, and each kind that can be created."""
    folder = ROOT / "examples" / "plugins"
    assert sorted(path.parent.name for path in folder.glob("*/pyproject.toml")) == [*EXAMPLES]
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert [name for name in EXAMPLES if f"[{name}]({name})" not in readme] == []
    assert [kind for kind in KINDS if f"`--{kind}`" not in readme] == []


def test_all_plugins_are_listed_without_problems(author: Author) -> None:
    """`sacred plugins` has each of them, and reports no problem."""
    printed = author.call("sacred", "plugins")
    for kind in KINDS:
        assert f"{name_of(kind)} ({name_of(kind)} 0.1.0):" in printed
    assert "problem" not in printed
