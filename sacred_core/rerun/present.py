"""What of the present environment differs from that of a recorded run."""

import importlib.metadata
from typing import Any

import attrs

from sacred_core.compare import ComparedRun, RunDiff, diff
from sacred_core.provenance.host import ask_gpus, get_host_info

_ASPECTS = ("packages", "host", "environment")


def present_differences(
    recorded: ComparedRun, python: str | None = None, has_packages: bool = False
) -> RunDiff:
    """Compare the packages, the host and the environment of a run with the present ones.

    Args:
        recorded: The run.
        python: The version of Python that the rerun uses; None for that of this process.
        has_packages: The rerun has the recorded versions of the packages.
    """
    ask_gpus()
    host = get_host_info(())
    run = recorded.run
    known = {name: host[name] for name in host if name in run.host}
    if python is not None and "python_version" in known:
        known["python_version"] = python
    packages = run.experiment.get("dependencies") or []
    experiment = {"dependencies": packages if has_packages else _installed(packages)}
    present = attrs.evolve(run, id="now", host=known, experiment=experiment)
    extra = {name: run.host[name] for name in run.host if name not in host}
    before = attrs.evolve(run, host={n: v for n, v in run.host.items() if n not in extra})
    first, second = (
        ComparedRun(recorded.store, each, recorded.location) for each in (before, present)
    )
    return diff(first, second, only=_ASPECTS)


def difference_data(found: RunDiff) -> list[dict[str, Any]]:
    """Return the differences as plain data: aspect, key, and both values where they exist."""
    names = {"first": "recorded", "second": "now"}
    return [
        {"aspect": each.aspect}
        | {names.get(key, key): value for key, value in each.data().items() if key != "details"}
        for each in found
    ]


def _installed(packages: list[Any]) -> list[str]:
    """Return the installed versions of packages, without those that are missing."""
    found = []
    for name in (str(each).partition("==")[0] for each in packages):
        try:
            found.append(f"{name}=={importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
