"""What is printed beside the runs: why there are none, and entries that no run has."""

import shlex
from collections.abc import Iterable, Sequence

import click

from sacred_core.listing.empty_stores import empty_text
from sacred_core.masking import mask_text
from sacred_core.printable import printable
from sacred_core.stores import RunStore, StoredRun, find_runs
from sacred_core.stores.explaining import find_mistakes, require_existing
from sacred_core.stores.finding import MetricSummaries, count_runs
from sacred_core.stores.opening import split_flag
from sacred_core.stores.query import Field, Query


def report_no_runs(
    store: RunStore,
    location: str,
    query: Query | None = None,
    fields: Iterable[Field] = (),
    is_brief: bool = False,
) -> None:
    """Print why no runs were found, and what to do, on stderr.

    Args:
        store: Where they were looked for.
        location: Of the store, as the user wrote it.
        query: Which runs were looked for.
        fields: Further ones that the user named.
        is_brief: Print nothing if there are runs and the user made no mistake.

    Raises:
        StoreError: the store does not exist.
    """
    require_existing(store)
    if not find_runs(store, limit=1, fields=()):
        click.echo(f"No runs. {printable(empty_text(location))}", err=True)
        return
    reasons = find_mistakes(store, [], fields, query)
    if reasons:
        click.echo(f"No runs. {printable(_sentences(reasons))}", err=True)
    elif not is_brief:
        click.echo(f"No runs. {printable(_no_match(store, location, query))}", err=True)


def report_unknown(
    store: RunStore,
    found: Sequence[StoredRun],
    query: Query | None,
    fields: Iterable[Field],
    metrics: MetricSummaries,
) -> None:
    """Print which fields no run in the store has, on stderr.

    Args:
        store: Where the runs are.
        found: The runs that are shown, one or more.
        query: Which runs were looked for.
        fields: Further ones that the user named.
        metrics: Of the store.
    """
    reasons = find_mistakes(store, found, fields, query, metrics)
    if reasons:
        click.echo(f"Warning: {printable(_sentences(reasons))}", err=True)


def _no_match(store: RunStore, location: str, query: Query | None) -> str:
    """Return that none of the runs in a store was selected, and how to see them."""
    count = count_runs(store)
    all_runs = (
        "the runs" if count is None else "the only run" if count == 1 else f"all {count} runs"
    )
    command = shlex.join(["sacred", "runs", "list", *_words(mask_text(location))])
    if query is None:
        return f"--offset skips {all_runs}"
    if count == 1:
        return f"The only run does not match; to see it: {command}"
    none = "No run matches" if count is None else f"None of the {count} runs matches"
    return f"{none}; to see them: {command}"


def _words(location: str) -> list[str]:
    """Return a location as words of a command line."""
    spec, argument = split_flag(location)
    return [location] if spec is None else [location.removesuffix(argument).strip(" ="), argument]


def _sentences(reasons: Iterable[str]) -> str:
    return "; ".join(reasons).replace("no run", "No run", 1)
