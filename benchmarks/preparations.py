"""What a program finds in its folder: a git repository, local modules, earlier runs."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import clean_environment, run_program

PROGRAMS = Path(__file__).with_name("programs")
#: The name of the package in the programs.
PACKAGE = "sacred_core"
#: Prepares a folder that has the program already, for an interpreter, a package and a size.
Preparation = Callable[[Path, Path, str, int], None]


def write_program(folder: Path, program: Path, package: str = PACKAGE) -> None:
    """Write a program to a folder, with another package imported in place of ours."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / program.name).write_text(program.read_text().replace(PACKAGE, package))
    shutil.copy(PROGRAMS / "marks.py", folder)


def nothing(folder: Path, python: Path, package: str, size: int) -> None:
    """Leave the folder as it is."""


def git_repository(folder: Path, python: Path, package: str, size: int) -> None:
    """Commit the folder to a new repository, and change the script afterwards."""
    (folder / ".gitignore").write_text("runs\n__pycache__\n")
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        git = ["git", *identity, *arguments]
        subprocess.run(git, cwd=folder, env=clean_environment(), check=True)
    for script in folder.glob("*.py"):
        script.write_text(script.read_text() + "# changed\n")


def local_modules(folder: Path, python: Path, package: str, size: int) -> None:
    """Write ``size`` local modules, and commit the folder to a repository."""
    (folder / "local").mkdir()
    for number in range(size):
        text = f"import json, os\n\n\ndef f{number}(x):\n    return x\n" + "# text\n" * 50
        (folder / "local" / f"module{number}.py").write_text(text)
    git_repository(folder, python, package, size)


def earlier_runs(folder: Path, python: Path, package: str, size: int) -> None:
    """Record one run, and copy its record until there are ``size`` runs."""
    own = folder / "earlier"
    write_program(own, PROGRAMS / "hello_world.py", package)
    run_program([python, "hello_world.py", "-F", folder / "runs", "-l", "ERROR"], own)
    first = folder / "runs" / "1"
    contents = {path.name: path.read_bytes() for path in first.iterdir() if path.is_file()}
    for number in range(2, size + 1):
        other = first.with_name(str(number))
        other.mkdir()
        for name, content in contents.items():
            (other / name).write_bytes(content)
