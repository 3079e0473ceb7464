"""What a query consists of. The text of each node is read back as an equal one."""

import re
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

import attrs

Operator: TypeAlias = Literal[
    "=", "!=", "<", "<=", ">", ">=", "between", "in", "not in",
    "~", "!~", "has", "exists", "missing",
]  # fmt: skip
#: An aware time is in UTC; a timedelta, in whole seconds and not positive, counts from now.
Value: TypeAlias = bool | int | float | str | datetime | timedelta | None

#: A part of a path that needs no quotes.
_PLAIN_PART = re.compile(r"[\w/-]+")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


@attrs.frozen
class Field:
    """Something that a run has.

    Attributes:
        name: Like ``"status"`` or ``"config"``.
        path: Keys and positions below it, as text: ``("layers", "0")``. Of a metric its whole
            name, which may hold dots, and ``"last"``, ``"min"``, ``"max"`` or ``"count"``.
    """

    name: str
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = (part if _PLAIN_PART.fullmatch(part) else _quoted(part) for part in self.path)
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
        spelled = [_spelled(value) for value in self.values]
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


Query: TypeAlias = Condition | And | Or | Not


def _within(part: Query, *in_parentheses: type) -> str:
    return f"({part})" if isinstance(part, in_parentheses) else str(part)


def _spelled(value: Value) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"-{-round(value.total_seconds())}s"
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else repr(value)


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'
