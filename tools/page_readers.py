"""The environments in which the blocks of a page are run: a new one, or the one of the tests."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Variables with which nox selects an environment, in place of the one of the reader.
SELECTING = ("UV_PROJECT_ENVIRONMENT", "UV_PYTHON")


def build_wheel(project: Path, folder: Path) -> None:
    """Build the wheel of a distribution."""
    from hatchling.builders.wheel import WheelBuilder

    list(WheelBuilder(str(project)).build(directory=str(folder), versions=["standard"]))


def build_wheels(folder: Path) -> None:
    """Build the wheel of each distribution of this checkout."""
    for project in [ROOT, *ROOT.glob("plugins/*/")]:
        build_wheel(project, folder)


def find_uv() -> str | None:
    """Return the path of uv beside this Python or on the path; None if there is none."""
    return shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def reader_environment(home: Path, path: str, **others: str) -> dict[str, str]:
    """Return the environment of somebody who has never used Sacred."""
    present = {
        name: value
        for name, value in os.environ.items()
        if (name.startswith(("PIP_", "SSL_", "UV_")) and name not in SELECTING)
        or name.lower().endswith("_proxy")
    }
    config = Path("~/.config/pip/pip.conf").expanduser()
    if config.exists():
        present.setdefault("PIP_CONFIG_FILE", str(config))
    for tool in ("pip", "uv"):
        cache = str(Path("~/.cache", tool).expanduser())
        present.setdefault(f"{tool.upper()}_CACHE_DIR", cache)
    fixed = {
        "HOME": str(home), "PATH": path, "LANG": "C.UTF-8", "TERM": "xterm", "NO_COLOR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }  # fmt: skip
    return {**present, **fixed, **others}


@contextlib.contextmanager
def fresh_reader(is_fast: bool = False) -> Iterator[tuple[Path, dict[str, str]]]:
    """Yield an empty folder, and an environment in which pip finds the wheels of this checkout.

    Args:
        is_fast: Whether uv installs in place of pip, if there is one: in a tenth of the time.
    """
    with tempfile.TemporaryDirectory() as name:
        home, wheels = Path(name, "home").resolve(), Path(name, "wheels")
        folder = home / "line"
        folder.mkdir(parents=True)
        build_wheels(wheels)
        path = f"{sys.base_prefix}/bin:/usr/bin:/bin"
        links = f"{wheels} {os.environ.get('PIP_FIND_LINKS', '')}".strip()
        found = {"PIP_FIND_LINKS": links, "UV_FIND_LINKS": str(wheels)}
        uv = find_uv()
        if is_fast and uv:
            found["UV"] = uv
        yield folder, reader_environment(home, path, **found)


@contextlib.contextmanager
def present_reader() -> Iterator[tuple[Path, dict[str, str]]]:
    """Yield an empty folder, and an environment with the Python that runs this program.

    There ``pip install`` does not install: it checks that the packages are installed.
    """
    python = Path(sys.executable)
    checking = {
        "UV": find_uv() or "true",
        "UV_OPTIONS": "--dry-run --offline",
        "VIRTUAL_ENV": str(python.parents[1]),
    }
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        home = Path(name).resolve()
        folder = home / "line"
        folder.mkdir()
        path = os.pathsep.join([str(python.parent), "/usr/local/bin", "/usr/bin", "/bin"])
        yield folder, reader_environment(home, path, **checking)
