"""Completion in the shell: what may come next on a script's command line.

The shell runs the script with the environment variable ``_SACRED_COMPLETE``, which contains the
words so far, one a line, the unfinished one last; what it prints, one a line, are the candidates.
The script's file is executed as far as its ``automain``, but nothing is run.
"""

import logging
from collections.abc import Iterator

from sacred_core.config.request import Request
from sacred_core.config.resolution import resolve
from sacred_core.config.tree import named_configs, nodes_of
from sacred_core.dotted_path import leaves
from sacred_core.exceptions import SacredError
from sacred_core.hooks.options import offered_options
from sacred_core.script_cli.interface import ScriptExperiment


def candidates(ex: ScriptExperiment, words: list[str]) -> list[str]:
    """Return what may replace the last of ``words``, sorted.

    Args:
        ex: The experiment.
        words: What was typed after the script; the last one is unfinished.
    """
    *before, current = words or [""]
    if current.startswith("-"):
        found: Iterator[str] = _flags(ex, next(iter(before), ""))
    elif "with" in before:
        found = _updates(ex)
    elif not [word for word in before if not word.startswith("-")]:
        found = iter([*dict(ex.gather_commands()), "help", "with"])
    elif before == ["help"]:
        found = iter(dict(ex.gather_commands()))
    else:
        found = iter(["with"])
    return sorted(word for word in set(found) if word.startswith(current))


def _flags(ex: ScriptExperiment, command: str) -> Iterator[str]:
    for option in offered_options(ex.additional_cli_options, command):
        yield from option.flags


def _updates(ex: ScriptExperiment) -> Iterator[str]:
    yield from named_configs(nodes_of(ex))
    logger = ex.logger or _silent()
    try:
        config = resolve(ex, Request(), logger=logger, new_seed=lambda: 0).config
    except SacredError:  # nothing to offer until it is mended
        return
    yield from (f"{path}=" for path, _ in leaves(config))


def _silent() -> logging.Logger:
    logger = logging.getLogger("sacred_core.completion")
    logger.disabled = True
    return logger
