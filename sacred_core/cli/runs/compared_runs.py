"""Runs that are compared, as users write them: in one store, or each with its location."""

from collections.abc import Sequence

import click

from sacred_core.cli.exit_codes import ErrorCodeCommand
from sacred_core.cli.runs.completing import complete_ids, complete_ids_at
from sacred_core.cli.runs.ids import get_runs
from sacred_core.cli.runs.options import open_runs
from sacred_core.cli.runs.two_locations import replace_flags
from sacred_core.compare import ComparedRun
from sacred_core.compare.compared_run import SEPARATOR
from sacred_core.exceptions import StoreError
from sacred_core.masking import mask_text
from sacred_core.stores import RunQuery

_RANGE_SIGN = "-"


class ComparingCommand(ErrorCodeCommand):
    """A command whose arguments are ``LOCATION ID ID`` or ``LOCATION#ID LOCATION#ID``.

    Each location may be the flag of an observer with its argument: ``-t my_runs 1 2``, or
    ``-t my_runs#1 -F other#2``.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Replace flags of observers by placeholders, then parse the arguments."""
        options = [param for param in self.params if isinstance(param, click.Option)]
        rest, locations = replace_flags(args, {flag: o for o in options for flag in o.opts})
        left = super().parse_args(ctx, rest)
        words = [str(ctx.params["location"] or ""), *ctx.params["run_ids"]]
        if len(locations) == 1 and not is_run(next(iter(locations.values()))):
            words.sort(key=lambda word: word not in locations)  # the location may come last
        found = [locations.get(word, word) for word in words]
        ctx.params["location"], ctx.params["run_ids"] = found[0], tuple(found[1:])
        return left


def is_run(word: str) -> bool:
    """Return whether a word has the form ``LOCATION#ID``."""
    location, _, run_id = word.rpartition(SEPARATOR)
    return bool(location and run_id)


def find_compared_runs(
    location: str, words: Sequence[str], recursive: bool = False
) -> list[ComparedRun]:
    """Return the runs that the user wants to compare.

    Args:
        location: Of all runs, or the first ``LOCATION#ID``; a location may contain ``#``.
        words: Ids and ranges of ids, or further ``LOCATION#ID``. Without any, the newest two runs
            are returned, the older one first.
        recursive: See `open_runs`.

    Raises:
        click.UsageError: there are less than two runs.
        StoreError: a run or a store does not exist.
    """
    if words and all(map(is_run, (location, *words))):
        parts = (word.rpartition(SEPARATOR) for word in (location, *words))
        pairs = [(place, run_id) for place, _, run_id in parts]
        stores = {place: open_runs(place, recursive) for place in dict(pairs)}
        return [
            ComparedRun(stores[place], run, place)
            for place, run_id in pairs
            for run in get_runs(stores[place], [run_id])
        ]
    if len(words) == 1 and _RANGE_SIGN not in words[0]:  # such as my_runs/1 my_runs/2
        raise _too_few_error()
    store = open_runs(location, recursive)
    if not words:
        newest = [*store.list(RunQuery(limit=2))]
        if len(newest) < 2:
            raise StoreError(f"there are less than two runs at {mask_text(location)!r}")
        return [ComparedRun(store, run, location) for run in newest]
    runs = [run for word in words for run in get_runs(store, [word])]
    if len(runs) < 2:
        raise _too_few_error()
    return [ComparedRun(store, run, location) for run in runs]


def _too_few_error() -> click.UsageError:
    return click.UsageError(
        "expected at least two runs: LOCATION ID ID, or LOCATION#ID LOCATION#ID"
    )


def complete_runs(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return ids of the location, or what follows ``LOCATION#``."""
    location, separator, run_id = incomplete.rpartition(SEPARATOR)
    if not separator:
        return complete_ids(context, parameter, incomplete)
    return [f"{location}{SEPARATOR}{each}" for each in complete_ids_at(location, run_id)]
