"""Create a plugin of each kind with `sacred new-plugin`, and check style and types of the result.

.venv/bin/python tools/check_new_plugins.py

Names of two lengths are used, as the format of a line depends on its length. ruff and mypy must be
installed beside sacred-core, sacred-board and sacred-sweep; each uses the configuration of the
created packages.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

KINDS = ("", "config-source", "host-info", "flag", "command", "panel", "launcher")
SHORT, LONG = "ab", "a-name-of-forty-characters-for-a-plugin1"


def main() -> None:
    """Check all kinds.

    Raises:
        SystemExit: with 1 if a check failed; ruff and mypy have printed the reasons.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in KINDS:
            for plugin in (SHORT, LONG, f"checked-{kind or 'store'}"):
                create(folder, plugin, kind)
        styles = [run(folder, "ruff", *words, ".") for words in (["check"], ["format", "--check"])]
        for project in folder.glob(f"*_{SHORT}_project"):  # two have modules of one name
            remove(project)
        for project in folder.glob(f"*_{LONG.replace('-', '_')}_project"):
            remove(project)
        is_typed = check_types(folder)
    if not all((*styles, is_typed)):
        sys.exit(1)


def create(folder: Path, name: str, kind: str) -> None:
    """Create a plugin in a folder, whose name mypy accepts as that of a package."""
    project = f"{kind or 'store'}_{name}_project".replace("-", "_")
    option = [f"--{kind}"] if kind else []
    words = ["new-plugin", name, *option, "--folder", project, "--author", "Ada"]
    command = [sys.executable, "-m", "sacred_core", *words]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def remove(project: Path) -> None:
    """Remove the Python files of a project, which mypy would find."""
    for path in project.rglob("*.py"):
        path.unlink()


def check_types(folder: Path) -> bool:
    """Return whether mypy finds no error in all projects, in one call: most time is its start."""
    sources = [str(path) for path in sorted(folder.glob("*_project/src"))]
    configuration = next(iter(sorted(folder.glob("*_project/pyproject.toml"))))
    cache = ["--cache-dir", str(Path.cwd() / ".mypy_cache")]
    options = ["--explicit-package-bases", "--config-file", str(configuration), *cache]
    return run(folder, "mypy", *options, ".", MYPYPATH=os.pathsep.join(sources))


def run(folder: Path, tool: str, *words: str, **variables: str) -> bool:
    """Return whether a tool succeeds in a folder."""
    command = [sys.executable, "-m", tool, *words]
    return subprocess.run(command, cwd=folder, env={**os.environ, **variables}).returncode == 0


if __name__ == "__main__":
    main()
