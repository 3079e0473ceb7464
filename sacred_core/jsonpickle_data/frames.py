"""pandas' objects in the forms that three generations of jsonpickle gave them."""

import csv
import io
import json
import math
from datetime import UTC, datetime
from typing import Any

from sacred_core.jsonpickle_data.tags import Decoder, Tag, UnreadableTagError
from sacred_core.serialization import plain

_BOOLEANS = {"True": True, "False": False}
_STRING_ARRAYS = ("pandas.arrays.StringArray", "pandas.core.arrays.string_.StringArray")


def read_frame(tag: Tag, decoder: Decoder) -> Any:
    """Return a data frame as `plain` does: a dictionary of dictionaries.

    Raises:
        UnreadableTagError: it has a form that pandas alone could read.
    """
    values, meta = tag.get("values"), tag.get("meta")
    try:
        if isinstance(values, dict):  # jsonpickle 0.x
            return _of_records(values, tag.get("dtypes") or {})
        if not isinstance(values, str) or not isinstance(meta, dict):
            raise UnreadableTagError
        if "columns" in meta:
            return _of_columns(values, meta, decoder)
        return _of_csv(values, meta, decoder)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise UnreadableTagError from error


def read_series(tag: Tag, decoder: Decoder) -> Any:
    """Return a series as `plain` does: a dictionary.

    Raises:
        UnreadableTagError: it has a form that pandas alone could read.
    """
    if "index" not in tag or "values" not in tag:
        raise UnreadableTagError
    index, values = decoder.decode(tag["index"]), decoder.decode(tag["values"])
    if isinstance(values, dict):
        values = _strings(values, decoder)
    if not isinstance(index, list) or not isinstance(values, list) or len(index) != len(values):
        raise UnreadableTagError
    decoder.spend(len(values))
    if not _are_distinct(index):
        return {"index": index, "data": values}
    return plain(dict(zip(map(_label, index), values, strict=True)))


def read_index(tag: Tag, decoder: Decoder) -> list[Any]:
    """Return the labels of an index.

    Raises:
        UnreadableTagError: it has none.
    """
    try:
        found = json.loads(tag["values"]) if "values" in tag else tag["py/seq"]
    except (KeyError, TypeError, ValueError):
        raise UnreadableTagError from None
    if not isinstance(found, list):
        raise UnreadableTagError
    return [decoder.decode(item) for item in found]


def _of_records(values: dict[str, Any], dtypes: dict[str, Any]) -> Any:
    """Read columns whose labels are strings; times are milliseconds."""
    return {
        name: {
            label: _millisecond(value) if str(dtypes.get(name)).startswith("datetime64") else value
            for label, value in column.items()
        }
        for name, column in values.items()
    }


def _of_columns(text: str, meta: Tag, decoder: Decoder) -> Any:
    columns = list(decoder.decode(json.loads(text)).values())
    names, index = (decoder.decode(json.loads(meta[key])) for key in ("columns", "index"))
    return _frame(names, index, columns, decoder)


def _of_csv(text: str, meta: Tag, decoder: Decoder) -> Any:
    if meta.get("header") != [0]:
        raise UnreadableTagError
    header, *rows = list(csv.reader(io.StringIO(text))) or [[]]
    dtypes = {str(name): (name, kind) for name, kind in decoder.decode(meta["dtypes"]).items()}
    index = decoder.decode(json.loads(meta["index"]))
    names = [dtypes[name][0] for name in header]
    columns = [
        [_cell(row[position], dtypes[name][1]) for row in rows]
        for position, name in enumerate(header)
    ]
    return _frame(names, index, columns, decoder)


def _frame(names: list[Any], index: list[Any], columns: list[list[Any]], decoder: Decoder) -> Any:
    if len(names) != len(columns) or any(len(column) != len(index) for column in columns):
        raise UnreadableTagError
    decoder.spend(len(names) * len(index))
    if not _are_distinct(names) or not _are_distinct(index):
        rows = [list(row) for row in zip(*columns, strict=True)]
        return {"columns": names, "index": index, "data": rows}
    labels = list(map(_label, index))
    by_label = [dict(zip(labels, column, strict=True)) for column in columns]
    return plain(dict(zip(map(_label, names), by_label, strict=True)))


def _cell(text: str, dtype: Any) -> Any:
    """Return a value of CSV text as a column of ``dtype`` has it."""
    kind = str(dtype).lower()
    if kind.startswith(("int", "uint")):
        return int(text) if text else None
    if kind.startswith("float"):
        return float(text) if text else math.nan
    if kind.startswith("bool"):
        return _BOOLEANS.get(text, text)
    if kind.startswith("datetime64"):
        return datetime.fromisoformat(text) if text else None
    return text or None


def _strings(tag: Tag, decoder: Decoder) -> Any:
    """Return the strings of an extension array, which are in a numpy array of its state."""
    try:
        _, made_of, state = tag["py/reduce"]
        if made_of["py/tuple"][0]["py/type"] not in _STRING_ARRAYS:
            raise UnreadableTagError
        return decoder.decode(state["py/tuple"][1])
    except (KeyError, IndexError, TypeError, ValueError):
        raise UnreadableTagError from None


def _millisecond(value: Any) -> Any:
    if type(value) not in (int, float):
        return value
    return datetime.fromtimestamp(value / 1000, UTC).replace(tzinfo=None)


def _label(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _are_distinct(labels: list[Any]) -> bool:
    return len(set(map(str, labels))) == len(labels)
