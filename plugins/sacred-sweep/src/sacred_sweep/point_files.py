"""Reads the points of a sweep from a file: a table (CSV, TSV) or JSON lines."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sacred_core.dotted_path import leaves
from sacred_core.exceptions import UpdateError
from sacred_core.plurals import counted
from sacred_core.script_cli.parsing import parse_value
from sacred_sweep.spec import UNSET, Axis

#: The delimiters of tables, by suffix.
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
SUFFIXES = (*_DELIMITERS, ".jsonl", ".ndjson")


def read_points(filename: str) -> Axis:
    """Return the points in a file.

    The first line of a table has the dotted paths of entries; each other line is a point, with
    values as on a command line. An empty cell leaves the default of the entry. A line of a file
    of JSON lines is an object with the values of entries, nested or by dotted path.

    Raises:
        UpdateError: the file does not exist or cannot be read, or a line is not a point.
    """
    path = Path(filename).expanduser()
    if path.suffix.lower() not in SUFFIXES:
        raise UpdateError(
            f"the file {filename!r} has no known format: its name must end with "
            f"{', '.join(SUFFIXES)}"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UpdateError(f"the file {filename!r} does not exist") from None
    except OSError as error:
        raise UpdateError(f"the file {filename!r} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UpdateError(f"the file {filename!r} is not UTF-8") from None
    is_table = path.suffix.lower() in _DELIMITERS
    rows = list(_table_rows(text, filename) if is_table else _json_rows(text, filename))
    if not rows:
        raise UpdateError(f"the file {filename!r} contains no points")
    paths = list(dict.fromkeys(path for row in rows for path in row))
    if len(paths) == 1:
        return Axis((paths[0],), [row.get(paths[0], UNSET) for row in rows])
    return Axis(tuple(paths), [tuple(row.get(path, UNSET) for path in paths) for row in rows])


def _table_rows(text: str, filename: str) -> Iterator[Mapping[str, Any]]:
    delimiter = _DELIMITERS[Path(filename).suffix.lower()]
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True)
    header: list[str] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = _header(cells, filename)
                continue
            if len(cells) != len(header):
                raise UpdateError(
                    f"{filename}:{reader.line_num}: expected {counted(len(header), 'value')}, "
                    f"got {len(cells)}"
                )
            where = f"{filename}:{reader.line_num}"
            yield {
                path: parse_value(cell.strip(), where) if cell.strip() else UNSET
                for path, cell in zip(header, cells, strict=True)
            }
    except csv.Error as error:
        raise UpdateError(f"{filename}:{reader.line_num}: {error}") from None


def _header(cells: list[str], filename: str) -> list[str]:
    names = [cell.strip() for cell in cells]
    for name in names:
        if not all(name.split(".")):
            raise UpdateError(f"{filename}: the first line must name an entry in each column")
        if names.count(name) > 1:
            raise UpdateError(f"{filename}: the first line has {name!r} twice")
    return names


def _json_rows(text: str, filename: str) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            raise UpdateError(f"{filename}:{number}: the line is not valid JSON") from None
        if not isinstance(values, dict) or not values:
            raise UpdateError(
                f'{filename}:{number}: expected an object such as {{"lr": 0.1}}, got {line[:40]}'
            )
        yield {str(path): value for path, value in leaves(values)}
