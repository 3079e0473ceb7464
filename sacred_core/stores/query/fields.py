"""Which fields there are, what each takes, and the value that a run has there."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

import attrs

from sacred_core.dotted_path import MISSING
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query.nodes import Field, Operator
from sacred_core.stores.summaries import MetricSummary, is_number, summary_of

#: What a field contains: strings (a bare word is one, also ``2024``), a list of strings, a time, a
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
    "uid": "text",
    "tags": "list",
    "artifacts": "list",
    "resources": "list",
    "writers": "list",
    "start_time": "time",
    "stop_time": "time",
    "queue_time": "time",
    "heartbeat": "time",
    "duration": "seconds",
    "worker": "text",
}
#: Those that have entries below them.
TREES = ("config", "info", "meta", "host", "experiment")
_NAMES = (*_KINDS, "segments", "seed", "result", "metrics", "origin", *TREES)
_STATISTICS = ("last", "min", "max", "count", "first", "argmin", "argmax")
_EXTREMES = ("min", "max")
_OF_LISTS = ("has", "~", "!~", "exists", "missing")
_OF_TEXTS = ("has", "~", "!~")
#: The attributes of a run that a field is read from, where it is not one itself.
_SOURCES = {
    "name": ("experiment",),
    "comment": ("meta",),
    "uid": ("meta", "experiment", "command", "start_time", "queue_time", "host", "config"),
    "seed": ("config",),
    "origin": ("meta",),
    "duration": ("start_time", "stop_time"),
    "worker": ("claim",),
    "metrics": ("metrics", "segments"),
}


@attrs.frozen
class Metric:
    """A metric whose points are read only if its summary does not answer.

    Attributes:
        summary: Of all its points.
        read_points: Returns the metric as `RunStore.metrics` does.
    """

    summary: MetricSummary
    read_points: Callable[[], Mapping[str, Any]]

    def value_at(self, step: Any) -> Any:
        """Return the last number that was logged at a step, or `MISSING`."""
        summary = self.summary
        if step == summary.last_step:
            return summary.last
        if MISSING in (step, summary.lowest_step) or not is_number(step):
            return MISSING
        if not summary.lowest_step <= step <= summary.highest_step:
            return MISSING
        points = self.read_points()
        found = zip(reversed(points["steps"]), reversed(points["values"]), strict=True)
        return next((value for at, value in found if at == step and is_number(value)), MISSING)


#: Returns a metric by its name, as `RunStore.metrics` does or summarized, or None.
MetricOf: TypeAlias = Callable[[str], Mapping[str, Any] | Metric | None]


def kind_of(field: Field) -> Kind:
    """Return the content of ``field``."""
    return _KINDS.get(field.name, "any")


def field_problem(field: Field) -> str:
    """Return what is wrong with ``field``, or an empty string."""
    name, path = field.name, field.path
    if name not in _NAMES:
        return f"unknown field {name!r}{_suggestion(name)}"
    if name in (*TREES, "origin") and not path:
        return f"expected an entry of {name}, like {name}.entry"
    if name == "metrics" and not _is_statistic(path):
        known = ", ".join(_STATISTICS)
        return f"expected a metric and one of {known} or at(…){_metric_hint(path)}"
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
    elif field.name == "origin":
        value = run.origins.get(str(field.path), MISSING)
    elif field.name == "metrics":
        value = _read_statistic(field.path, metrics)
    else:
        value = field.path.find(_attribute(field.name, run, now), MISSING)
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def attributes_of(fields: Iterable[Field]) -> frozenset[str] | None:
    """Return the attributes of `StoredRun` that ``fields`` are read from; None for all.

    The status depends on all of them: a run is damaged where one of them cannot be read.
    """
    names = {name for field in fields for name in _SOURCES.get(field.name, (field.name,))}
    return None if names & {"status", "damage"} else frozenset(names)


def _metric_hint(path: Sequence[str]) -> str:
    metric = ".".join(filter(None, path))
    if not metric or "at" in path or metric in _STATISTICS:
        return ", like metrics.loss.last or metrics.loss.at(accuracy.max)"
    return f": did you mean {Field('metrics', (metric, 'last'))}?"


def _suggestion(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), _NAMES, 1)
    if near:
        return f": did you mean {near[0]!r}?"
    return (
        f": write config.{name} for an entry of the configuration, metrics.{name}.last for a "
        f"metric (fields: {', '.join(_NAMES)})"
    )


def _attribute(name: str, run: StoredRun, now: datetime) -> Any:
    """Return an attribute; what is unknown, and an empty list, is missing."""
    value: Any
    if name == "status":
        value = run.status_at(now)
    elif name == "comment":
        value = run.meta.get("comment")
    elif name == "duration":
        value = None if run.duration is None else run.duration.total_seconds()
    elif name == "worker":
        value = run.claim.worker if run.claim is not None else None
        value = value or None
    elif name == "segments":
        value = len(run.recorded_segments) or 1
    else:
        value = getattr(run, name, None)
    is_empty = name != "result" and isinstance(value, (list, tuple)) and not value
    return MISSING if value is None or is_empty else value


def _is_statistic(path: Sequence[str]) -> bool:
    match [*path]:
        case [name, "at", other, what]:
            return bool(name and other) and what in _EXTREMES
        case [name, what]:
            return bool(name) and what in _STATISTICS
    return False


def _read_statistic(path: Sequence[str], metrics: MetricOf) -> Any:
    metric = _metric(metrics(path[0]))
    if metric is None:
        return MISSING
    if path[1] != "at":
        return getattr(metric.summary, path[1])
    other = _metric(metrics(path[2]))
    return MISSING if other is None else metric.value_at(getattr(other.summary, f"arg{path[3]}"))


def _metric(found: Mapping[str, Any] | Metric | None) -> Metric | None:
    if found is None or isinstance(found, Metric):
        return found
    summary = summary_of(found)
    return None if summary is None else Metric(summary, lambda: found)
