"""The grammar of a script's command line: ``[COMMAND] [with UPDATE...] [options]``."""

import shlex
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import click

from sacred_core.exceptions import OptionError, UsageError
from sacred_core.hooks.known import distribution_of
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
    """Return what ``words`` say; options may stand anywhere.

    Raises:
        UsageError: they cannot be understood.
    """
    by_identifier = {f"option_{i}": option for i, option in enumerate(options)}
    command = click.Command(
        "experiment",
        params=[
            click.Argument(["tokens"], nargs=-1, type=click.UNPROCESSED),
            *(_click_option(name, option) for name, option in by_identifier.items()),
        ],
        add_help_option=False,
    )
    try:
        values = command.make_context("experiment", list(words)).params
    except click.NoSuchOption as error:
        raise OptionError(_told(error)) from None
    except click.UsageError as error:
        raise OptionError(error.format_message()) from None
    name, updates = _split_tokens(list(values["tokens"]))
    return CommandLine(
        name, updates, {option.name: _value(values[i]) for i, option in by_identifier.items()}
    )


def _click_option(identifier: str, option: CLIOption) -> click.Option:
    if option.is_flag:
        return click.Option([*option.flags, identifier], is_flag=True)
    return click.Option([*option.flags, identifier], multiple=option.multiple, type=str)


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


def _told(error: click.NoSuchOption) -> str:
    distribution = distribution_of(error.option_name)
    if distribution is not None:
        return f"No such option: {error.option_name}. pip install {distribution} brings it"
    return error.format_message()
