"""What of the present environment differs from that of a recorded run."""

import importlib.metadata
import os
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from sacred_core.compare import ComparedRun, RunDiff, diff
from sacred_core.compare.aspects.machine import recorded_packages
from sacred_core.provenance.host import ask_gpus, get_host_info

_ASPECTS = ("packages", "host", "environment")
_THREADS, _SWITCHES, _VARIABLES = "threads", "switches", "ENV"


def present_differences(
    recorded: ComparedRun, python: str | None = None, has_packages: bool = False
) -> RunDiff:
    """Compare the packages, the host and the environment of a run with the present ones.

    Args:
        recorded: The run.
        python: The version of Python that the rerun uses; None for that of this process.
        has_packages: The rerun has the recorded versions of the packages.
    """
    run = recorded.run
    before, host = _comparable_hosts(run.host)
    if python is not None and "python_version" in host:
        host["python_version"] = python
    packages = run.experiment.get("dependencies") or []
    installed = packages if has_packages else _installed(recorded_packages(run))
    experiment = {"dependencies": installed}
    first, second = (
        ComparedRun(recorded.store, each, recorded.location)
        for each in (
            attrs.evolve(run, host=before),
            attrs.evolve(run, id="now", host=host, experiment=experiment),
        )
    )
    return diff(first, second, only=_ASPECTS)


def _comparable_hosts(recorded: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what was recorded about the host, and what it is now, of what is known of both.

    The threads of libraries that this process does not load are unknown. Without switches, none
    was set, unless Sacred recorded the run.
    """
    ask_gpus()
    before, now = dict(recorded), get_host_info(())
    if _THREADS in before:  # Sacred does not record them
        for each in (before, now):
            each.setdefault(_SWITCHES, {})
    if isinstance(before.get(_VARIABLES), dict):  # which are recorded is a setting of the script
        known = before[_VARIABLES].keys() & os.environ.keys()
        now[_VARIABLES] = {name: os.environ[name] for name in known}
    names = before.keys() & now.keys()
    before, now = ({name: each[name] for name in names} for each in (before, now))
    if isinstance(before.get(_THREADS), dict):
        libraries = before[_THREADS].keys() & now[_THREADS].keys()
        for each in (before, now):
            each[_THREADS] = {name: each[_THREADS][name] for name in libraries}
    return before, now


def difference_data(found: RunDiff) -> list[dict[str, Any]]:
    """Return the differences as plain data: aspect, key, and both values where they exist."""
    names = {"first": "recorded", "second": "now"}
    return [
        {"aspect": each.aspect}
        | {names.get(key, key): value for key, value in each.data().items() if key != "details"}
        for each in found
    ]


def _installed(names: Iterable[str]) -> list[str]:
    """Return the installed versions of packages, without those that are missing."""
    found = []
    for name in names:
        try:
            found.append(f"{name}=={importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
