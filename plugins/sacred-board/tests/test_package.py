"""Tests of the size of the distribution, of what it requires, and of what it costs when unused."""

import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import sacred_board
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PACKAGE = Path(sacred_board.__file__).parent
#: Packages of the board that other programs do not need.
MODULES = {"sacred_board", "starlette", "uvicorn", "jinja2", "anyio", "h11", "asyncio"}


def required(*names: str) -> set[str]:
    """Return distributions, and all that they require, by their normalized names."""
    found: set[str] = set()
    waiting = [*names]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in found:
            found.add(name)
            lines = distribution(name).requires or []
            needed = [each for each in map(Requirement, lines) if "extra" not in str(each.marker)]
            waiting += [each.name for each in needed if not each.marker or each.marker.evaluate()]
    return found


def test_the_wheel_is_smaller_than_250_kb(tmp_path: Path) -> None:
    """It is built as for an index of packages."""
    [wheel] = WheelBuilder(str(PACKAGE.parents[1])).build(directory=str(tmp_path))
    assert 200_000 < Path(wheel).stat().st_size < 250_000


def test_at_most_ten_packages_and_8_mb_are_added() -> None:
    """They are those that an installation of sacred-core and sacred-file lacks."""
    added = required("sacred-board") - required("sacred-core", "sacred-file")
    assert {"sacred-board", "starlette", "uvicorn", "jinja2"} < added
    assert len(added) <= 10
    files = [path for name in added for path in distribution(name).files or []]
    sizes = [path.locate().stat().st_size for path in files if path.suffix != ".pyc"]
    package = sum(path.stat().st_size for path in PACKAGE.rglob("*") if path.is_file())
    assert sum(sizes) + package < 8_000_000


def test_commands_and_scripts_import_only_the_hooks_of_the_board() -> None:
    """`sacred --help` and experiments import no server, no templates and no pages."""
    code = (
        "import sys\n"
        "from sacred_core import Experiment\n"
        "from sacred_core.cli.main import sacred\n"
        "try:\n"
        "    sacred(['--help'])\n"
        "except SystemExit:\n"
        "    pass\n"
        "print(*sys.modules, sep='\\n')\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = shown.stdout.splitlines()
    assert any(line.split() == ["board", "See", "runs", "in", "a", "browser."] for line in lines)
    modules = {line for line in lines if line.partition(".")[0] in MODULES}
    assert modules == {f"sacred_board{end}" for end in ("", ".plugin", ".hookspecs")}
