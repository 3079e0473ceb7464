"""What is printed beside the runs: why there are none, and entries that no run has."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from sacred_core.masking import mask_text
from sacred_core.printable import printable
from sacred_core.stores import RunStore, StoredRun, find_runs
from sacred_core.stores.explaining import find_mistakes, require_existing
from sacred_core.stores.finding import MetricSummaries, count_runs
from sacred_core.stores.locations import absolute_path
from sacred_core.stores.opening import split_flag
from sacred_core.stores.query import Field, Query
from sacred_core.stores.recognition import find_locations, runs_above

#: Levels of sub-folders in which a hint looks for runs.
_DEPTH = 3
#: Locations that a hint names.
_MOST = 5


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
        click.echo(f"No runs. {printable(_empty(location))}", err=True)
        return
    reasons = find_mistakes(store, [], fields, query)
    if reasons:
        click.echo(f"No runs. {printable(_sentences(reasons))}", err=True)
    elif not is_brief:
        click.echo(f"No runs. {_no_match(store)} in {printable(_masked(location))}.", err=True)


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


def empty_reason(location: str) -> str:
    """Return where runs are, if a folder without runs is in or above the folder of a store."""
    path = absolute_path(_path(location))
    if not path.is_dir():
        return ""
    found = [*find_locations(Path(_path(location)).expanduser(), _DEPTH).values()]
    if found:
        more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
        return (
            f"There are runs in {', '.join(found[:_MOST])}{more}: give one of them, or use "
            "--recursive"
        )
    above = runs_above(_path(location))
    return f"There are runs in {above}: give that folder" if above else ""


def _empty(location: str) -> str:
    """Return why a store has no runs, and what to do."""
    hint = empty_reason(location)
    if hint:
        return hint
    path = absolute_path(_path(location))
    if path.is_dir():
        state = "has no runs" if any(path.iterdir()) else "is empty"
        return f"The folder {_path(location)!r} {state}."
    return f"The store at {_masked(location)} has no runs."


def _no_match(store: RunStore) -> str:
    count = count_runs(store)
    if count == 1:
        return "The conditions do not match the only run"
    return f"The conditions match {'no run' if count is None else f'none of the {count} runs'}"


def _path(location: str) -> str:
    return split_flag(location)[1]


def _masked(location: str) -> str:
    return mask_text(location)


def _sentences(reasons: Iterable[str]) -> str:
    return "; ".join(reasons).replace("no run", "No run", 1)
