"""Checks of the words of a command line that a parser of options accepts or cannot explain."""

import ast
import itertools
import shlex
from collections.abc import Collection, Mapping, Sequence

from sacred_core.exceptions import OptionError, UpdateError
from sacred_core.hooks.lookup import distribution_of
from sacred_core.hooks.options import spellings
from sacred_core.hooks.records import CLIOption


def check_words(words: Sequence[str], options: Sequence[CLIOption]) -> None:
    """Check for words that would be accepted with another meaning than the user's.

    Raises:
        OptionError: a short flag has ``=``, a long one has a single dash, or an option's argument
            is itself an option.
    """
    names = spellings(options)
    with_argument = {option.name for option in options if not option.is_flag}
    previous = ""
    for word in words:
        if word == "--":
            return
        if names.get(previous) in with_argument:
            if word.partition("=")[0] in names:
                raise OptionError(f"{previous} requires an argument, but {word!r} comes after it")
            previous = ""
            continue
        if word.startswith("-") and not word.startswith("--"):
            _check_short(word, names, with_argument)
        previous = word


def _check_short(word: str, names: Mapping[str, str], with_argument: Collection[str]) -> None:
    flag, equals, value = word.partition("=")
    if f"-{flag}" in names and len(flag) > 2:
        raise OptionError(f"{word!r} is not an option: did you mean {'-' + word!r}?")
    if equals and flag in names:
        is_taken = names[flag] in with_argument
        correct = f"did you mean {flag} {shlex.quote(value)}?"
        hint = correct if is_taken else f"{flag} takes no argument"
        raise OptionError(f"{word!r} is not an option: {hint}")


def find_swallowed(words: Sequence[str], options: Sequence[CLIOption]) -> str | None:
    """Return the flag that has ``with`` as its argument, as it was typed, or None."""
    names = spellings(options)
    flags = {option.name for option in options if option.is_flag}
    for flag, word in itertools.pairwise(words):
        if word == "with" and flag in names and names[flag] not in flags:
            return flag
    return None


def check_spaces(tokens: Sequence[str]) -> None:
    """Check that no update is written with spaces around ``=``.

    Raises:
        UpdateError: one is; the message shows it without them.
    """
    for at, token in enumerate(tokens):
        following = tokens[at + 1] if at + 1 < len(tokens) else ""
        written = [token, following]
        if "=" not in token and following.startswith("=") and following != "=":
            correct = token + following
        elif "=" not in token and following == "=" and at + 2 < len(tokens):
            written.append(tokens[at + 2])
            correct = "".join(written)
        elif token.endswith("=") and token.count("=") == 1 and _is_literal(following):
            correct = token + following
        else:
            continue
        if not token.startswith("="):
            raise UpdateError(f"{' '.join(written)!r} has spaces around '=': write {correct}")


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    return bool(text)


#: By words that users try: the option.
_MEANT = {
    **dict.fromkeys(("desc", "description", "message", "note", "notes"), "--comment"),
    **dict.fromkeys(("verbose", "verbosity", "log"), "--loglevel"),
    **dict.fromkeys(("dry_run", "no_observers"), "--unobserved"),
    **dict.fromkeys(("folder", "dir", "output_dir", "storage"), "--file_storage"),
}


def suggest_options(flag: str, names: Mapping[str, str]) -> str:
    """Return what to do about a flag that does not exist, as the end of a sentence.

    Args:
        flag: As it was typed, without ``=`` and argument.
        names: The option's name for each accepted spelling.
    """
    distribution = distribution_of(flag)
    if distribution is not None:
        return f" (install it with: pip install {distribution})"
    if not flag.startswith("--"):
        other = flag.swapcase()
        return f": did you mean {other!r}?" if other in names else ": --help lists the options"
    begins = sorted({name for long, name in names.items() if long.startswith(flag)})
    if begins:
        return f": it is ambiguous ({', '.join(begins)})"
    if (meant := _MEANT.get(flag.lstrip("-").replace("-", "_"))) in names:
        return f": did you mean {meant!r}?"
    import difflib  # only where there is an error

    by_word = {known.lstrip("-"): name for known, name in names.items() if known[:2] == "--"}
    close = [by_word[word] for word in difflib.get_close_matches(flag.lstrip("-"), by_word, 3)]
    unique = list(dict.fromkeys(close))
    if unique:
        return f": did you mean {' or '.join(map(repr, unique))}?"
    return ": --help lists the options"
