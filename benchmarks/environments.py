"""The environments of the measured tools: one each, with the same further packages."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import ROOT, clean_environment

OURS, SACRED = "sacred-core", "Sacred 0.8.7"
#: Installed beside each tool, as users have them: about 120 with their dependencies.
COMMON = (
    "boto3", "google-cloud-storage", "ipykernel", "jinja2", "joblib", "jsonschema", "moto[server]",
    "nbclient", "networkx", "numpy", "pandas", "psycopg[binary]", "pyarrow", "pydantic", "pymongo",
    "pymysql", "pytest", "pyyaml", "requests", "scikit-learn", "scipy", "sqlalchemy", "sympy",
    "tinydb", "tinydb-serialization", "tornado",
)  # fmt: skip
_PLUGINS = tuple(path.parent.as_posix() for path in sorted(ROOT.glob("plugins/*/pyproject.toml")))


@dataclass(frozen=True)
class Tool:
    """What is measured.

    Attributes:
        requirements: What is installed beside `COMMON`.
        notes: What the tool does not do in the programs, for a fair reading of the figures.
        adapter: Its program below ``peers/``; empty for those that run the programs of Sacred.
        topic: Of the questions that it is asked.
    """

    requirements: tuple[str, ...]
    notes: str = ""
    adapter: str = ""
    topic: str = "recording"


TOOLS = {
    OURS: Tool(
        (str(ROOT), *_PLUGINS),
        "stores sources, host, packages, seed, output and metrics in files; points are durable at "
        "each heartbeat (10 s by default)",
    ),
    SACRED: Tool(
        ("sacred==0.8.7", "wrapt<2", "setuptools<81"),
        "the same; it rewrites all points at each heartbeat (10 s by default)",
    ),
    "tensorboardX": Tool(
        ("tensorboardX",),
        "no output, sources, host or artifacts; a buffer is written every 120 s by default, or "
        "when it is full; flush() does not wait for the thread that fills it",
        "with_tensorboardx.py",
    ),
    "MLflow": Tool(
        ("mlflow",),
        "SQLite and local artifacts; no output; points in batches of 1,000, the most it accepts",
        "with_mlflow.py",
    ),
    "W&B": Tool(
        ("wandb",),
        "offline: it sends the data to a process of its own, which writes it in blocks to a log "
        "for a later synchronisation; CPU time of that process is included, memory only if larger "
        "than that of the script",
        "with_wandb.py",
    ),
    "trackio": Tool(
        ("trackio",),
        "local SQLite, written by a thread; no output, sources or host",
        "with_trackio.py",
    ),
    "DVCLive": Tool(
        ("dvclive",),
        "no output; no Git commit and no report; artifacts are copied, without the cache of DVC",
        "with_dvclive.py",
    ),
    "Hydra": Tool(
        ("hydra-core",),
        "configuration only: it writes the configuration, the overrides and a log to a folder",
        "with_hydra.py",
        "configuration",
    ),
}


def prepare(names: Iterable[str], folder: Path) -> dict[str, Path]:
    """Create the environments that are missing or out of date, and return their interpreters.

    Ours is installed anew as wheels if one of its files has changed.

    Args:
        names: Of `TOOLS`.
        folder: That of the environments, which are used again the next time.
    """
    return {name: _prepare(TOOLS[name], folder / _folder_name(name)) for name in names}


def _folder_name(tool: str) -> str:
    return tool.lower().replace("&", "-and-").replace(" ", "-")


def _prepare(tool: Tool, folder: Path) -> Path:
    python = folder / "bin" / "python"
    wanted = "\n".join((sys.version, *COMMON, *tool.requirements))
    if _changes(folder / "requirements", wanted):
        print(f"benchmarks: creating {folder}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        _uv("venv", "--python", sys.executable, folder)
        _install(python, *COMMON, *tool.requirements)
    elif tool is TOOLS[OURS] and _changes(folder / "sources", _digest()):
        _install(python, "--reinstall", "--no-deps", *tool.requirements)
    (folder / "requirements").write_text(wanted)
    if tool is TOOLS[OURS]:
        (folder / "sources").write_text(_digest())
    return python


def _changes(path: Path, content: str) -> bool:
    return not path.exists() or path.read_text() != content


def _digest() -> str:
    """Return a digest of the files of our distributions."""
    digest = hashlib.sha256()
    for top in ("sacred_core", "plugins"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".py", ".toml") and "tests" not in path.parts:
                digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()


def _install(python: Path, *arguments: str) -> None:
    _uv("pip", "install", "--compile-bytecode", "--python", python, *arguments)


def _uv(*arguments: str | Path) -> None:
    """Run uv, which is in the environment of this process."""
    environment = clean_environment()
    environment.pop("VIRTUAL_ENV", None)
    command = [sys.executable, "-m", "uv", "--quiet", *(os.fspath(each) for each in arguments)]
    subprocess.run(command, env=environment, check=True)
