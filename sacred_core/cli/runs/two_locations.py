"""What commands with two locations share: how they are given, and which runs are selected."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from sacred_core.cli.runs.ids import get_runs
from sacred_core.cli.runs.options import (
    LocationCommand,
    is_own_option,
    observer_flags,
    split_word,
)
from sacred_core.cli.runs.remarks import report_no_runs
from sacred_core.exceptions import OptionError
from sacred_core.masking import mask_text
from sacred_core.stores import ContinuingStore, RunStore, find_runs
from sacred_core.stores.opening import split_flag
from sacred_core.stores.query import Field, parse


class TwoLocationsCommand(LocationCommand):
    """A command whose first two arguments are locations, each of which may be given by a flag.

    The flag of an observer, such as ``-t my_runs``, is the location at whose place it is.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Replace flags of observers by placeholders, then parse the arguments."""
        own = {flag: param for param in self._options() for flag in param.opts}
        rest, locations = replace_flags(args, own)
        left = click.Command.parse_args(self, ctx, rest)
        names = [param.name for param in self.params if isinstance(param, click.Argument)]
        for name in filter(None, names[:2]):
            ctx.params[name] = locations.pop(ctx.params[name], ctx.params[name])
        if locations:
            ctx.fail(f"unexpected location {mask_text(next(iter(locations.values())))!r}")
        return left


def replace_flags(
    args: Sequence[str], own: Mapping[str, click.Option]
) -> tuple[list[str], dict[str, str]]:
    """Return the arguments with placeholders for flags of observers, and the location of each.

    Args:
        args: Of a command.
        own: Its own options by their flags.
    """
    flags = observer_flags()
    rest: list[str] = []
    locations: dict[str, str] = {}
    words = iter(args)
    for word in words:
        if word == "--":
            return [*rest, word, *words], locations
        flag, argument = split_word(word, flags)
        if flag in flags and not is_own_option(word, own):
            argument = next(words, "") if argument is None else argument
            placeholder = f"\0{len(locations)}"  # no argument of a program has this character
            locations[placeholder] = f"{flag} {argument}"
            rest.append(placeholder)
            continue
        rest.append(word)
        option = own.get(word)
        if option is not None and not option.is_flag and not option.count:
            rest += [each for each in [next(words, None)] if each is not None]
    return rest, locations


def select_ids(
    store: RunStore, location: str, run_ids: Sequence[str], where: str | None
) -> list[int | str] | None:
    """Return the ids of the runs that the user selected; None for all.

    Args:
        store: Of the runs.
        location: Of the store, as the user wrote it.
        run_ids: Ids and ranges.
        where: A query, instead of ids.

    Raises:
        click.UsageError: both are given.
        StoreError: a run does not exist.
    """
    if run_ids and where is not None:
        raise click.UsageError("specify the runs either by their ids or by --where")
    if run_ids:
        return [run.id for run in get_runs(store, run_ids)]
    if where is None:
        return None
    query = parse(where)
    found = [run.id for run in find_runs(store, query, fields=[Field("id")])]
    if not found:
        report_no_runs(store, location, query)
    return found


def refuse_same_location(one: str, other: str) -> None:
    """Raise an error where both locations are the same.

    Raises:
        OptionError: they are.
    """
    if _identity(one) == _identity(other):
        raise OptionError(f"both locations are the same: {mask_text(one)!r}")


def refuse_same_store(one: RunStore, other: RunStore) -> None:
    """Raise an error where two stores are the same, however their locations are written.

    Raises:
        OptionError: they are.
    """
    writable = [each for each in (one, other) if isinstance(each, ContinuingStore)]
    if len(writable) == 2 and writable[0].new_observer() == writable[1].new_observer():
        raise OptionError(f"both locations are the same store: {one!r}")


def ids_text(a: Any, b: Any) -> str:
    """Return the id of a run in two stores: ``5``, or ``5 → 12`` where it differs."""
    return str(a) if a == b else f"{a} → {b}"


def _identity(location: str) -> Any:
    path = Path(split_flag(location)[1]).expanduser()
    try:
        status = path.stat()
    except (OSError, ValueError):
        return location.strip()
    return status.st_dev, status.st_ino
