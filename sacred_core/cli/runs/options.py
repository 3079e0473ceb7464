"""What the commands of ``sacred runs`` share: their options, and how they open a store."""

import contextlib
import os
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from sacred_core.exceptions import OptionError, QueryError, StoreError
from sacred_core.hooks.lookup import KNOWN_NAMES, KnownName
from sacred_core.hooks.options import spellings
from sacred_core.hooks.records import CLIOption, ObserverSpec
from sacred_core.masking import mask_text
from sacred_core.printable import printable
from sacred_core.stores import RunStore, open_store
from sacred_core.stores.opening import split_flag
from sacred_core.stores.query import parse
from sacred_core.stores.recognition import find_locations, path_problem, store_specs
from sacred_core.stores.recursive import RecursiveStore

where_option = click.option("-w", "--where", help="Only runs matching this query.")
recursive_option = click.option(
    "-r",
    "--recursive",
    is_flag=True,
    help="The runs of all stores in a folder and its sub-folders, by their paths.",
)
by_rank_option = click.option(
    "--by",
    type=click.Choice(["rank"]),
    help="One row for each process that recorded in a run, such as each rank.",
)
raw_option = click.option(
    "--raw", is_flag=True, help="Also points that a later segment of a resumed run repeats."
)
exact_option = click.option(
    "--exact", "is_exact", is_flag=True, help="Show all digits of numbers, not four."
)
#: The parameter of the location, and what is parsed in its place if it is given by a flag.
_LOCATION = "location"
_PLACEHOLDER = "."
#: Levels of sub-folders in which a hint looks for runs, and stores that it names.
_DEPTH, _MOST = 2, 5


class LocationCommand(click.Command):
    """A command whose LOCATION may be given as on the command line of a script: ``-t my_runs``.

    A flag that the command itself has, such as ``--sort``'s ``-s``, is that of an observer only if
    no location is given in another way.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the flag of an observer out of the arguments, then parse them."""
        own = {flag: param for param in self._options() for flag in param.opts}
        rest, location = self._take_flag(args, own, may_be_own=False)
        try:
            left = super().parse_args(ctx, [*rest])
        except click.MissingParameter as error:
            if location is not None or error.param is None or error.param.name != _LOCATION:
                raise
            rest, location = self._take_flag(args, own, may_be_own=True)
            if location is None:
                raise _missing_location(ctx) from None
            ctx.params.clear()
            left = super().parse_args(ctx, [*rest])
        if location is not None:
            ctx.params[_LOCATION] = location
        return left

    def _options(self) -> Iterator[click.Option]:
        return (param for param in self.params if isinstance(param, click.Option))

    def _take_flag(
        self, args: Sequence[str], own: dict[str, click.Option], may_be_own: bool
    ) -> tuple[list[str], str | None]:
        """Return the arguments with a placeholder for the location, and the location."""
        flags = observer_flags()
        is_first = next(p for p in self.params if isinstance(p, click.Argument)).name == _LOCATION
        position = 0
        while position < len(args) and args[position] != "--":
            word = args[position]
            flag, argument = split_word(word, flags)
            if flag in flags and (may_be_own or not is_own_option(word, own)):
                stop = position + 1
                if argument is None:
                    argument, stop = "".join(args[stop : stop + 1]), stop + 1
                if not argument or (may_be_own and argument.startswith("-")):
                    break
                rest = [*args[:position], *args[stop:]]
                place = [_PLACEHOLDER]
                return [*place, *rest] if is_first else [*rest, *place], f"{flag} {argument}"
            option = own.get(word)
            has_value = option is not None and not option.is_flag and not option.count
            position += 2 if has_value else 1
        return [*args], None


def _missing_location(ctx: click.Context) -> click.UsageError:
    """Return the error for a command without a location, with the stores that are here."""
    found = [*find_locations(Path(), _DEPTH).values()]
    if not found:
        hint = "name the folder or URL of runs; to record a run: python SCRIPT -F my_runs"
    elif len(found) == 1:
        hint = f"there are runs here: {ctx.command_path} {shlex.quote(found[0])}"
    else:
        hint = f"there are runs in {', '.join(found[:_MOST])}: name one of them"
    return click.UsageError(mask_text(f"Missing argument 'LOCATION': {hint}"), ctx)


def extra_argument_error(words: Sequence[str]) -> click.UsageError:
    """Return the error for words that no argument takes, with ``--where`` if they are a query."""
    text = " ".join(words)
    try:
        parse(text)
    except QueryError:
        return click.UsageError(f"unexpected argument {words[0]!r}")
    return click.UsageError(f"unexpected argument {text!r}: select runs with --where {text!r}")


def observer_flags() -> set[str]:
    """Return all spellings of the flags of observers with stores, also of missing plugins."""
    offered: list[ObserverSpec | KnownName] = [*store_specs(), *KNOWN_NAMES]
    return {*spellings(CLIOption(each.flags) for each in offered if each.flags)}


def split_word(word: str, flags: Collection[str]) -> tuple[str, str | None]:
    """Return the flag in a word and its argument, None if the argument is the next word."""
    if word.startswith("--"):
        flag, equals, argument = word.partition("=")
        return flag, argument if equals else None
    return (word[:2], word[2:] or None) if word[:2] in flags else (word, None)


def is_own_option(word: str, own: Mapping[str, Any]) -> bool:
    """Return whether a word is an option of the command itself, by its flags."""
    return word.partition("=")[0] in own if word.startswith("--") else word[:2] in own


def _refuse_direction(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        raise click.UsageError(
            "There is no option for the order: a minus sign sorts in descending order, as in "
            "--sort=-metrics.loss",
            ctx,
        )


#: Options that other programs have, and that users try.
direction_option = click.option(
    "--desc", "--descending", "--reverse", is_flag=True, hidden=True, expose_value=False,
    callback=_refuse_direction,
)  # fmt: skip


def open_runs(location: str, recursive: bool) -> RunStore:
    """Return the store at ``location``, or all that are in a folder.

    Raises:
        StoreError: there is none, or ``recursive`` is used with a URL.
    """
    if not recursive:
        return open_store(location)
    path = split_flag(location)[1]
    if "://" in path:
        raise StoreError(f"--recursive needs the path of a folder, not {mask_text(location)!r}")
    try:
        os.scandir(Path(path).expanduser()).close()
    except OSError:
        raise StoreError(path_problem(path)) from None
    return RecursiveStore(path)


def report_damage(run_id: object, reason: object) -> None:
    """Print which run cannot be read in full, and why, on stderr."""
    click.echo(f"Run {printable(run_id)} is damaged: {printable(reason)}", err=True)


@contextlib.contextmanager
def writing(target: Path) -> Iterator[None]:
    """Raise an `OptionError` where a file that the user named cannot be written."""
    try:
        yield
    except OSError as error:
        raise OptionError(f"cannot write {str(target)!r}: {error.strerror or error}") from error
