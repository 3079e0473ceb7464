"""The language that runs are asked for in: ``config.lr < 0.1 and not tags has baseline``.

`parse` makes a text into nodes of plain data, which a backend may translate with `narrowed`;
`matches` is the reference for what they mean. Nothing of a query is ever run as Python.
``docs/queries.md`` teaches the language.
"""

from sacred_core.stores.query.evaluate import matches, needs_metrics
from sacred_core.stores.query.narrowing import narrowed, settled
from sacred_core.stores.query.nodes import And, Condition, Field, Not, Operator, Or, Query, Value
from sacred_core.stores.query.reading import MetricOf, is_number
from sacred_core.stores.query.sorting import Order, SortKey, sort_key
from sacred_core.stores.query.syntax import parse, parse_sort

__all__ = [
    "And",
    "Condition",
    "Field",
    "MetricOf",
    "Not",
    "Operator",
    "Or",
    "Order",
    "Query",
    "SortKey",
    "Value",
    "is_number",
    "matches",
    "narrowed",
    "needs_metrics",
    "parse",
    "parse_sort",
    "settled",
    "sort_key",
]
