"""The nodes of a query, and the parts that a backend can evaluate itself.

The text of each node is read back as an equal one.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias, TypeVar

import attrs

from sacred_core.dotted_path import ROOT, DottedPath

#: How the value of a field is compared with that of a condition.
Operator: TypeAlias = Literal[
    "=", "!=", "<", "<=", ">", ">=", "between", "in", "not in",
    "~", "!~", "has", "exists", "missing",
]  # fmt: skip
#: An aware time is in UTC; a timedelta, in whole seconds and not positive, counts from now.
Value: TypeAlias = bool | int | float | str | datetime | timedelta | None

_T = TypeVar("_T")

#: A part of a path that needs no quotes.
_PLAIN_PART = re.compile(r"[\w/-]+")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


@attrs.frozen
class Field:
    """Something that a run has.

    Attributes:
        name: Like ``"status"`` or ``"config"``.
        path: Keys and positions below it, as strings: ``("layers", "0")``. Of a metric its whole
            name, which may contain dots, and a statistic such as ``"last"``; or ``"at"``, the name
            of another metric, and ``"min"`` or ``"max"``.
    """

    name: str
    path: DottedPath = attrs.field(default=ROOT, converter=DottedPath)

    def __str__(self) -> str:
        parts = [part if _PLAIN_PART.fullmatch(part) else _quote(part) for part in self.path]
        if self.name == "metrics" and parts[1:2] == ["at"]:
            parts[1:] = [f"at({'.'.join(parts[2:])})"]
        return ".".join((self.name, *parts))


@attrs.frozen
class Condition:
    """One comparison.

    Attributes:
        values: None of them for ``exists`` and ``missing``, two for ``between``, one or more for
            ``in`` and ``not in``, and one for the others.
    """

    field: Field
    operator: Operator
    # 1, 1.0 and true are different values, and NaN is the same as itself: compare the spelling.
    values: tuple[Value, ...] = attrs.field(default=(), eq=repr)

    def __str__(self) -> str:
        spelled = [_format_value(value) for value in self.values]
        if self.operator in ("in", "not in"):
            return f"{self.field} {self.operator} [{', '.join(spelled)}]"
        joint = " and " if self.operator == "between" else " "
        return f"{self.field} {self.operator} {joint.join(spelled)}".rstrip(" ")


@attrs.frozen
class And:
    """True if all of two or more parts are."""

    parts: "tuple[Query, ...]"

    def __str__(self) -> str:
        return " and ".join(_within(part, And, Or) for part in self.parts)


@attrs.frozen
class Or:
    """True if one of two or more parts is."""

    parts: "tuple[Query, ...]"

    def __str__(self) -> str:
        return " or ".join(_within(part, Or) for part in self.parts)


@attrs.frozen
class Not:
    """True if the part is not."""

    part: "Query"

    def __str__(self) -> str:
        return f"not {_within(self.part, And, Or)}"


#: What `parse` returns.
Query: TypeAlias = Condition | And | Or | Not


def all_of(parts: list[Query]) -> Query:
    """Return the query that holds where all of one or more ``parts`` do."""
    return And(tuple(parts)) if len(parts) > 1 else parts[0]


def any_of(parts: list[Query]) -> Query | None:
    """Return the query that holds where one of one or more ``parts`` does."""
    return Or(tuple(parts)) if len(parts) > 1 else parts[0]


def conditions_of(query: Query) -> Iterator[Condition]:
    """Yield each condition."""
    match query:
        case Condition():
            yield query
        case Not(part):
            yield from conditions_of(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from conditions_of(part)


def fields_of(query: Query) -> Iterator[Field]:
    """Yield the field of each condition."""
    return (condition.field for condition in conditions_of(query))


def pushdown(
    query: Query,
    condition: Callable[[Condition], _T | None],
    all_: Callable[[list[_T]], _T],
    any_: Callable[[list[_T]], _T],
) -> _T | None:
    """Return a filter of a backend that all runs which ``query`` selects pass.

    Others may pass it too: `matches` is the reference.

    Args:
        condition: Returns the backend's filter for one condition, under the same rule; or None if
            it has none.
        all_: Joins two or more filters that all must hold.
        any_: Joins two or more filters of which one must hold.

    Returns:
        None if the backend can filter nothing: any run may be one.
    """
    match query:
        case Condition():
            return condition(query)
        case Not(part):
            negated = _negation(part)
            return None if negated is None else pushdown(negated, condition, all_, any_)
        case And(parts) | Or(parts):
            filters = [pushdown(part, condition, all_, any_) for part in parts]
            usable = [each for each in filters if each is not None]
            if isinstance(query, Or):
                return any_(usable) if len(usable) == len(filters) else None
            return (all_(usable) if len(usable) > 1 else usable[0]) if usable else None


def with_absolute_times(query: Query, now: datetime) -> Query:
    """Return ``query`` with times in place of durations before ``now``, an aware time."""
    match query:
        case Condition(values=values):
            return attrs.evolve(query, values=tuple(absolute(value, now) for value in values))
        case Not(part):
            return Not(with_absolute_times(part, now))
        case And(parts) | Or(parts):
            return type(query)(tuple(with_absolute_times(part, now) for part in parts))


def absolute(value: Value, now: datetime) -> Value:
    """Return the time that a timedelta means, and other values as they are."""
    if not isinstance(value, timedelta):
        return value
    try:
        return now + value
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _negation(query: Query) -> Query | None:
    """Return the query that holds where this one does not, if it needs no ``not``.

    The opposite of most conditions also holds where the field does not exist.
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


def _within(part: Query, *in_parentheses: type) -> str:
    return f"({part})" if isinstance(part, in_parentheses) else str(part)


def _format_value(value: Value) -> str:
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"-{-round(value.total_seconds())}s"
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else repr(value)


def _quote(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'
