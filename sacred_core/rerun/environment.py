"""An environment with the recorded versions of packages, made by uv."""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs

from sacred_core.exceptions import RerunError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.masking import mask_text
from sacred_core.rerun.sacred_modules import imports_sacred
from sacred_core.stores.model import StoredRun

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[\w.+!*-]+)")
_CORE = "sacred-core"
_VERSION = re.compile(r"[0-9]+(\.[0-9]+)*[A-Za-z0-9]*")


@attrs.frozen(kw_only=True)
class Environment:
    """A virtual environment.

    Attributes:
        python: Its interpreter.
        version: The version of Python, None if it is that of this process.
        warnings: What is not as recorded.
    """

    python: str
    version: str | None
    warnings: list[str]


def make_environment(run: StoredRun, folder: Path, uv: str = "uv") -> Environment:
    """Make a virtual environment with the recorded packages, sacred-core and its plugins.

    sacred-core and the plugins are those of this installation, so that the rerun is recorded and
    compared by the same code.

    Args:
        run: The run.
        folder: A new folder.
        uv: The program.

    Raises:
        RerunError: uv is not installed, or a package cannot be installed.
    """
    program = shutil.which(uv) or shutil.which(uv, path=str(Path(sys.executable).parent))
    if program is None:
        raise RerunError("--env uv: the program uv is not installed (pip install uv)")
    own = own_requirements()
    recorded, skipped = recorded_requirements(run, own)
    warnings = [f"the package {each!r} is not a version and is not installed" for each in skipped]
    wanted = str(run.host.get("python_version") or "")
    python, found = _find_python(program, wanted)
    if wanted and found is None:
        warnings.append(f"uv finds no Python {wanted}: the rerun uses {sys.version.split()[0]}")
    _run_uv(program, "venv", "--quiet", "--python", python, str(folder))
    scripts = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    interpreter = folder.joinpath(*scripts)
    arguments = [*recorded, *(word for words in own.values() for word in words)]
    try:
        _run_uv(program, "pip", "install", "--quiet", "--python", str(interpreter), *arguments)
    except RerunError as error:
        names = _failing(program, interpreter, recorded)
        reason = f"cannot install {', '.join(names)}: " if names else ""
        raise RerunError(f"--env uv: {reason}{error}") from None
    return Environment(python=str(interpreter), version=found, warnings=warnings)


def recorded_requirements(run: StoredRun, own: Iterable[str] = ()) -> tuple[list[str], list[str]]:
    """Return the recorded packages as requirements, and those that have no valid version.

    Args:
        run: The run.
        own: Names of distributions that are installed in another way.
    """
    names = {_normal(name) for name in own}
    if imports_sacred(run):  # sacred-core takes its place
        names.add("sacred")
    found, skipped = [], []
    for each in run.experiment.get("dependencies") or ():
        match = _REQUIREMENT.fullmatch(str(each))
        if match is None:
            skipped.append(str(each))
        elif _normal(match["name"]) not in names:
            found.append(str(each))
    return found, skipped


def own_requirements() -> dict[str, list[str]]:
    """Return the arguments that install sacred-core and its plugins again, by normalised name.

    What was installed from a folder or an address is installed from there, also if only another
    one depends on it.
    """
    plugins = (plugin.distribution.partition(" ")[0] for plugin in plugin_manager().plugins)
    own = {_normal(name) for name in (_CORE, *plugins)}
    waiting, seen = sorted(own), set[str]()
    found: dict[str, list[str]] = {}
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        place = _place_of(distribution)
        if place is None and name not in own:
            continue
        found[name] = place or [f"{name}=={distribution.version}"]
        required = (_NAME.match(each) for each in distribution.requires or ())
        waiting += [_normal(match[0]) for match in required if match is not None]
    return found


def _place_of(distribution: importlib.metadata.Distribution) -> list[str] | None:
    """Return arguments for the folder or address that it was installed from (PEP 610), or None."""
    text = distribution.read_text("direct_url.json")
    if not text:
        return None
    data = json.loads(text)
    url, vcs = str(data.get("url", "")), data.get("vcs_info") or {}
    if url.startswith("file:"):
        path = unquote(urlsplit(url).path)
        return ["--editable", path] if data.get("dir_info", {}).get("editable") else [path]
    if vcs:
        return [f"{distribution.name} @ {vcs['vcs']}+{url}@{vcs['commit_id']}"]
    return [url] if url else None


def _find_python(program: str, wanted: str) -> tuple[str, str | None]:
    """Return an interpreter of a version, and the version if there is one."""
    if _VERSION.fullmatch(wanted):
        done = subprocess.run(
            [program, "python", "find", "--no-python-downloads", wanted],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode == 0 and done.stdout.strip():
            return done.stdout.strip(), wanted
    return sys.executable, None


def _failing(program: str, interpreter: Path, requirements: list[str]) -> list[str]:
    """Return the requirements that cannot be installed by themselves."""
    failing = []
    for each in requirements:
        arguments = ("pip", "install", "--quiet", "--dry-run", "--no-deps", "--python")
        try:
            _run_uv(program, *arguments, str(interpreter), each)
        except RerunError:
            failing.append(each)
    return failing


def _run_uv(program: str, *arguments: str) -> None:
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        text = " ".join(done.stderr.split())
        raise RerunError(mask_text(f"uv {arguments[0]}: {text}"))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
