"""Reads records of whole runs, which name the release of Sacred that wrote them."""

from collections.abc import Iterable, Mapping
from typing import Any

from sacred_core.jsonpickle_data.decoding import decode_jsonpickle


def sacred_release(experiment: Any) -> str | None:
    """Return the release of Sacred among the dependencies of a recorded experiment."""
    dependencies = experiment.get("dependencies") if isinstance(experiment, Mapping) else None
    for each in dependencies if isinstance(dependencies, list) else ():
        name, version = _parts(each)
        if name == "sacred":
            return version
    return None


def decode_run_entry(entry: Any) -> Any:
    """Return what Sacred's ``run.json`` holds as plain data; see `decode_jsonpickle`."""
    experiment = entry.get("experiment") if isinstance(entry, dict) else None
    return decode_jsonpickle(entry, sacred_release(experiment), last="result")


def _parts(dependency: Any) -> tuple[str, str | None]:
    """Return name and version of ``"sacred==0.8.7"``, or of a pair, as old releases wrote it."""
    if isinstance(dependency, Mapping):
        dependency = dependency.get("py/tuple")
    if isinstance(dependency, str):
        name, _, version = dependency.partition("==")
        return name.strip(), version.strip() or None
    if isinstance(dependency, Iterable):
        parts = [str(part) for part in dependency]
        return (parts[0], parts[1]) if len(parts) == 2 else ("", None)
    return "", None
