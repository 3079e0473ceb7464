"""The built-in viewers of files."""

import csv
import io
import json
from typing import Any

from markupsafe import Markup

from sacred_board.panels import text_parts
from sacred_board.panels.views import FileView
from sacred_board.rendering import render_part
from sacred_core.printable import printable

#: Bytes of a table that are read, and its rows, columns and characters of a cell that are shown.
_TABLE_BYTES, _MOST_ROWS, _MOST_COLUMNS, _LONGEST_CELL = 1024 * 1024, 500, 60, 300
#: Bytes of JSON that is indented; larger files are shown as they are.
_JSON_BYTES = 1024 * 1024
_DELIMITERS = {"text/csv": ",", "text/tab-separated-values": "\t"}


def show_image(file: FileView) -> Markup:
    """Return an image."""
    return _render("image", file)


def show_media(file: FileView) -> Markup:
    """Return a player of audio or video."""
    is_video = file.content_type.startswith("video/")
    return _render("media", file, is_video=is_video)


def show_table(file: FileView) -> Markup | None:
    """Return the first rows of a file with comma-separated or tab-separated values."""
    content = file.read(_TABLE_BYTES + 1)
    text = text_parts.decode(content[:_TABLE_BYTES])
    if text is None:
        return None
    is_cut = len(content) > _TABLE_BYTES
    delimiter = _DELIMITERS.get(file.content_type, ",")
    try:
        rows = [*csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error:
        return None
    rows = [row for row in (rows[:-1] if is_cut else rows) if row]
    if not rows:
        return None
    shown = [[_cell(each) for each in row[:_MOST_COLUMNS]] for row in rows[: _MOST_ROWS + 1]]
    width = max(map(len, shown))
    return _render(
        "table",
        file,
        head=shown[0] + [""] * (width - len(shown[0])),
        rows=[row + [""] * (width - len(row)) for row in shown[1:]],
        numbers=[_is_numeric(shown[1:], column) for column in range(width)],
        total=len(rows) - 1,
        is_cut=is_cut,
        columns=max(map(len, rows)),
    )


def show_json(file: FileView) -> Markup | None:
    """Return JSON with one entry per line."""
    content = file.read(_JSON_BYTES + 1)
    if len(content) > _JSON_BYTES:
        return show_text(file)
    try:
        text = json.dumps(json.loads(content), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return show_text(file)
    return _show_lines(file, text, is_cut=False)


def show_text(file: FileView) -> Markup | None:
    """Return the beginning of a text."""
    content = file.read(text_parts.MOST_BYTES + 1)
    text = text_parts.decode(content[: text_parts.MOST_BYTES])
    if text is None:
        return None
    return _show_lines(file, text, is_cut=len(content) > text_parts.MOST_BYTES)


def show_other(file: FileView) -> Markup:
    """Return a file of an unknown type: as text if it is one, else the link to it."""
    shown = None if _is_binary(file.content_type) else show_text(file)
    return shown or _render("download", file)


def _render(viewer: str, file: FileView, **variables: Any) -> Markup:
    return render_part("panels/viewers.html", viewer=viewer, file=file, **variables)


def _show_lines(file: FileView, text: str, is_cut: bool) -> Markup:
    is_python = file.name.endswith((".py", ".pyi"))
    lines = text_parts.python_lines(text) if is_python else text_parts.text_lines(text)
    return _render("text", file, lines=lines, is_cut=is_cut)


def _is_binary(content_type: str) -> bool:
    return content_type.startswith("font/")


def _cell(text: str) -> str:
    cut = text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"
    return printable(cut)


def _is_numeric(rows: list[list[str]], column: int) -> bool:
    """Return whether all values of a column that are not empty are numbers."""
    values = [row[column] for row in rows if column < len(row) and row[column].strip()]
    try:
        for value in values:
            float(value)
    except ValueError:
        return False
    return bool(values)
