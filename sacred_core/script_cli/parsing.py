"""The grammar of a script's command line: ``[COMMAND] [with UPDATE...] [options]``."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import click

from sacred_core.exceptions import OptionError, UsageError
from sacred_core.hooks.known import distribution_of
from sacred_core.hooks.options import spellings
from sacred_core.hooks.records import CLIOption


@attrs.frozen
class CommandLine:
    """What a command line says.

    Attributes:
        command: The name of the command, or None for the default one.
        updates: The tokens after ``with``.
        options: The arguments of all options by `CLIOption.name`; None or False where one is
            not given, a list where one may be given several times.
    """

    command: str | None
    updates: list[str]
    options: dict[str, Any]


def split(argv: str | Sequence[str]) -> list[str]:
    """Return a command line as a list, without the program's name."""
    words = shlex.split(argv) if isinstance(argv, str) else list(argv)
    return words[1:]


def parsed(words: list[str], options: Iterable[CLIOption]) -> CommandLine:
    """Return what ``words`` say; options may be anywhere, in any of their `spellings`.

    A long flag may be abbreviated as long as no other one begins like that.

    Raises:
        UsageError: they cannot be understood.
    """
    by_identifier = {f"option_{i}": option for i, option in enumerate(options)}
    names = spellings(by_identifier.values())
    command = click.Command(
        "experiment",
        params=[
            click.Argument(["tokens"], nargs=-1, type=click.UNPROCESSED),
            *(_click_option(i, option, names) for i, option in by_identifier.items()),
        ],
        add_help_option=False,
    )
    values = _values(command, words, names)
    name, updates = _split_tokens(list(values["tokens"]))
    return CommandLine(
        name, updates, {option.name: _value(values[i]) for i, option in by_identifier.items()}
    )


def _values(command: click.Command, words: list[str], names: Mapping[str, str]) -> dict[str, Any]:
    try:
        return command.make_context("experiment", list(words)).params
    except click.NoSuchOption as error:
        whole = _flag_that_begins_with(error.option_name, names)
        if whole is None:
            raise OptionError(_told(error, names)) from None
        abbreviated = error.option_name
    except click.UsageError as error:
        raise OptionError(error.format_message()) from None
    rest = [(word, word.partition("=")[0] == abbreviated) for word in words]
    words = [whole + w.removeprefix(abbreviated) if is_flag else w for w, is_flag in rest]
    return _values(command, words, names)


def _flag_that_begins_with(start: str, names: Mapping[str, str]) -> str | None:
    """Return the only long flag that ``start`` abbreviates, or None."""
    matching = {name for flag, name in names.items() if flag.startswith(start)}
    return matching.pop() if start.startswith("--") and len(matching) == 1 else None


def _click_option(identifier: str, option: CLIOption, names: Mapping[str, str]) -> click.Option:
    others = [flag for flag, name in names.items() if name == option.name]
    declarations = [*dict.fromkeys([*option.flags, *others]), identifier]
    if option.is_flag:
        return click.Option(declarations, is_flag=True)
    return click.Option(declarations, multiple=option.multiple, type=str)


def _value(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _split_tokens(tokens: list[str]) -> tuple[str | None, list[str]]:
    command = None
    if tokens and tokens[0] != "with":
        command = tokens.pop(0)
        if command == "help":  # an argument of its own
            return command, tokens
    if tokens and tokens[0] != "with":
        raise UsageError(f"{tokens[0]!r} is not understood: updates stand after 'with'")
    if command is not None and "=" in command:
        raise UsageError(f"{command!r} is no command: updates stand after 'with'")
    if tokens == ["with"]:
        raise UsageError("nothing stands after 'with'")
    return command, tokens[1:]


def _told(error: click.NoSuchOption, names: Mapping[str, str]) -> str:
    distribution = distribution_of(error.option_name)
    if distribution is not None:
        return f"No such option: {error.option_name}. pip install {distribution} brings it"
    possibilities = dict.fromkeys(names[flag] for flag in error.possibilities or ())
    return click.NoSuchOption(error.option_name, possibilities=[*possibilities]).format_message()
