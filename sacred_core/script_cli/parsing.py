"""The grammar of a script's command line: ``[COMMAND] [with UPDATE...] [options]``."""

import ast
import math
import shlex
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sacred_core.config.entries import Spelled
from sacred_core.config.request import Request
from sacred_core.exceptions import OptionError, UpdateError, UsageError
from sacred_core.hooks.options import spellings
from sacred_core.hooks.records import CLIOption
from sacred_core.script_cli.arguments import identifiers, parse_words, read_words
from sacred_core.script_cli.words import check_spaces, check_words, find_swallowed
from sacred_core.settings import SETTINGS

#: Numbers for which Python has no literal, as it prints them.
_NOT_FINITE = {"nan", "inf", "+inf", "-inf"}


def split(argv: str | Sequence[str]) -> list[str]:
    """Return a command line as a list, without the program's name."""
    words = shlex.split(argv) if isinstance(argv, str) else list(argv)
    return words[1:]


def parse(
    words: list[str],
    options: Iterable[CLIOption],
    has_own_grammar: Callable[[str], bool] = lambda name: False,
) -> Request:
    """Return what a command line requests; options may be anywhere, in any of their `spellings`.

    A long flag may be abbreviated as long as no other one begins like that. Where the help is
    requested, updates are not read: the argument of the command ``help`` is among the tokens.

    Args:
        words: A command line, without the program.
        options: Those on offer.
        has_own_grammar: Returns whether the words after the ``with`` of a command are not updates.

    Raises:
        UsageError: the words are not a command line.
        UpdateError: an update is wrong.
        ConfigError: the updates are wrong; see `Request`.
    """
    by_identifier = identifiers(options)
    names = spellings(by_identifier.values())
    check_words(words, [*by_identifier.values()])
    values = read_words(words, by_identifier, names)
    if values is None:
        values = parse_words(words, by_identifier, names)
    swallowed = find_swallowed(words, [*by_identifier.values()])
    name, tokens = _split_tokens(list(values["tokens"]), swallowed)
    given = {option.name: _as_list(values[i]) for i, option in by_identifier.items()}
    is_help = name == "help" or given.get("--help")
    is_unread = is_help or (name is not None and has_own_grammar(name))
    updates, named = ({}, []) if is_unread else parse_updates(tokens)
    return Request(command=name, updates=updates, named_configs=named, options=given, tokens=tokens)


def parse_updates(tokens: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the values of ``key=value`` tokens by dotted path, and the other tokens, in order.

    A number that is not written as Python prints it is a `Spelled`.

    Raises:
        UpdateError: a token has no key, or contains a value that is not a literal although
            ``SETTINGS.COMMAND_LINE.STRICT_PARSING`` requests one.
    """
    tokens = list(tokens)
    check_spaces(tokens)
    updates: dict[str, Any] = {}
    named: list[str] = []
    for token in tokens:
        path, equals, text = (part.strip() for part in token.partition("="))
        if not equals:
            named.append(token)
            continue
        if not all(path.split(".")):
            raise UpdateError(f"{token!r} names no entry: write entry=value or group.entry=value")
        updates[path] = parse_value(text, token)
    return updates, named


def _as_list(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _split_tokens(tokens: list[str], swallowed: str | None) -> tuple[str | None, list[str]]:
    """Return the command, and what comes after ``with``.

    Args:
        tokens: What is neither an option nor its argument.
        swallowed: The flag that has ``with`` as its argument, if there is one.
    """
    command = None
    if tokens and tokens[0] != "with":
        command = tokens.pop(0)
        if command == "help":  # a separate argument
            return command, tokens
    updates = [token for token in tokens if token != "with"]
    if command is not None and "=" in command:
        _refuse_swallowed(swallowed)
        raise UsageError(
            f"{command!r} is not a command: config updates go after 'with': "
            f"{shlex.join(['with', command, *updates])}"
        )
    if tokens and tokens[0] != "with":
        _refuse_swallowed(swallowed)
        if command == "save_config" and "=" not in tokens[0]:
            updates[0] = f"config_filename={tokens[0]}"
        correct = shlex.join([str(command), "with", *updates])
        hint = f": {correct}" if "=" in updates[0] else ""
        raise UsageError(f"unexpected argument {tokens[0]!r}: config updates go after 'with'{hint}")
    if tokens == ["with"]:
        raise UsageError("expected at least one update after 'with'")
    if "with" in tokens[1:]:
        raise UsageError(f"'with' is given twice: write: {shlex.join(['with', *updates])}")
    return command, tokens[1:]


def _refuse_swallowed(flag: str | None) -> None:
    if flag is not None:
        raise OptionError(f"{flag} requires an argument: 'with' was taken as its argument")


def parse_value(text: str, token: str) -> Any:
    """Return the value of an update, a `Spelled` for a number that Python prints differently.

    Args:
        text: What is after ``=``.
        token: The update, for messages.

    Raises:
        UpdateError: see `parse_updates`.
    """
    if text.lower() in _NOT_FINITE:
        return Spelled(float(text), text)
    try:
        value = ast.literal_eval(text)
        if type(value) not in (int, float) or repr(value) == text:
            return value
        # A number too large for a float would be infinity: then it is only a string.
        return Spelled(value, text) if math.isfinite(value) else text
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        if SETTINGS.COMMAND_LINE.STRICT_PARSING:
            raise UpdateError(
                f"{token!r}: {text!r} is not a Python literal; quote strings: "
                f"'{token.partition('=')[0]}=\"{text}\"'"
            ) from None
        return text
