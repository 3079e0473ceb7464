"""Which fields there are, what each takes, and the value that a run has there."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

import attrs

from sacred_core.dotted_path import MISSING
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query.nodes import Field, Operator

#: What a field holds: strings (a bare word is one, also ``2024``), a list of strings, a time, a
#: number of seconds, the id of a run, or any value.
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
#: The attributes of a run that a field is read from, where it is not one itself.
_SOURCES = {
    "name": ("experiment",),
    "comment": ("meta",),
    "duration": ("start_time", "stop_time"),
    "metrics": (),
}


@attrs.frozen
class MetricSummary:
    """What queries use of a metric: of its values that are numbers, which True and False are not.

    Attributes:
        count: How many.
        last: The last one, or `MISSING`.
        min, max: The least and the greatest; NaN only where there is nothing else.
    """

    count: int
    last: Any
    min: Any
    max: Any


#: Returns a metric by its name, as `RunStore.metrics` does or summarized, or None.
MetricOf: TypeAlias = Callable[[str], Mapping[str, Any] | MetricSummary | None]


def kind_of(field: Field) -> Kind:
    """Return what ``field`` holds."""
    return _KINDS.get(field.name, "any")


def field_problem(field: Field) -> str:
    """Return what is wrong with ``field``, or an empty string."""
    name, path = field.name, field.path
    if name not in _NAMES:
        return f"unknown field {name!r}{_suggestion(name)}"
    if name in TREES and not path:
        return f"expected an entry of {name}, like {name}.entry"
    if name == "metrics" and (len(path) != 2 or path[1] not in _STATISTICS or not path[0]):
        return "expected a metric and last, min, max or count, like metrics.loss.last"
    if name in _KINDS and path:
        return f"{name!r} has nothing below it"
    return ""


def operator_problem(field: Field, operator: Operator) -> str:
    """Return why ``operator`` cannot be used with ``field``, or an empty string."""
    kind = kind_of(field)
    if kind == "list" and operator not in _OF_LISTS:
        return f"{field.name!r} is a list: expected has, ~, !~, exists or missing"
    if kind in ("time", "seconds") and operator in _OF_TEXTS:
        return f"{field.name!r} is not a string: expected a comparison like < or between"
    return ""


def read(field: Field, run: StoredRun, metrics: MetricOf, now: datetime) -> Any:
    """Return the value of ``field``, times in UTC, or `MISSING`.

    Args:
        metrics: Called only for a field of ``metrics``.
        now: What ``status`` depends on.
    """
    if field.name in TREES:
        value = field.path.find(getattr(run, field.name), MISSING)
    elif field.name == "metrics":
        value = _statistic(metrics(field.path[0]), field.path[1])
    else:
        value = field.path.find(_attribute(field.name, run, now), MISSING)
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def is_number(value: Any) -> bool:
    """Return whether ``value`` is a number; True and False are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def summarize(metric: Any) -> MetricSummary | None:
    """Return the summary of what `RunStore.metrics` returns for one metric; None without values."""
    values = metric.get("values") if isinstance(metric, Mapping) else None
    if not isinstance(values, (list, tuple)) or not values:
        return None
    numbers = [value for value in values if is_number(value)]
    # NaN is skipped, but not where there is nothing else.
    proper = [value for value in numbers if value == value] or numbers
    return MetricSummary(
        count=len(numbers),
        last=numbers[-1] if numbers else MISSING,
        min=min(proper, default=MISSING),
        max=max(proper, default=MISSING),
    )


def attributes_of(fields: Iterable[Field]) -> frozenset[str] | None:
    """Return the attributes of `StoredRun` that ``fields`` are read from; None for all.

    The status depends on all of them: a run is damaged where one of them cannot be read.
    """
    names = {name for field in fields for name in _SOURCES.get(field.name, (field.name,))}
    return None if names & {"status", "damage"} else frozenset(names)


def _suggestion(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), _NAMES, 1)
    if near:
        return f": did you mean {near[0]!r}?"
    return f": did you mean 'config.{name}'? (fields: {', '.join(_NAMES)})"


def _attribute(name: str, run: StoredRun, now: datetime) -> Any:
    """Return an attribute; what is unknown, and an empty list, is missing."""
    value: Any
    if name == "status":
        value = run.status_at(now)
    elif name == "comment":
        value = run.meta.get("comment")
    elif name == "duration":
        value = None if run.duration is None else run.duration.total_seconds()
    else:
        value = getattr(run, name, None)
    is_empty = name != "result" and isinstance(value, (list, tuple)) and not value
    return MISSING if value is None or is_empty else value


def _statistic(metric: Mapping[str, Any] | MetricSummary | None, what: str) -> Any:
    summary = metric if isinstance(metric, MetricSummary) else summarize(metric)
    return MISSING if summary is None else getattr(summary, what)
