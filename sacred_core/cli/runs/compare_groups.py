"""``sacred runs significance``."""

import contextlib
import re
from collections.abc import Sequence

import click

from sacred_core.cli.runs.ids import get_runs
from sacred_core.cli.runs.options import (
    LocationCommand,
    exact_option,
    open_runs,
    recursive_option,
    where_option,
)
from sacred_core.compare.groups.group_values import GroupValues, read_group
from sacred_core.compare.groups.significance import (
    CONFIDENCE,
    LEAST_RESAMPLES,
    MOST_RESAMPLES,
    POWER,
    RESAMPLES,
    SEED,
    compare_groups,
    parse_field,
)
from sacred_core.exceptions import QueryError, SignificanceError, StoreError
from sacred_core.readable_numbers import DIGITS
from sacred_core.serialization import strict_json
from sacred_core.stores import RunList, RunStore, StoredRun, find_runs
from sacred_core.stores.explaining import find_mistakes, require_existing
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.query import Field, Query, all_of, any_of, fields_of, parse

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
@click.option(
    "--confidence",
    type=_SHARE,
    default=CONFIDENCE,
    show_default=True,
    help="Of the intervals, and of the test.",
)
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

    \b
    Example:
      sacred runs significance my_runs 'config.lr = 0.1' 'config.lr = 0.01' --result
    """
    compared = _compared_field(metric, at, result, field)
    store = open_runs(location, recursive)
    require_existing(store)
    groups = _read_groups(store, (a_group, b_group), where, compared)
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


def _read_groups(
    store: RunStore, texts: Sequence[str], where: str | None, field: Field
) -> list[GroupValues]:
    """Read the values of the groups that queries or ids select. The runs are listed once.

    Args:
        store: Of the runs.
        texts: The queries or the ids, as the user wrote them.
        where: A condition for the runs of all groups.
        field: The values.

    Raises:
        StoreError: a query is invalid, or a run does not exist.
        SignificanceError: a group has no run, or no run of it has the field.
    """
    common = [] if where is None else [parse(where)]
    selections = [_parse_selection(store, text) for text in texts]
    queries = [each for each in selections if isinstance(each, Query)]
    metrics = MetricSummaries(store)
    listed = find_runs(store, _all([*common, any_of(queries)]), metrics=metrics) if queries else []
    groups = []
    for name, text, selected in zip("AB", texts, selections, strict=True):
        if isinstance(selected, Query):
            among, own = listed, [selected]
        else:
            among, own = selected, []
        query = _all([*common, *own])
        runs = find_runs(RunList(among, store), query, metrics=metrics)
        if not runs:
            reasons = [] if query is None else find_mistakes(store, [], [], query)
            reason = "; ".join(reasons) or f"no run matches {query}"
            raise SignificanceError(f"group {name}: {reason}")
        fields = () if query is None else tuple(fields_of(query))
        group = read_group(
            name, runs, field, any_status=_STATUS in fields, definition=text.strip(),
            defining=fields if own else (), metrics=metrics,
        )  # fmt: skip
        groups.append(group)
    return groups


def _parse_selection(store: RunStore, text: str) -> Query | list[StoredRun]:
    """Return the query that ``text`` is, or the runs whose ids it lists."""
    words = text.replace(",", " ").split()
    if not words:
        raise click.UsageError("a group is empty: write a query, such as 'config.lr = 0.1', or ids")
    if all(map(_IDS.fullmatch, words)):
        return get_runs(store, words)
    try:
        return parse(text)
    except QueryError:
        with contextlib.suppress(StoreError):  # ids may be strings
            return get_runs(store, words)
        raise


def _all(conditions: Sequence[Query | None]) -> Query | None:
    given = [each for each in conditions if each is not None]
    return all_of(given) if given else None
