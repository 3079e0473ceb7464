"""What the server is asked when runs are looked for: all that fulfil it come, perhaps others too.

The server looks into lists where the language of queries does not, has no dead runs and stores
times to the millisecond; it is requested more then, never for less. What another program wrote
contains objects in separate forms, which only the core can read: where values are
compared, such documents come in any case.
"""

import re
from datetime import datetime
from typing import Any

from sacred_core.stores import DAMAGED, RunQuery
from sacred_core.stores.query import Condition, pushdown
from sacred_core.stores.run_ids import INT64
from sacred_mongo.collections import spellings, to_run_id
from sacred_mongo.connection import Document
from sacred_mongo.values import FILE, JSON, OWN_METRICS, encode_key, is_unicode

_TREES = ("config", "info", "meta", "host", "result")
_TEXTS = {"name": "experiment.name", "command": "command"}
_TIMES = {
    "start_time": "start_time",
    "stop_time": "stop_time",
    "heartbeat": "heartbeat",
    "queue_time": "meta.queue_time",
}
_ORDERS = {"<": "$lte", "<=": "$lte", ">": "$gte", ">=": "$gte"}
_MOST_PARTS = 40  # far below where values are stored as JSON strings
#: Texts that are numbers where a number is requested.
_NUMBER_TEXTS = ["NaN", "Infinity", "-Infinity"]
_FROM_THE_END = re.compile(r"-[0-9]+")


def filter_of(query: RunQuery) -> Document:
    """Return the filter for documents of runs."""
    if query.where is None:
        return {}
    return pushdown(query.where, _condition, _every, _some) or {}


def _every(parts: list[Document]) -> Document:
    return {"$and": parts} if len(parts) > 1 else parts[0]


def _some(parts: list[Document]) -> Document:
    return {"$or": parts} if len(parts) > 1 else parts[0]


def _condition(condition: Condition) -> Document | None:
    name, values = condition.field.name, list(condition.values)
    if not all(map(_can_be_sent, values)):
        return None
    if name in _TREES:
        return _of_tree(condition, values)
    if name in _TIMES:
        return _of_time(_TIMES[name], condition.operator, values)
    if name == "tags":
        return _of_tags(condition.operator, values)
    if condition.operator not in ("=", "in"):
        return None
    if "" in values:
        return None  # a missing value is read as an empty string
    if name == "status":
        if DAMAGED in values:
            return None
        return {"status": {"$in": _stored_statuses(values)}}
    if name in _TEXTS:
        return {_TEXTS[name]: {"$in": values}}
    if name == "comment":
        return _or_elsewhere("meta", "meta.comment", {"$in": values})
    if name == "id":
        return {"_id": {"$in": [spelling for value in values for spelling in _ids(value)]}}
    return None


def _can_be_sent(value: Any) -> bool:
    if isinstance(value, int):
        return int(value) in INT64
    return not isinstance(value, str) or is_unicode(value)


def _stored_statuses(statuses: list[Any]) -> list[Any]:
    """Which of the running ones are dead depends on their own intervals."""
    return ["RUNNING" if status == "DEAD" else status for status in statuses]


def _ids(value: Any) -> list[Any]:
    return spellings(to_run_id(value))


def _of_tags(operator: str, values: list[Any]) -> Document | None:
    if operator != "has":
        return None
    return {"$or": [{"omniboard.tags": values[0]}, {"annotations.added": values[0]}]}


def _of_time(path: str, operator: str, values: list[Any]) -> Document | None:
    if operator == "exists":
        return {path: {"$ne": None}}
    if operator == "missing":
        return None  # Sacred's early versions wrote strings, of which some cannot be read
    if operator == "between":
        compared = {"$gte": values[0], "$lte": values[1]}
    elif operator in _ORDERS:
        compared = {_ORDERS[operator]: values[0]}
    else:
        return None
    # What BSON contains was cut to milliseconds, as the requested are when they are sent.
    return {"$or": [{path: compared}, {path: {"$type": "string"}}]}


def _of_tree(condition: Condition, values: list[Any]) -> Document | None:
    tree, parts = condition.field.name, condition.field.path
    path = _path(tree, parts)
    if path is None:
        return None
    if condition.operator == "missing":
        if parts and (len(parts) > 1 or tree == "result"):
            return None  # inside of lists the server finds more
        compared: list[Any] = [{"$exists": False}] if parts else [None]
        damaged = [{f"{tree}.0": {"$exists": True}}] if parts else []  # a list cannot be read
        return {"$or": damaged + _or_elsewhere(tree, path, *compared)["$or"]}
    return _or_elsewhere(tree, path, *_operands(condition.operator, values))


def _path(tree: str, parts: tuple[str, ...]) -> str | None:
    """Return the path of a value, or None if it depends on the values around it."""
    if not all(parts) or any(map(_FROM_THE_END.fullmatch, parts)) or len(parts) > _MOST_PARTS:
        return None
    if not all(map(is_unicode, parts)) or (tree, *parts[:1]) == ("meta", "queue_time"):
        return None
    keys = list(map(encode_key, parts))
    if tree == "info" and keys[0] == "metrics":
        keys[0] = OWN_METRICS
    return ".".join([tree, *keys])


def _or_elsewhere(tree: str, path: str, *compared: Any) -> Document:
    """Ask for what is at ``path``, or is written in a form that the server cannot look into."""
    return {
        "$or": [
            *({path: each} for each in compared),
            {f"{path}.{JSON}": {"$exists": True}},
            {f"{tree}.{FILE}": {"$exists": True}},
            {"writer": {"$exists": False}},
        ]
    }


def _operands(operator: str, values: list[Any]) -> list[Any]:
    """Return what a value must be to fulfil a condition, in one way or another."""
    kinds = {_kind(value) for value in values}
    texts: list[Any] = [{"$in": _NUMBER_TEXTS}] if float in kinds else []
    if datetime not in kinds:
        if operator in ("=", "in") or (operator == "has" and str not in kinds):
            return [{"$in": values}, *texts]
        if operator == "has" and "\0" not in values[0]:
            return [{"$regex": re.escape(values[0])}]
        if operator in _ORDERS and kinds <= {float, str}:
            return [{_ORDERS[operator]: values[0]}, *texts]
        if operator == "between" and kinds in ({float}, {str}):
            return [{"$gte": values[0], "$lte": values[1]}, *texts]
    return [{"$exists": True}]


def _kind(value: Any) -> type:
    """Return the common type of all that ``value`` can be compared with."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float if is_number else type(value)
