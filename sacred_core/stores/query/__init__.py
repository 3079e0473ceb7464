"""The language of queries: ``config.lr < 0.1 and not tags has baseline``.

`parse` turns a string into nodes of plain data, which a backend may translate with `pushdown`;
`matches` is the reference for what they mean. Nothing of a query is ever executed as Python.
``docs/queries.md`` teaches the language.
"""

from sacred_core.dotted_path import MISSING
from sacred_core.stores.query.evaluation import Order, SortKey, matches, needs_metrics, sort_key
from sacred_core.stores.query.fields import (
    Metric,
    MetricOf,
    attributes_of,
    read,
)
from sacred_core.stores.query.nodes import (
    And,
    Condition,
    Field,
    Not,
    Operator,
    Or,
    Query,
    Value,
    all_of,
    any_of,
    conditions_of,
    fields_of,
    pushdown,
    with_absolute_times,
)
from sacred_core.stores.query.syntax import Column, parse, parse_columns, parse_sort, parse_where
from sacred_core.stores.summaries import MetricSummary, is_number, summary_of

__all__ = [
    "MISSING",
    "And",
    "Column",
    "Condition",
    "Field",
    "Metric",
    "MetricOf",
    "MetricSummary",
    "Not",
    "Operator",
    "Or",
    "Order",
    "Query",
    "SortKey",
    "Value",
    "all_of",
    "any_of",
    "attributes_of",
    "conditions_of",
    "fields_of",
    "is_number",
    "matches",
    "needs_metrics",
    "parse",
    "parse_columns",
    "parse_sort",
    "parse_where",
    "pushdown",
    "read",
    "sort_key",
    "summary_of",
    "with_absolute_times",
]
