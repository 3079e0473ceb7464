"""Reads a database in which a document cannot be parsed, and writes it again as it was.

All documents are in one JSON file. One that is nested too deeply for the parser, or has an integer
with too many digits, must not hide the others. Its text is kept, and of its entries those that can
be parsed.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from sacred_core.serialization import from_json, to_json

_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[][{}:,]', re.DOTALL)
_FAILURES = (ValueError, RecursionError, MemoryError)


class RawDocument(dict[str, Any]):
    """The entries of a document that can be parsed.

    Attributes:
        text: The whole document as it is in the file.
        unreadable: Names of the other entries.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.unreadable: list[str] = []
        for name, value in _members(text) if text.startswith("{") else ():
            try:
                self[name] = from_json(value)
            except _FAILURES:
                self.unreadable.append(name)


def read_tables(text: str) -> dict[str, Any]:
    """Return the tables of a database; see the module.

    Raises:
        ValueError: the text is not an object, or cut off.
    """
    return {name: _table(value) for name, value in _members(text)}


def write_tables(tables: dict[str, Any]) -> str:
    """Return the text of a database, in which raw documents are as they were."""
    written = (f"{json.dumps(name)}: {_table_text(table)}" for name, table in tables.items())
    return "{" + ", ".join(written) + "}"


def has_raw(tables: Any) -> bool:
    """Return whether a document of a database is raw."""
    found = tables.values() if isinstance(tables, dict) else ()
    return any(
        isinstance(document, RawDocument)
        for table in found
        if isinstance(table, dict)
        for document in table.values()
    )


def _table(text: str) -> Any:
    try:
        return from_json(text)
    except _FAILURES:
        return {name: _document(value) for name, value in _members(text)}


def _document(text: str) -> Any:
    try:
        return from_json(text)
    except _FAILURES:
        return RawDocument(text)


def _table_text(table: Any) -> str:
    if not has_raw({"": table}):
        return to_json(table)
    documents = (
        f"{json.dumps(name)}: {each.text if isinstance(each, RawDocument) else to_json(each)}"
        for name, each in table.items()
    )
    return "{" + ", ".join(documents) + "}"


def _members(text: str) -> Iterator[tuple[str, str]]:
    """Yield names and texts of the values of an object, without parsing the values."""
    depth, name, start = 0, None, -1
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if depth == 1 and sign in ",}" and name is not None and start >= 0:
            yield name, text[start : token.start()].strip()
            name, start = None, -1
        if sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
            if depth == 0:
                return
        elif depth == 1 and sign == ":" and start < 0:
            start = token.end()
        elif depth == 1 and sign[0] == '"' and name is None:
            name = str(json.loads(sign))
    raise ValueError("it is cut off")
