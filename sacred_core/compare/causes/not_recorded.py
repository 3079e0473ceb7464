"""What was not recorded of two runs, so that it is not known whether it differs."""

from collections.abc import Callable, Iterator

from sacred_core.compare.aspects.configuration import facts
from sacred_core.compare.aspects.machine import recorded_packages
from sacred_core.compare.causes.config_values import is_address
from sacred_core.compare.causes.evidence import Evidence
from sacred_core.compare.compared_run import ComparedRun
from sacred_core.compare.values import listed
from sacred_core.exceptions import DamagedRecordError
from sacred_core.hooks.discovery import normalize_project
from sacred_core.masking import MASK

#: Packages that use a GPU if there is one.
_GPU_PACKAGES = frozenset(
    {"cupy", "jax", "tensorflow", "torch", "cudf", "cuml", "numba", "xgboost", "lightgbm"}
)


def find_unrecorded(evidence: Evidence) -> Iterator[str]:
    """Yield a line for each thing that is not recorded, and for which run."""
    for check in (
        _sources,
        _changes,
        _calls,
        _packages,
        _host,
        _gpu,
        _variables,
        _threads,
        _data,
        _metrics,
        _end,
    ):
        yield from _with_runs(check, evidence)
    config = facts(evidence.sides[0].run.config)
    hidden = [path for path, value in config.items() if value == MASK]
    if hidden:
        yield f"the values of {listed(hidden)}, which are secrets"
    objects = [each.key for each in evidence.differences("config") if is_address(each)]
    if objects:
        yield f"the content of the objects at {listed(objects)}"


def _with_runs(check: Callable[[ComparedRun], list[str]], evidence: Evidence) -> Iterator[str]:
    first, second = (check(side) for side in evidence.sides)
    for line in dict.fromkeys((*first, *second)):
        if line in first and line in second:
            yield line
        else:
            yield f"{line} ({'first' if line in first else 'second'} run)"


def _sources(side: ComparedRun) -> list[str]:
    sources = side.run.sources
    if not sources:
        return ["the source code"]
    missing = [name for name in sources if side.source(name) is None]
    found = [f"the content of {listed(missing)}"] if missing else []
    main = side.run.experiment.get("mainfile")
    if isinstance(main, str) and main not in sources:
        found.append(f"the source {main}, which may have changed while it ran")
    return found


def _changes(side: ComparedRun) -> list[str]:
    repositories = side.run.repositories
    if not repositories:
        return ["changes of files that are not sources: no git repository is recorded"]
    found = []
    for each in repositories:
        name = each.get("url") or "the repository"
        if each["dirty"] is None:
            found.append(f"whether {name} has uncommitted changes: git was not installed")
        elif each["dirty"] and side.patch(str(each["commit"])) is None:
            found.append(f"the uncommitted changes of {name}: switched off, or too large")
    return [*found, "files that git does not track"]


def _calls(side: ComparedRun) -> list[str]:
    return [] if side.run.captured else ["which captured functions were executed"]


def _packages(side: ComparedRun) -> list[str]:
    return [] if recorded_packages(side.run) else ["the versions of packages"]


def _host(side: ComparedRun) -> list[str]:
    return [] if side.run.host else ["the machine and the version of Python"]


def _gpu(side: ComparedRun) -> list[str]:
    used = [
        name for name in recorded_packages(side.run) if normalize_project(name) in _GPU_PACKAGES
    ]
    has_gpu = any(name in side.run.host for name in ("gpus", "gpu"))
    is_open = bool(used) and bool(side.run.host) and not has_gpu
    return [f"a GPU, which {listed(used)} may use: nvidia-smi was not found"] if is_open else []


def _variables(side: ComparedRun) -> list[str]:
    if not side.run.host:
        return ["environment variables"]
    captured = side.run.host.get("ENV")
    names = listed([*map(str, captured)]) if isinstance(captured, dict) and captured else ""
    extra = f" and {names}" if names else ""
    return [
        f"environment variables, except those of numeric libraries{extra} "
        "(SETTINGS.HOST_INFO.CAPTURED_ENV)"
    ]


def _threads(side: ComparedRun) -> list[str]:
    has_threads = "threads" in side.run.host or not side.run.host
    return [] if has_threads else ["the number of threads"]


def _data(side: ComparedRun) -> list[str]:
    if side.run.resources:
        return ["files that the run read without run.open_resource"]
    return ["files that the run read: none was opened with run.open_resource"]


def _metrics(side: ComparedRun) -> list[str]:
    try:
        return [] if side.points() else ["metrics"]
    except DamagedRecordError:  # a problem of the comparison reports it
        return []


def _end(side: ComparedRun) -> list[str]:
    has_ended = side.run.recorded_status != "RUNNING"
    return [] if has_ended else [f"the end of the run, whose status is {side.run.status}"]
