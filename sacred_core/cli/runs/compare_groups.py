"""``sacred runs significance``."""

import contextlib
import re

import click

from sacred_core.cli.runs.ids import get_runs
from sacred_core.cli.runs.options import (
    LocationCommand,
    exact_option,
    open_runs,
    recursive_option,
    where_option,
)
from sacred_core.compare.group_significance import (
    CONFIDENCE,
    LEAST_RESAMPLES,
    MOST_RESAMPLES,
    POWER,
    RESAMPLES,
    SEED,
    compare_groups,
    parse_field,
)
from sacred_core.compare.group_values import GroupValues, read_group
from sacred_core.exceptions import QueryError, SignificanceError, StoreError
from sacred_core.readable_numbers import DIGITS
from sacred_core.serialization import strict_json
from sacred_core.stores import RunList, RunStore, StoredRun, find_runs
from sacred_core.stores.explaining import find_mistakes, require_existing
from sacred_core.stores.query import Field, Query, all_of, fields_of, parse

#: An id, or a range of ids.
_IDS = re.compile(r"\d+(-\d+)?")
_STATUS = Field("status")
_SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command("significance", cls=LocationCommand)
@click.argument("location")
@click.argument("a_group", metavar="A_GROUP")
@click.argument("b_group", metavar="B_GROUP")
@click.option("--metric", help="Compare this metric.")
@click.option(
    "--at",
    type=click.Choice(["last", "min", "max"]),
    default="last",
    help="The last, the least or the greatest value of the metric; by default the last.",
)
@click.option("--result", is_flag=True, help="Compare the results of the runs.")
@click.option(
    "--field",
    help="Compare this field of queries, such as result.accuracy or metrics.loss.at(accuracy.max).",
)
@where_option
@recursive_option
@click.option("--confidence", type=_SHARE, default=CONFIDENCE, show_default=True)
@click.option(
    "--power",
    type=_SHARE,
    default=POWER,
    show_default=True,
    help="Probability with which the suggested number of runs shows the difference.",
)
@click.option(
    "--resamples",
    type=click.IntRange(LEAST_RESAMPLES, MOST_RESAMPLES),
    default=RESAMPLES,
    show_default=True,
    help="Resamples of the bootstrap.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=SEED,
    show_default=True,
    help="Seed of the bootstrap.",
)
@exact_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show_significance(
    location: str, a_group: str, b_group: str, metric: str | None, at: str, result: bool,
    field: str | None, where: str | None, recursive: bool, confidence: float, power: float,
    resamples: int, seed: int, is_exact: bool, as_json: bool,
) -> None:  # fmt: skip
    """Test whether two groups of runs differ, and how many more runs would decide it.

    A group is a query, such as 'config.lr = 0.1', or ids, such as '1 2 3' or '1-3'. Runs that did
    not complete are skipped, unless the query has a condition on the status.
    """
    compared = _compared_field(metric, at, result, field)
    store = open_runs(location, recursive)
    require_existing(store)
    common = None if where is None else parse(where)
    groups = [
        _read_group(store, name, text, common, compared)
        for name, text in (("A", a_group), ("B", b_group))
    ]
    found = compare_groups(
        *groups, confidence=confidence, resamples=resamples, seed=seed, power=power
    )
    click.echo(strict_json(found.data()) if as_json else found.text(None if is_exact else DIGITS))
    for remark in found.remarks:
        click.echo(f"Warning: {remark}", err=True)


def _compared_field(metric: str | None, at: str, result: bool, field: str | None) -> Field:
    """Return the field that the options name.

    Raises:
        click.UsageError: they name none, or several.
        QueryError: there is no such field.
    """
    if (metric is not None) + result + (field is not None) != 1:
        raise click.UsageError("name what is compared: --metric NAME, --result or --field FIELD")
    if metric is not None:
        return Field("metrics", (metric, at))
    return Field("result") if field is None else parse_field(field)


def _read_group(
    store: RunStore, name: str, text: str, common: Query | None, field: Field
) -> GroupValues:
    """Read the values of the runs that a query or ids select.

    Args:
        store: Of the runs.
        name: Of the group.
        text: The query or the ids.
        common: A condition for the runs of both groups.
        field: The values.

    Raises:
        StoreError: the query is invalid, or a run does not exist.
        SignificanceError: no run is selected, or none has the field.
    """
    found = _parse_group(store, text)
    conditions = [each for each in (common, found) if isinstance(each, Query)]
    query = all_of(conditions) if conditions else None
    runs = find_runs(RunList(found, store) if isinstance(found, list) else store, query)
    if not runs:
        reasons = [] if query is None else find_mistakes(store, [], [], query)
        reason = "; ".join(reasons) or f"no run matches {query}"
        raise SignificanceError(f"group {name}: {reason}")
    fields = () if query is None else [*fields_of(query)]
    return read_group(
        name,
        runs,
        field,
        any_status=_STATUS in fields,
        definition=text.strip(),
        defining=() if isinstance(found, list) else fields,
    )


def _parse_group(store: RunStore, text: str) -> Query | list[StoredRun]:
    """Return the query that ``text`` is, or the runs whose ids it lists."""
    words = text.replace(",", " ").split()
    if words and all(map(_IDS.fullmatch, words)):
        return get_runs(store, words)
    try:
        return parse(text)
    except QueryError:
        with contextlib.suppress(StoreError):  # ids may be strings
            return get_runs(store, words)
        raise
