"""Parses queries, orders and lists of columns into nodes."""

from collections.abc import Callable
from typing import TypeVar, cast, get_args

import attrs

from sacred_core.plurals import counted
from sacred_core.stores.query.fields import field_problem, kind_of, operator_problem
from sacred_core.stores.query.nodes import And, Condition, Field, Not, Operator, Or, Query, Value
from sacred_core.stores.query.scanner import RESERVED, Scanner, value_of

#: Parentheses and ``not`` in each other; Python's own stack ends not far beyond.
_MAX_DEPTH = 100
_SYMBOLS = ("==", "!=", "!~", "<=", ">=", "=", "<", ">", "~")
_KEYWORDS = ("in", "between", "has", "exists", "missing")

_T = TypeVar("_T")


def parse(text: str) -> Query:
    """Return the query that ``text`` spells.

    Raises:
        QueryError: it spells none; the message shows where and what was expected.
    """
    return _Parser(text).query()


def parse_where(where: Query | str | None) -> Query | None:
    """Return a condition that may be a string, or be missing; an empty string is none.

    Raises:
        QueryError: the string is not a condition.
    """
    if isinstance(where, str):
        return parse(where) if where.strip() else None
    return where


def parse_sort(text: str) -> list[tuple[Field, bool]]:
    """Return the fields to sort by, like ``-config.lr,start_time``, the first being foremost.

    Returns:
        Each field and whether it is descending, marked by a minus before it.

    Raises:
        QueryError: a field does not exist, or is missing.
    """
    return _Parser(text).order()


@attrs.frozen
class Column:
    """A column of a table of runs: its heading, which is the text of the field, and the field."""

    heading: str
    field: Field


def parse_columns(text: str) -> list[Column]:
    """Return the columns of a table, like ``id, config.lr, metrics."train loss".last``.

    Raises:
        QueryError: a field does not exist, or is missing; the message shows where.
    """
    return _Parser(text).columns()


class _Parser:
    def __init__(self, text: str) -> None:
        self.scan = Scanner(text)
        self.depth = 0

    def query(self) -> Query:
        found = self._either()
        if not self.scan.at_end:
            raise self.scan.error("expected and, or, or the end")
        return found

    def order(self) -> list[tuple[Field, bool]]:
        fields = []
        while True:
            is_descending = bool(self.scan.symbol("-"))
            fields.append((self._field("a field like config.lr"), is_descending))
            if self.scan.at_end:
                return fields
            if not self.scan.symbol(","):
                raise self.scan.error("expected a comma, or the end")

    def columns(self) -> list[Column]:
        found = []
        while True:
            start = self.scan.position
            field = self._field("a column like status or config.lr")
            found.append(Column(self.scan.text[start : self.scan.position].rstrip(), field))
            if self.scan.at_end:
                return found
            if not self.scan.symbol(","):
                raise self.scan.error("expected a comma before the next column")

    def _either(self) -> Query:
        parts = [self._all()]
        while self.scan.keyword("or"):
            parts.append(self._all())
        return Or(tuple(parts)) if len(parts) > 1 else parts[0]

    def _all(self) -> Query:
        parts = [self._one()]
        while self.scan.keyword("and"):
            parts.append(self._one())
        return And(tuple(parts)) if len(parts) > 1 else parts[0]

    def _one(self) -> Query:
        if self.scan.keyword("not"):
            return Not(self._deeper(self._one))
        if self.scan.symbol("("):
            found = self._deeper(self._either)
            self._expect("symbol", ")", "and, or, or a closing parenthesis")
            return found
        return self._condition()

    def _deeper(self, read: Callable[[], _T]) -> _T:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise self.scan.error(
                f"expected no more than {counted(_MAX_DEPTH, 'level')} of parentheses"
            )
        found = read()
        self.depth -= 1
        return found

    def _condition(self) -> Condition:
        field = self._field("a condition like config.lr < 0.1")
        start = self.scan.position
        operator = self._operator()
        problem = operator_problem(field, operator)
        if problem:
            raise self.scan.error(problem, start)
        return Condition(field, operator, self._values(field, operator))

    def _field(self, expected: str) -> Field:
        start = self.scan.position
        name, *path = self.scan.path(expected)
        if not path and name.lower() in RESERVED:
            raise self.scan.error(f"expected {expected}", start)
        if name == "metrics":
            path = [".".join(path[:-1]), *path[-1:]]
            if path[1:] == ["at"] and self.scan.symbol("("):
                *other, statistic = self.scan.path("a metric and min or max, like loss.min", True)
                path += [".".join(other), statistic]
                self._expect("symbol", ")", "a closing parenthesis after the metric")
        field = Field(name, tuple(path))
        problem = field_problem(field)
        if problem:
            raise self.scan.error(problem, start)
        return field

    def _operator(self) -> Operator:
        found = self.scan.symbol(*_SYMBOLS) or self.scan.keyword(*_KEYWORDS)
        if not found and self.scan.keyword("not"):
            self._expect("keyword", "in", "in after not")
            found = "not in"
        if not found:
            raise self.scan.error(f"expected one of {', '.join(get_args(Operator))}")
        return cast(Operator, "=" if found == "==" else found)

    def _values(self, field: Field, operator: Operator) -> tuple[Value, ...]:
        if operator in ("exists", "missing"):
            return ()
        if operator == "between":
            lowest = self._value(field, operator)
            self._expect("keyword", "and", "and, and the highest value")
            return lowest, self._value(field, operator)
        if operator not in ("in", "not in"):
            return (self._value(field, operator),)
        self._expect("symbol", "[", "a list like [1, 2]")
        values = [self._value(field, operator)]
        while self.scan.symbol(","):
            values.append(self._value(field, operator))
        self._expect("symbol", "]", "a comma or a closing bracket")
        return tuple(values)

    def _value(self, field: Field, operator: Operator) -> Value:
        start = self.scan.position
        spelling, quoted = self.scan.value()
        # A pattern is a text, whatever it looks like.
        kind = "text" if operator in ("~", "!~") else kind_of(field)
        try:
            return value_of(spelling, kind, quoted)
        except ValueError as error:
            raise self.scan.error(str(error), start) from None

    def _expect(self, what: str, word: str, description: str) -> None:
        read = self.scan.symbol if what == "symbol" else self.scan.keyword
        if not read(word):
            raise self.scan.error(f"expected {description}")
