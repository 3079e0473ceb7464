"""The grammar of a sweep: what comes after ``with``, and files such as ``sweep.yaml``."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sacred_core.config.files import has_config_suffix, load_config_file
from sacred_core.dotted_path import leaves
from sacred_core.exceptions import UpdateError
from sacred_core.script_cli.parsing import parse_value
from sacred_core.script_cli.words import check_spaces
from sacred_sweep.distributions import Distribution
from sacred_sweep.point_files import SUFFIXES, read_points
from sacred_sweep.spec import SweepSpec
from sacred_sweep.words import parse_axis, split_items

#: The key of a configuration file that makes it the file of a sweep.
KEY = "sweep"
_ZIP = re.compile(r"zip\s*\((?P<items>.*)\)", re.DOTALL)
_RANDOM = re.compile(r"random\s*\(\s*(?P<count>[^()]*?)\s*\)")
_FILE = re.compile(r"file(?:\s+|\s*\(\s*)(?P<name>.+?)\s*\)?", re.DOTALL)
#: Keys below `KEY`, beside those that are options.
_KEYS = ("values", "zip", "file", "random")
#: Options that a file may have, without dashes.
_OPTIONS = ("name", "command", "seeds", "sampler", "optimize", "direction", "trials")


def parse_sweep(tokens: Sequence[str]) -> SweepSpec:
    """Return what the words after ``with`` describe; they replace entries of files of a sweep.

    Raises:
        UpdateError: a word is wrong, or an entry is given twice.
        ConfigError: a file is missing, or cannot be read.
    """
    check_spaces(tokens)
    spec, of_files, words = SweepSpec(), SweepSpec(), list(tokens)
    while words:
        token = words.pop(0)
        if token == "file" and words and words[0].lower().endswith(SUFFIXES):
            token = f"file {words.pop(0)}"
        if "=" not in token and has_config_suffix(token) and _is_sweep_file(token):
            _add_file(of_files, load_config_file(token), token)
        else:
            _add_token(spec, token)
    spec = spec.over(of_files)
    spec.check()
    return spec


def _add_token(spec: SweepSpec, token: str) -> None:
    if (found := _ZIP.fullmatch(token)) is not None:
        _add_zip(spec, found["items"], token)
    elif (found := _RANDOM.fullmatch(token)) is not None:
        _set_draws(spec, found["count"], token)
    elif (found := _FILE.fullmatch(token)) is not None and "=" not in token:
        axis = read_points(found["name"].strip("'\""))
        spec.add_axis(axis.paths, axis.rows)
    elif "=" in token:
        path, _, text = (part.strip() for part in token.partition("="))
        _add_update(spec, path, text, token)
    elif token.lower().endswith(SUFFIXES):
        raise UpdateError(f"{token!r}: to read points from a file, write: file {token}")
    else:
        spec.named_configs.append(token)


def _add_update(spec: SweepSpec, path: str, text: str, token: str) -> None:
    if not all(path.split(".")):
        raise UpdateError(f"{token!r} names no entry: write entry=value or group.entry=value")
    found = parse_axis(text, token)
    if found is not None:
        spec.add(path, found)
    elif path in spec.fixed:
        raise UpdateError(f"the entry {path!r} is given twice: remove one of the two")
    else:
        spec.fixed[path] = parse_value(text, token)


def _add_zip(spec: SweepSpec, items: str, token: str) -> None:
    columns: dict[str, Sequence[Any]] = {}
    for item in split_items(items, token):
        path, equals, text = (part.strip() for part in item.partition("="))
        found = parse_axis(text, item) if equals else None
        if found is None or isinstance(found, Distribution):
            raise UpdateError(
                f"{token!r}: expected a list of values or a range for each entry, as in "
                f"zip(a=[1,2],b=[3,4]), got {item!r}"
            )
        if path in columns:
            raise UpdateError(f"the entry {path!r} is given twice: remove one of the two")
        columns[path] = found
    add_zipped(spec, columns, token)


def add_zipped(spec: SweepSpec, columns: Mapping[str, Sequence[Any]], where: str) -> None:
    """Add entries that get their first values together, then their second ones, and so on.

    Raises:
        UpdateError: the numbers of values differ, or there are none.
    """
    if len({len(values) for values in columns.values()}) > 1:
        lengths = ", ".join(f"{path} {len(values)}" for path, values in columns.items())
        raise UpdateError(f"{where!r}: the numbers of values differ ({lengths})")
    if not columns or not len(next(iter(columns.values()))):
        raise UpdateError(f"{where!r} has no values: write zip(a=[1,2],b=[3,4])")
    if len(columns) == 1:
        spec.add_axis(list(columns), next(iter(columns.values())))
    else:
        spec.add_axis(list(columns), list(zip(*columns.values(), strict=True)))


def _set_draws(spec: SweepSpec, count: str, token: str) -> None:
    if not count.isdecimal() or int(count) < 1:
        raise UpdateError(f"{token!r}: write random(N) with a number of points above 0")
    if spec.draws is not None:
        raise UpdateError("random(N) is given twice: remove one of the two")
    spec.draws = int(count)


def _is_sweep_file(name: str) -> bool:
    """Return whether a configuration file exists and has the key `KEY`."""
    return Path(name).expanduser().is_file() and KEY in load_config_file(name)


def _add_file(spec: SweepSpec, entries: Mapping[str, Any], name: str) -> None:
    """Add what a file of a sweep contains: fixed entries, and a sweep under `KEY`."""
    sweep = entries[KEY]
    if not isinstance(sweep, dict):
        raise UpdateError(f"{name}: {KEY!r} must contain {', '.join(_KEYS)} or options")
    unknown = [key for key in sweep if key not in (*_KEYS, *_OPTIONS)]
    if unknown:
        raise UpdateError(
            f"{name}: unknown key {unknown[0]!r} in {KEY!r}: there are "
            f"{', '.join((*_KEYS, *_OPTIONS))}; write swept entries below 'values'"
        )
    fixed = {key: value for key, value in entries.items() if key != KEY}
    spec.fixed = {**{str(path): value for path, value in leaves(fixed)}, **spec.fixed}
    for path, value in leaves(sweep.get("values") or {}):
        spec.add(str(path), _file_axis(value, str(path), name))
    zipped = sweep.get("zip") or []
    for columns in zipped if isinstance(zipped, list) else [zipped]:
        _add_file_zip(spec, columns, name)
    if "file" in sweep:
        axis = read_points(str(Path(name).parent / str(sweep["file"])))
        spec.add_axis(axis.paths, axis.rows)
    if "random" in sweep:
        _set_draws(spec, str(sweep["random"]), f"{name}: random: {sweep['random']}")
    flags = {"name": "--sweep"}
    spec.options |= {flags.get(key, f"--{key}"): sweep[key] for key in _OPTIONS if key in sweep}


def _add_file_zip(spec: SweepSpec, columns: Any, name: str) -> None:
    where = f"{name}: zip"
    if not isinstance(columns, dict):
        raise UpdateError(f"{where}: expected a list of values for each entry, got {columns!r}")
    lists = {str(path): _file_axis(value, str(path), name) for path, value in leaves(columns)}
    for path, found in lists.items():
        if isinstance(found, Distribution):
            raise UpdateError(f"{where}: {path} must be a list of values, got {found}")
    add_zipped(spec, lists, where)  # type: ignore[arg-type]


def _file_axis(value: Any, path: str, name: str) -> Sequence[Any] | Distribution:
    """Return the values of an entry below ``values``: a list, or a string as on a command line."""
    where = f"{name}: {path}"
    found = value if isinstance(value, list) else None
    if isinstance(value, str):
        found = parse_axis(value, f"{where}: {value}")  # type: ignore[assignment]
    if found is None:
        raise UpdateError(
            f"{where} must be a list of values, a range like 1..8 or a distribution like "
            f"uniform(0, 1), got {value!r}: write fixed entries outside {KEY!r}"
        )
    if isinstance(found, list) and not found:
        raise UpdateError(f"{where} has no values: write at least one, as in [1, 2]")
    return found
