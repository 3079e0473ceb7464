"""Tests of which packages are dependencies: all that local modules import, in any statement."""

import json
import os
import subprocess
import sys

import pytest

from sacred_core.testing.scripts import python_path

SCRIPT = r"""
import json
import os; import semicolon
try: import in_line
except ImportError: pass
if os.sep: from after_colon import VALUE as other
import json as j, second_name as s, \
    continued
from parentheses import (
    VALUE,  # a comment
)
from space.plain import VALUE
from space import (nested as n,
                   listed)
import space.local
import sub.module
import changed
import uses_others
from sacred_core import Experiment

ex = Experiment("imports", save_git_info=False)


@ex.main
def main(_run):
    import importlib
    importlib.import_module("dynamic.sub")
    __import__('built_in')
    from late import function
    function()
    with open("changed.py", "w") as file:
        file.write("import of_reloaded_module")
    importlib.reload(changed)
    _run.lifecycle.beat()
    return _run.experiment_info["dependencies"]


class Observer:
    def started_event(self, ex_info):
        pass


ex.observers.append(Observer())
print(json.dumps(ex.run(options={"-l": "ERROR"}).result))
"""
#: By distribution the files that it installed.
INSTALLED = {
    "Semicolon_1": ["semicolon.py"],
    "line": ["in_line.py"],
    "colon": ["after_colon.py"],
    "second": ["second_name.py"],
    "backslash": ["continued.py"],
    "parens": ["parentheses.py"],
    "space-plain": ["space/plain/__init__.py"],
    "Nested.Of_Space": ["space/nested/__init__.py", "space/nested/more.py"],
    "listed": ["space/listed.py"],
    "not-imported": ["space/unused.py"],
    "dotted": ["sub/__init__.py", "sub/module.py"],
    "dynamically": ["dynamic/__init__.py", "dynamic/sub.py"],
    "builtin": ["built_in.py"],
    "late-one": ["of_function.py"],
    "reloaded": ["of_reloaded_module.py"],
    "others": ["uses_others.py"],
    "indirect": ["indirect.py"],
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The dependencies of a script that imports packages in all ways."""
    site, project = (tmp_path_factory.mktemp("all") / name for name in ("site-packages", "project"))
    for name, files in INSTALLED.items():
        for file in files:
            (site / file).parent.mkdir(parents=True, exist_ok=True)
            (site / file).write_text("VALUE = 1\n")
        info = site / f"{name.lower().replace('.', '_').replace('-', '_')}-1.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
        (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    (site / "uses_others.py").write_text("import indirect, space.unused\n")
    (project / "space" / "local").mkdir(parents=True)
    (project / "space" / "local" / "__init__.py").write_text("__version__ = '1.5'\n")
    (project / "changed.py").write_text("")
    (project / "late.py").write_text("def function():\n    import of_function\n")
    (project / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=project, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": python_path(site)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = [text.removesuffix("==1.5") for text in json.loads(done.stdout)]
    return [name for name in names if "==" not in name]


@pytest.mark.parametrize(
    "name",
    [
        "Semicolon_1", "line", "colon", "second", "backslash", "parens", "dotted",
        "dynamically", "builtin", "late-one", "reloaded", "others",
    ],
)  # fmt: skip
def test_packages_in_import_statements_of_any_form(name: str, found: list[str]) -> None:
    """Also in one line with others, over several lines, in functions, and by a call."""
    assert found.count(name) == 1, found


def test_packages_that_share_a_namespace_are_distinguished(found: list[str]) -> None:
    """Of a namespace package, those are dependencies that a local module imports."""
    of_space = {"space-plain", "Nested.Of_Space", "listed", "not-imported"}
    assert of_space & set(found) == of_space - {"not-imported"}


def test_packages_that_only_others_import_are_no_dependencies(found: list[str]) -> None:
    """What an installed package imports is not listed; everything else is."""
    assert set(INSTALLED) - set(found) == {"not-imported", "indirect"}
    assert set(found) <= set(INSTALLED)
