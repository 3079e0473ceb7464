"""Explains why nothing was found: entries that no run has, and stores that do not exist."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sacred_core.dotted_path import MISSING, leaves
from sacred_core.stores.finding import MetricSummaries, find_runs
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Condition, Field, Query, conditions_of, read
from sacred_core.stores.query.fields import TREES
from sacred_core.stores.run_store import RunStore

#: Runs whose entries are suggested: the newest.
_MOST_RUNS = 200
#: Values and entries that a sentence lists.
_MOST_NAMES = 10
#: The usual statuses, and what users write for them.
STATUSES = {
    "COMPLETED": ("DONE", "FINISHED", "SUCCESS", "SUCCEEDED", "SUCCESSFUL", "OK", "COMPLETE"),
    "FAILED": ("ERROR", "CRASHED", "EXCEPTION"),
    "INTERRUPTED": ("ABORTED", "CANCELLED", "CANCELED", "STOPPED"),
    "RUNNING": ("ACTIVE", "STARTED", "ALIVE"),
    "DEAD": ("KILLED", "LOST"),
    "QUEUED": ("PENDING", "WAITING"),
    "DAMAGED": ("BROKEN", "CORRUPT"),
    "TIMEOUT": (),
}


def require_existing(store: RunStore) -> None:
    """Raise an error if what a store reads does not exist; see `DocumentStore.require_existing`.

    Raises:
        StoreError: it does not exist.
    """
    check = getattr(store, "require_existing", None)
    if callable(check):
        check()


def find_mistakes(
    store: RunStore,
    found: Sequence[StoredRun],
    fields: Iterable[Field],
    query: Query | None = None,
    metrics: MetricSummaries | None = None,
) -> list[str]:
    """Return a sentence for each mistake in what runs were looked for.

    Args:
        store: From `open_store`.
        found: What was found.
        fields: That the user named beside the query.
        query: Which runs were looked for.
        metrics: Of the store.

    Returns:
        Sentences about entries that no run in the store has; if nothing was found, also about a
        name or a status.
    """
    metrics = MetricSummaries(store) if metrics is None else metrics
    named = [*(() if query is None else fields_to_explain(query)), *fields]
    now = datetime.now(UTC)
    absent = [
        field
        for field in dict.fromkeys(named)
        if all(read(field, run, metrics.of(run), now) is MISSING for run in found)
    ]
    values = unknown_values(store, query) if query is not None and not found else []
    return [*unknown_entries(store, absent, metrics), *values]


def unknown_entries(
    store: RunStore, fields: Iterable[Field], metrics: MetricSummaries | None = None
) -> list[str]:
    """Return a sentence for each field that no run in a store has, with similar ones.

    Only fields that have entries are considered, such as ``config.lr`` and ``metrics.loss.last``.

    Args:
        store: From `open_store`.
        fields: Of a query, an order or columns.
        metrics: Of the store.
    """
    metrics = MetricSummaries(store) if metrics is None else metrics
    wanted = [each for each in dict.fromkeys(fields) if each.name in (*TREES, "metrics")]
    missing = [field for field in wanted if not _exists(store, field, metrics)]
    if not missing:
        return []
    known = _known_entries(store, metrics)
    return [f"no run has {field}{_suggestion(field, known)}" for field in missing] if known else []


def unknown_values(store: RunStore, query: Query) -> list[str]:
    """Return a sentence for each name or status in a query that no run in a store has."""
    wanted = [
        (each.field, str(each.values[0]))
        for each in positive_conditions(query)
        if each.field.name in ("name", "status") and each.operator == "="
    ]
    found = []
    for field, value in dict.fromkeys(wanted):
        if find_runs(store, Condition(field, "=", (value,)), limit=1, fields=()):
            continue
        runs = find_runs(store, limit=_MOST_RUNS, fields=[field])
        known = [*dict.fromkeys(_value(run, field) for run in runs)]
        if known:
            listed = ", ".join(known[:_MOST_NAMES])
            hint = _value_hint(field, value, known)
            found.append(f"no run has the {field} {value!r}{hint} (there are {listed})")
    return found


def fields_to_explain(query: Query) -> list[Field]:
    """Return the fields of the conditions of a query that are false where an entry is missing."""
    return [each.field for each in positive_conditions(query)]


def positive_conditions(query: Query) -> Iterator[Condition]:
    """Yield the conditions of a query that are not about what is missing."""
    for condition in conditions_of(query):
        if condition.operator != "missing":
            yield condition


def _exists(store: RunStore, field: Field, metrics: MetricSummaries) -> bool:
    condition = Condition(field, "exists")
    return bool(find_runs(store, condition, limit=1, fields=(), metrics=metrics))


def _known_entries(store: RunStore, metrics: MetricSummaries) -> list[Field]:
    found: dict[Field, None] = {}
    for run in find_runs(store, limit=_MOST_RUNS, metrics=metrics):
        for tree in TREES:
            value = getattr(run, tree)
            paths = leaves(value) if isinstance(value, dict) else ()
            found |= {Field(tree, path): None for path, _ in paths}
        found |= {Field("metrics", (name, "last")): None for name in metrics.all_of(run)}
    return [*found]


def _suggestion(field: Field, known: Sequence[Field]) -> str:
    """Return which of the known entries may be meant, or those of the same kind."""
    is_metric = field.name == "metrics"
    name = field.path[0] if is_metric else str(field.path[-1])
    same = [each for each in known if _last(each) == name]
    spelled = {_spelling(each, field): each for each in known}
    near = difflib.get_close_matches(_spelling(field, field), spelled, 1, 0.75)
    chosen = same[:1] or [spelled[each] for each in near]
    if not chosen:
        names = {_last(each): each for each in known if each.name == field.name}
        chosen = [names[each] for each in difflib.get_close_matches(name, names, 1)]
    if chosen:
        return f": did you mean {_spelling(chosen[0], field)}?"
    others = [_spelling(each, field) for each in known if each.name == field.name]
    more = ", …" if len(others) > _MOST_NAMES else ""
    return f" (there are {', '.join(others[:_MOST_NAMES])}{more})" if others else ""


def _last(field: Field) -> str:
    return str(field.path[0] if field.name == "metrics" else field.path[-1])


def _spelling(field: Field, like: Field) -> str:
    """Return how a field is written in a query; a metric with the statistic that was requested."""
    if field.name == like.name == "metrics":
        field = Field("metrics", (field.path[0], *like.path[1:]))
    return str(field)


def _value(run: StoredRun, field: Field) -> str:
    return str(getattr(run, field.name))


def _value_hint(field: Field, value: str, known: Sequence[Any]) -> str:
    chosen = [each for each in known if each.casefold() == value.casefold()]
    if field.name == "status":
        upper = value.upper()
        chosen += [name for name, words in STATUSES.items() if upper in words]
        known = [*known, *STATUSES]
    chosen += difflib.get_close_matches(value, known, 1)
    return f": did you mean {chosen[0]}?" if chosen and chosen[0] != value else ""
