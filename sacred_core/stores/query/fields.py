"""Which fields there are, and what each takes."""

import difflib
from typing import Literal, TypeAlias

from sacred_core.stores.query.nodes import Field, Operator

#: What a field holds: texts (a bare word is one, also ``2024``), a list of texts, a time, a number
#: of seconds, the id of a run, or any value.
Kind: TypeAlias = Literal["text", "list", "time", "seconds", "id", "any"]

_KINDS: dict[str, Kind] = {
    "status": "text",
    "name": "text",
    "command": "text",
    "comment": "text",
    "damage": "text",
    "id": "id",
    "run_id": "id",
    "tags": "list",
    "artifacts": "list",
    "resources": "list",
    "start_time": "time",
    "stop_time": "time",
    "queue_time": "time",
    "heartbeat": "time",
    "duration": "seconds",
}
#: Those that have entries below them.
TREES = ("config", "info", "meta", "host", "experiment")
_NAMES = (*_KINDS, "result", "metrics", *TREES)
_STATISTICS = ("last", "min", "max", "count")
_OF_LISTS = ("has", "~", "!~", "exists", "missing")
_OF_TEXTS = ("has", "~", "!~")


def kind_of(field: Field) -> Kind:
    """Return what ``field`` holds."""
    return _KINDS.get(field.name, "any")


def field_problem(field: Field) -> str:
    """Say what is wrong with ``field``, or nothing."""
    name, path = field.name, field.path
    if name not in _NAMES:
        return f"there is no field {name!r}{_suggestion(name)}"
    if name in TREES and not path:
        return f"expected an entry of {name}, like {name}.entry"
    if name == "metrics" and (len(path) != 2 or path[1] not in _STATISTICS or not path[0]):
        return "expected a metric and last, min, max or count, like metrics.loss.last"
    if name in _KINDS and path:
        return f"{name!r} has nothing below it"
    return ""


def operator_problem(field: Field, operator: Operator) -> str:
    """Say why ``operator`` cannot be asked of ``field``, or nothing."""
    kind = kind_of(field)
    if kind == "list" and operator not in _OF_LISTS:
        return f"{field.name!r} is a list: expected has, ~, !~, exists or missing"
    if kind in ("time", "seconds") and operator in _OF_TEXTS:
        return f"{field.name!r} is no text: expected a comparison like < or between"
    return ""


def _suggestion(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), _NAMES, 1)
    if near:
        return f": did you mean {near[0]!r}?"
    return f": did you mean 'config.{name}'? (fields: {', '.join(_NAMES)})"
