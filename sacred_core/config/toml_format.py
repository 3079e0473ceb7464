"""Configurations in TOML: read with the standard library, written with tomli-w or tomlkit.

Dates and times become strings in ISO 8601, as in JSON and YAML. TOML has no value for None, and
its keys are strings: entries with others are refused, and not written in another form.
"""

import contextlib
import datetime
import importlib
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sacred_core.dotted_path import ROOT, DottedPath


def load_toml(path: Path) -> Any:
    """Return the content of a TOML file, with or without a byte order mark.

    Raises:
        ValueError: it is not TOML; the message names the line.
    """
    return _without_dates(tomllib.loads(path.read_text(encoding="utf-8-sig")))


def dump_toml(entries: Any, path: Path) -> None:
    """Write TOML that `load_toml` reads.

    Raises:
        ValueError: an entry has a value or a key that TOML does not have.
        ImportError: no library for writing is installed; the message has the command.
    """
    problems = list(_problems(entries, ROOT))
    if problems:
        raise ValueError(f"{'; '.join(problems)}: use a .yaml file")
    path.write_text(_writer()(entries), encoding="utf-8")


def _writer() -> Callable[[Any], str]:
    for name in ("tomli_w", "tomlkit"):
        with contextlib.suppress(ImportError):
            write: Callable[[Any], str] = importlib.import_module(name).dumps
            return write
    raise ImportError(
        "no library for writing TOML is installed (install one with: pip install tomli-w)"
    )


def _without_dates(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_dates(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_dates(item) for item in value]
    is_date = isinstance(value, (datetime.date, datetime.time))
    return value.isoformat() if is_date else value


def _problems(value: Any, path: DottedPath) -> Iterator[str]:
    if value is None:
        yield f"{path!r} is None, for which TOML has no value"
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                yield f"the key {key!r} at {path.below(key)!r} is not a string, as TOML requires"
            yield from _problems(item, path.below(key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _problems(item, path.below(number))
