"""What tests of plugins share: distributions laid out as pip would have installed them."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from sacred_core.testing.scripts import python_path

SCRIPT = """
    from sacred_core import Experiment

    ex = Experiment("unrelated")

    @ex.automain
    def main():
        print("ran")
"""


class Installation:
    """A folder on the path that holds distributions, and a script beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "script.py").write_text(textwrap.dedent(SCRIPT))

    def add(
        self,
        name: str,
        source: str,
        requires: str = ">=0.1,<0.2",
        summary: str = "Does what acme does.",
    ) -> None:
        """Lay out the distribution ``name`` with one module as its plugin."""
        info = self.folder / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nSummary: {summary}\n"
            f"Requires-Dist: sacred-core{requires}\n\nText\n"
        )
        (info / "entry_points.txt").write_text(f"[sacred_core]\n{name} = {name}_plugin\n")
        (self.folder / f"{name}_plugin.py").write_text(textwrap.dedent(source))

    def run(self, *args: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return self.python("script.py", *args, **environment)

    def python(self, *args: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *args],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": python_path(self.folder), **environment},
            capture_output=True,
            text=True,
        )


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


@pytest.fixture
def acme(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An installation that this process uses, too; `PLUGIN_SOURCE` is a module ``acme_plugin``."""
    monkeypatch.syspath_prepend(str(installation.folder))
    monkeypatch.setenv("PYTHONPATH", str(installation.folder), prepend=os.pathsep)
    monkeypatch.delitem(sys.modules, "acme_plugin", raising=False)
    yield installation
    sys.modules.pop("acme_plugin", None)
