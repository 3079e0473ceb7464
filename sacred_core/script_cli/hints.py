"""Hints for invalid command lines.

It is imported where an error is reported. `sacred_core.script_cli.words` needs no experiment.
"""

import difflib
import inspect
import re
import shlex
from collections.abc import Collection, Iterator, Sequence
from typing import Any, cast

from sacred_core.config.config_dict import ConfigDict
from sacred_core.config.files import has_config_suffix
from sacred_core.config.request import Request
from sacred_core.config.tree import named_configs, nodes_of
from sacred_core.exceptions import (
    CommandNotFoundError,
    ConfigAddedError,
    NamedConfigNotFoundError,
    SacredError,
    UnknownOptionError,
)
from sacred_core.hooks.lookup import KNOWN_SCRIPT_COMMANDS, distribution_of, missing_reason
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.options import offered_options, spellings
from sacred_core.script_cli.interface import ScriptExperiment
from sacred_core.script_cli.words import find_swallowed

#: What a run records: in queries these are fields, in a configuration they are not entries.
_RECORDED = ("metrics", "result", "info", "status")
#: An entry and a value, separated by a colon or a space: ``lr:0.1``.
_WITH_COLON = re.compile(r"(?P<path>[A-Za-z_][\w.]*)[:\s]\s*(?P<value>.*)")
#: Options of other programs for what is an update, or a file, here.
_UPDATES = ("with", "set", "config", "config_file", "config-file", "configuration")


def explain(
    error: SacredError, words: Sequence[str], ex: ScriptExperiment, request: Request | None
) -> str:
    """Return the message for ``error``, with what the user probably meant.

    Args:
        error: What the command line led to.
        words: The command line, without the program.
        ex: The experiment.
        request: What was understood of the command line, None if nothing was.
    """
    hint = _missing_command(words, ex)
    if hint is not None:
        return hint
    if isinstance(error, UnknownOptionError):
        hint = _unknown_option(error, words, ex)
    elif isinstance(error, ConfigAddedError):
        hint = _unknown_entry(error.path, ex)
    elif request is not None and isinstance(error, CommandNotFoundError) and request.command:
        hint = _unknown_command(request, words, ex)
    elif request is not None and isinstance(error, NamedConfigNotFoundError):
        hint = _unknown_named_config(error, request.tokens, ex)
    return hint or str(error)


def _missing_command(words: Sequence[str], ex: ScriptExperiment) -> str | None:
    """Return how to install the command that a command line begins with."""
    name = next(iter(words), "")
    if name not in KNOWN_SCRIPT_COMMANDS or name in dict(ex.gather_commands()):
        return None
    return f"No such command {name!r}: {missing_reason(KNOWN_SCRIPT_COMMANDS[name])}"


def _unknown_option(
    error: UnknownOptionError, words: Sequence[str], ex: ScriptExperiment
) -> str | None:
    name = error.flag.lstrip("-")
    if name in _UPDATES:
        return f"No such option '{error.flag}': write updates and configuration files after 'with'"
    for option in plugin_manager().cli_options:
        if option.command and error.flag in spellings([option]):
            return f"No such option '{error.flag}': only the command {option.command!r} has it"
    if name not in _entry_names(ex):
        return None
    at = next((n for n, word in enumerate(words) if word.partition("=")[0] == error.flag), None)
    value = "VALUE"
    if at is not None:
        _, equals, given = words[at].partition("=")
        following = words[at + 1] if at + 1 < len(words) else "VALUE"
        value = given if equals else following
    return f"No such option '{error.flag}': to change the entry {name!r} write: with {name}={value}"


def _unknown_command(request: Request, words: Sequence[str], ex: ScriptExperiment) -> str | None:
    name = str(request.command)
    options = offered_options(ex.additional_cli_options)
    names = spellings(options)
    flags = {option.name for option in options if option.is_flag}
    at = words.index(name) if name in words else 0
    previous = words[at - 1] if at else ""
    if names.get(previous) in flags:
        other = previous.swapcase()
        takes_argument = (other in names and names[other] not in flags) or distribution_of(other)
        if len(previous) == 2 and takes_argument:
            return f"{previous} takes no argument: did you mean {other} {shlex.quote(name)}?"
    if len(previous) > 2 and previous[1] != "-" and previous[:2] in names:
        entry = previous[1:]
        if entry in _entry_names(ex):
            correct = f"with {entry}={name}"
            return f"{previous!r} is not an option: to change the entry {entry!r} write: {correct}"
    swallowed = find_swallowed(words, options)
    if swallowed is not None:
        return f"{swallowed} requires an argument: 'with' was taken as its argument"
    if name in named_configs(nodes_of(ex)) or has_config_suffix(name):
        kind = "file" if has_config_suffix(name) else "named configuration"
        return f"{name!r} is not a command, but a {kind}: write: with {name}"
    return None


def _unknown_named_config(
    error: NamedConfigNotFoundError, tokens: Sequence[str], ex: ScriptExperiment
) -> str | None:
    offered = named_configs(nodes_of(ex))
    name = next((t for t in tokens if "=" not in t and f"configuration {t!r}" in str(error)), None)
    if name is None or difflib.get_close_matches(name, offered, 1):
        return None
    found = _WITH_COLON.fullmatch(name)
    if found:
        return f"{name!r} is not an update: write {found['path']}={found['value']}"
    at = list(tokens).index(name)
    start = next((n for n in range(at, -1, -1) if "=" in tokens[n]), None)
    if start is not None:
        end = next((n for n in range(at, len(tokens)) if "=" in tokens[n]), len(tokens))
        value = shlex.quote(" ".join(tokens[start:end]))
        return (
            f"unknown named configuration {name!r}. If it is part of the value before it, use "
            f"quotes: {value}"
        )
    if name in _entry_names(ex):
        return f"{name!r} is an entry, not a named configuration: write {name}=VALUE"
    return None


def _unknown_entry(path: str, ex: ScriptExperiment) -> str | None:
    first, _, rest = path.partition(".")
    if first in _RECORDED and (rest or first != "info"):
        return f"unknown config entry {path!r}: {first!r} is recorded by a run and cannot be set"
    for command in _captured_functions(ex):
        code = getattr(command, "__code__", None)
        if code is not None and path in code.co_consts and _logs_metrics(code.co_names):
            return (
                f"unknown config entry {path!r}: it is a metric, which {command.__name__}() logs; "
                "only entries of the configuration can be set"
            )
    return None


def _logs_metrics(names: Collection[str]) -> bool:
    return "log_scalar" in names or "log_scalars" in names


def _captured_functions(ex: ScriptExperiment) -> Iterator[Any]:
    for node in nodes_of(ex):
        yield from node.ingredient.captured_functions


def _entry_names(ex: ScriptExperiment) -> set[str]:
    """Return names that are probably entries, without running any scope."""
    found = {"seed"}
    for captured in _captured_functions(ex):
        found.update(captured.names)
    for configuration in ex.configurations:
        if isinstance(configuration, ConfigDict):
            found.update(map(str, configuration()))
        else:
            code = getattr(inspect.unwrap(cast(Any, configuration)), "__code__", None)
            found.update(getattr(code, "co_varnames", ()))
    return {name for name in found if not name.startswith("_")}
