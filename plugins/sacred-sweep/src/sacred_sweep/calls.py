"""Sweeps that Python code starts."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sacred_core.config.entries import normalize
from sacred_core.dotted_path import leaves
from sacred_core.exceptions import OptionError, UpdateError
from sacred_core.hooks.options import offered_options, spellings
from sacred_core.loggers import default_handler
from sacred_core.run.conclusion import UsersFrames
from sacred_core.script_cli.sweeps import SweepOptions
from sacred_sweep.distributions import Distribution
from sacred_sweep.grammar import add_zipped
from sacred_sweep.settings import read_settings
from sacred_sweep.spec import UNSET, SweepSpec
from sacred_sweep.sweep import Sweep, start_sweep

#: By name of an option in Python its flag, where the two differ in more than dashes.
_FLAGS = {"name": "--sweep", "dry_run": "--dry-run"}
_OPTIONS = (
    "command", "name", "seeds", "dry_run", "force", "launch", "sampler", "optimize", "direction",
    "trials",
)  # fmt: skip


def sweep_experiment(ex: Any, space: Mapping[str, Any], options: SweepOptions) -> Sweep:
    """Start a sweep, see `sacred_core.Experiment.sweep`.

    Raises:
        SacredError: an option or a point is wrong, or no observer has a store.
        TypeError: there is no such option.
    """
    given: dict[str, Any] = dict(options)
    unknown = given.keys() - SweepOptions.__annotations__.keys()
    if unknown:
        known = ", ".join(SweepOptions.__annotations__)
        raise TypeError(f"sweep() has no option {min(unknown)!r}: there are {known}")
    with UsersFrames(), default_handler(ex.logger or logging.getLogger()):
        spec = _read_spec(space, given)
        sweep = start_sweep(ex, spec, read_settings(_flags(ex, given), spec))
    wait: Any = None if sweep.launched is None else sweep.launched.wait
    if wait is not None:
        wait()
    return sweep


def _flags(ex: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all options by their flags."""
    names = spellings(offered_options(ex.additional_cli_options))
    flags = {names.get(key, key): value for key, value in (given.get("options") or {}).items()}
    for name in _OPTIONS:
        if given.get(name) is not None:
            flags[_FLAGS.get(name, f"--{name}")] = given[name]
    return flags


def _read_spec(space: Mapping[str, Any], given: Mapping[str, Any]) -> SweepSpec:
    spec = SweepSpec(named_configs=list(given.get("named_configs") or ()))
    fixed = given.get("config_updates") or {}
    spec.fixed = {str(path): value for path, value in leaves(dict(fixed))}
    for path, value in leaves(dict(space)):
        found = _axis(value, str(path))
        if found is None:
            spec.fixed[str(path)] = value
        else:
            spec.add(str(path), found)
    zipped = {
        str(path): _axis(value, str(path)) for path, value in leaves(given.get("zipped") or {})
    }
    if zipped:
        _add_zipped(spec, zipped)
    if given.get("points") is not None:
        _add_points(spec, given["points"])
    spec.draws = _draws(given.get("random"))
    spec.check()
    return spec


def _axis(value: Any, path: str) -> Sequence[Any] | Distribution | None:
    """Return the values of an entry, or their distribution; None for a single value."""
    if isinstance(value, (Distribution, range)):
        found: Sequence[Any] | Distribution = value
    elif isinstance(value, tuple):
        found = list(value)
    else:
        listed = normalize(value)  # an array of numbers becomes a list
        if not isinstance(listed, list):
            return None
        found = listed
    if not isinstance(found, Distribution) and not found:
        raise UpdateError(f"{path!r} has no values: write at least one, as in [1, 2]")
    return found


def _add_zipped(spec: SweepSpec, columns: Mapping[str, Any]) -> None:
    for path, values in columns.items():
        if values is None or isinstance(values, Distribution):
            raise UpdateError(f"zipped: {path!r} must be a list of values")
    add_zipped(spec, columns, "zipped")


def _add_points(spec: SweepSpec, points: Iterable[Mapping[str, Any]]) -> None:
    rows = [{str(path): value for path, value in leaves(dict(point))} for point in points]
    if not rows:
        raise UpdateError("points is empty: add at least one point")
    paths = list(dict.fromkeys(path for row in rows for path in row))
    if len(paths) == 1:
        spec.add_axis(paths, [row.get(paths[0], UNSET) for row in rows])
    else:
        spec.add_axis(paths, [tuple(row.get(path, UNSET) for path in paths) for row in rows])


def _draws(number: Any) -> int | None:
    if number is None:
        return None
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise OptionError(f"random must be an integer above 0, got {number!r}")
    return number
