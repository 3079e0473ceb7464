"""What a run has at a field."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sacred_core.stores.model import StoredRun
from sacred_core.stores.query.fields import TREES
from sacred_core.stores.query.nodes import Field

#: Returns what `RunStore.metrics` holds under a name, or None. The caller's may remember it.
MetricOf: TypeAlias = Callable[[str], Mapping[str, Any] | None]

#: Stands for what a run does not have; a stored None is a value.
MISSING: Any = object()

_POSITION = re.compile(r"-?[0-9]{1,9}")


def read(field: Field, run: StoredRun, metrics: MetricOf, now: datetime) -> Any:
    """Return the value of ``field``, times in UTC, or `MISSING`.

    Args:
        metrics: Called only for a field of ``metrics``.
        now: What ``status`` depends on.
    """
    if field.name in TREES:
        value = _below(getattr(run, field.name), field.path)
    elif field.name == "metrics":
        value = _statistic(metrics(field.path[0]), field.path[1])
    else:
        value = _below(_attribute(field.name, run, now), field.path)
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def is_number(value: Any) -> bool:
    """Tell whether ``value`` is a number; True and False are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


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


def _below(tree: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        if isinstance(tree, Mapping):
            tree = tree[part] if part in tree else _other_key(tree, part)
        elif isinstance(tree, (list, tuple)):
            tree = _item(tree, part)
        else:
            return MISSING
    return tree


def _other_key(tree: Mapping[Any, Any], part: str) -> Any:
    """Find a key that is no text, like 5, by its text."""
    found = (value for key, value in tree.items() if not isinstance(key, str) and str(key) == part)
    return next(found, MISSING)


def _item(items: list[Any] | tuple[Any, ...], part: str) -> Any:
    if not _POSITION.fullmatch(part) or not -len(items) <= int(part) < len(items):
        return MISSING
    return items[int(part)]


def _statistic(metric: Mapping[str, Any] | None, what: str) -> Any:
    values = metric.get("values") if isinstance(metric, Mapping) else None
    if not isinstance(values, (list, tuple)) or not values:
        return MISSING
    numbers = [value for value in values if is_number(value)]
    if what == "count":
        return len(numbers)
    if what == "last":
        return numbers[-1] if numbers else MISSING
    # NaN is left out, but not where there is nothing else.
    proper = [value for value in numbers if value == value] or numbers
    return (min if what == "min" else max)(proper, default=MISSING)
