"""The configuration and the seeds."""

from collections.abc import Iterator
from typing import Any

from sacred_core.compare.compared_run import ComparedRun
from sacred_core.compare.records import MISSING, Difference
from sacred_core.compare.value_text import value_lines
from sacred_core.dotted_path import ROOT, DottedPath, find_closest
from sacred_core.masking import mask_value
from sacred_core.stores import StoredRun

_SEED = "seed"
#: Origins of entries that are set by an update.
_UPDATES = ("update", "command line")


def collect_config(side: ComparedRun) -> dict[str, Any]:
    """Return the entries of the configuration by their dotted paths, without seeds."""
    return {path: value for path, value in facts(side.run.config).items() if not _is_seed(path)}


def collect_seed(side: ComparedRun) -> dict[str, Any]:
    """Return the seed of the run, and those of its ingredients, by their dotted paths."""
    return {path: value for path, value in facts(side.run.config).items() if _is_seed(path)}


def render_config(difference: Difference, first: ComparedRun, second: ComparedRun) -> Difference:
    """Return the values with their origins."""
    sides = ((difference.first, first), (difference.second, second))
    origins = [
        None if value is MISSING else origin_of(side.run, difference.key) for value, side in sides
    ]
    notes = [f"  ({origin})" if origin else "" for origin in origins]
    return difference.shown(value_lines(difference, notes), {"origins": origins})


def origin_of(run: StoredRun, key: str) -> str | None:
    """Return the origin of an entry, or of what contains it; None where it is not recorded."""
    origin = find_closest(run.origins, key)
    if DottedPath.parse(key).find(run.meta.get("config_updates"), MISSING) is MISSING:
        return origin
    if origin is None:  # as in records of Sacred
        return "update"
    return origin if origin in _UPDATES else f"{origin}, updated"


def facts(tree: Any) -> dict[str, Any]:
    """Return what `entries` yields by dotted paths; secrets, which Sacred records, are masked."""
    return {str(path): value for path, value in entries(mask_value(tree)[0])}


def entries(tree: Any, path: DottedPath = ROOT) -> Iterator[tuple[DottedPath, Any]]:
    """Yield the path and the value of everything that does not contain dictionaries.

    An empty dictionary, and a list without dictionaries such as an array, is a value.
    """
    if isinstance(tree, dict) and tree:
        for key, value in tree.items():
            yield from entries(value, path.below(key))
    elif isinstance(tree, list) and _has_dictionaries(tree):
        for position, value in enumerate(tree):
            yield from entries(value, path.below(position))
    elif path:
        yield path, tree


def _has_dictionaries(items: list[Any]) -> bool:
    """Return whether a list contains a dictionary, at any depth."""
    waiting = [items]
    while waiting:
        for each in waiting.pop():
            if isinstance(each, dict):
                return True
            if isinstance(each, list):
                waiting.append(each)
    return False


def _is_seed(path: str) -> bool:
    return path.rpartition(".")[2] == _SEED  # a key, and so a path, may be empty
