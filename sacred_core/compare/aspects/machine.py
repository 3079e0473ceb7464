"""Packages, the machine, and the environment of the process."""

from typing import Any

from sacred_core.compare.aspects.configuration import facts
from sacred_core.compare.compared_run import ComparedRun
from sacred_core.compare.records import MISSING, Difference
from sacred_core.stores.model import StoredRun

#: Entries of the information about the host that describe the environment.
_ENVIRONMENT = ("switches", "ENV", "threads")


def collect_packages(side: ComparedRun) -> dict[str, Any]:
    """Return the versions of packages by their names."""
    return dict(recorded_packages(side.run))


def recorded_packages(run: StoredRun) -> dict[str, str]:
    """Return the versions of the recorded packages by their names."""
    pairs = (str(each).partition("==") for each in run.experiment.get("dependencies") or ())
    return {name: version for name, _, version in pairs}


def render_packages(difference: Difference, first: ComparedRun, second: ComparedRun) -> Difference:
    """Return the versions as requirements."""
    del first, second
    sides = zip("-+", (difference.first, difference.second), strict=True)
    return difference.shown(
        f"{sign} {difference.key}=={version}" for sign, version in sides if version is not MISSING
    )


def collect_host(side: ComparedRun) -> dict[str, Any]:
    """Return what was recorded about the machine, by dotted paths."""
    left_out = {*_ENVIRONMENT, *(("gpu",) if "gpus" in side.run.host else ())}  # the same twice
    own = {key: value for key, value in side.run.host.items() if key not in left_out}
    return _facts(own)


def collect_environment(side: ComparedRun) -> dict[str, Any]:
    """Return switches of Python, environment variables and numbers of threads."""
    own = {key: value for key, value in side.run.host.items() if key in _ENVIRONMENT}
    return _facts(own)


def _facts(tree: dict[str, Any]) -> dict[str, Any]:
    """Return what a tree contains by dotted paths; an empty dictionary is the same as none."""
    return {path: value for path, value in facts(tree).items() if value != {}}
