"""What a backend can sort out by itself before `matches` is asked of the rest."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import attrs

from sacred_core.stores.query.nodes import And, Condition, Not, Or, Query, Value

_T = TypeVar("_T")


def narrowed(
    query: Query,
    of: Callable[[Condition], _T | None],
    every: Callable[[list[_T]], _T],
    some: Callable[[list[_T]], _T],
) -> _T | None:
    """Return a backend's question that holds for all runs that ``query`` asks for.

    It may hold for others too, so that what the backend cannot tell is no hindrance.

    Args:
        of: Returns the backend's question for one condition, under the same rule; or None if it
            has none, and the condition may hold for any run.
        every: Joins two or more questions that all must hold.
        some: Joins two or more questions of which one must hold.

    Returns:
        None if there is nothing to ask: any run may be one.
    """
    match query:
        case Condition():
            return of(query)
        case Not(part):
            turned = _turned(part)
            return None if turned is None else narrowed(turned, of, every, some)
        case And(parts):
            all_asked = [narrowed(part, of, every, some) for part in parts]
            asked = [each for each in all_asked if each is not None]
            return (every(asked) if len(asked) > 1 else asked[0]) if asked else None
        case Or(parts):
            all_asked = [narrowed(part, of, every, some) for part in parts]
            asked = [each for each in all_asked if each is not None]
            return some(asked) if len(asked) == len(all_asked) else None


def settled(query: Query, now: datetime) -> Query:
    """Return ``query`` with times in place of what counts from ``now``, an aware time."""
    match query:
        case Condition(values=values):
            return attrs.evolve(query, values=tuple(absolute(value, now) for value in values))
        case Not(part):
            return Not(settled(part, now))
        case And(parts) | Or(parts):
            return type(query)(tuple(settled(part, now) for part in parts))


def absolute(value: Value, now: datetime) -> Value:
    """Return the time that a timedelta means, and other values as they are."""
    if not isinstance(value, timedelta):
        return value
    try:
        return now + value
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _turned(query: Query) -> Query | None:
    """Return the query that holds where this one does not, if it can be said without ``not``.

    The opposite of most conditions also holds where there is no such field.
    """
    match query:
        case Not(part):
            return part
        case And(parts):
            return Or(tuple(Not(part) for part in parts))
        case Or(parts):
            return And(tuple(Not(part) for part in parts))
        case Condition(field, "exists"):
            return Condition(field, "missing")
        case Condition(field, "missing"):
            return Condition(field, "exists")
    return None
