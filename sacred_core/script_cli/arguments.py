"""The options and other words of a script's command line.

`read_words` is for the usual command lines; `parse_words` is for all of them, and reports mistakes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sacred_core.exceptions import OptionError, UnknownOptionError
from sacred_core.hooks.records import CLIOption
from sacred_core.script_cli.words import suggest_options

if TYPE_CHECKING:
    import click


def identifiers(options: Iterable[CLIOption]) -> dict[str, CLIOption]:
    """Return options by names under which a parser stores their arguments."""
    return {f"option_{i}": option for i, option in enumerate(options)}


def read_words(
    words: Sequence[str], options: Mapping[str, CLIOption], names: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return what `parse_words` returns; None for words that only it can read.

    Importing click and defining two dozen options takes more time than all else that is done for
    a command line. It is needed for abbreviated flags, and to describe a mistake.
    """
    if any(len(flag) > 2 and not flag.startswith("--") for flag in names):
        return None
    by_name = {option.name: (key, option) for key, option in options.items()}
    by_flag = {flag: by_name[name] for flag, name in names.items()}
    values: dict[str, Any] = {key: _without_argument(option) for key, option in options.items()}
    tokens: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            tokens += rest
        elif not word.startswith("-") or word == "-":
            tokens.append(word)
        elif not _take_options(word, rest, by_flag, values):
            return None
    given = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
    return {"tokens": tuple(tokens), **given}


def _without_argument(option: CLIOption) -> Any:
    return False if option.is_flag else [] if option.multiple else None


def _take_options(
    word: str,
    rest: Iterator[str],
    by_flag: Mapping[str, tuple[str, CLIOption]],
    values: dict[str, Any],
) -> bool:
    """Store the options in a word: a long one, or short ones. Return whether it has no mistake."""
    if word.startswith("--"):
        flag, equals, argument = word.partition("=")
        return _take_option(flag, argument if equals else None, rest, by_flag, values)
    for position in range(1, len(word)):
        flag = f"-{word[position]}"
        if flag not in by_flag:
            return False
        if not by_flag[flag][1].is_flag:
            return _take_option(flag, word[position + 1 :] or None, rest, by_flag, values)
        _take_option(flag, None, rest, by_flag, values)
    return True


def _take_option(
    flag: str,
    argument: str | None,
    rest: Iterator[str],
    by_flag: Mapping[str, tuple[str, CLIOption]],
    values: dict[str, Any],
) -> bool:
    if flag not in by_flag:
        return False
    key, option = by_flag[flag]
    if option.is_flag:
        values[key] = True
        return argument is None
    argument = next(rest, None) if argument is None else argument
    if argument is None:
        return False
    values[key] = [*values[key], argument] if option.multiple else argument
    return True


def parse_words(
    words: Sequence[str], options: Mapping[str, CLIOption], names: Mapping[str, str]
) -> dict[str, Any]:
    """Return the arguments of ``options`` by their identifiers, and ``tokens``: all other words.

    Args:
        words: A command line. Long flags may be abbreviated.
        options: By their identifiers.
        names: Of the options by their `spellings`.

    Raises:
        OptionError: the words are not a command line.
    """
    import click

    command = click.Command(
        "experiment",
        params=[
            click.Argument(["tokens"], nargs=-1, type=click.UNPROCESSED),
            *(_click_option(i, option, names) for i, option in options.items()),
        ],
        add_help_option=False,
    )
    return _values(command, list(words), names)


def _values(command: "click.Command", words: list[str], names: Mapping[str, str]) -> dict[str, Any]:
    import click

    try:
        return command.make_context("experiment", list(words)).params
    except click.NoSuchOption as error:
        whole = _flag_that_begins_with(error.option_name, names)
        if whole is None:
            flag = error.option_name
            message = f"No such option '{flag}'{suggest_options(flag, names)}"
            raise UnknownOptionError(message, flag) from None
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


def _click_option(identifier: str, option: CLIOption, names: Mapping[str, str]) -> "click.Option":
    import click

    others = [flag for flag, name in names.items() if name == option.name]
    declarations = [*dict.fromkeys([*option.flags, *others]), identifier]
    if option.is_flag:
        return click.Option(declarations, is_flag=True)
    return click.Option(declarations, multiple=option.multiple, type=str)
