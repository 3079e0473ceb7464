"""The interface of an experiment for the command line of a script."""

import logging
from collections.abc import Iterator
from typing import Any, Protocol

from sacred_core.config.captured_function import CapturedFunction
from sacred_core.config.request import Request
from sacred_core.config.tree import Configurable
from sacred_core.hooks.records import CLIOption
from sacred_core.run import Run


class ScriptExperiment(Configurable, Protocol):
    """An experiment with commands and options.

    Attributes:
        additional_cli_options: Options that the script defines for itself.
        commands: The functions of its own commands by name.
        logger: The parent of all loggers of a run; None for the root logger.
    """

    additional_cli_options: list[CLIOption]
    commands: dict[str, CapturedFunction[..., Any]]
    logger: logging.Logger | None

    @property
    def doc(self) -> str:
        """The docstring of the script."""

    def gather_commands(self) -> Iterator[tuple[str, CapturedFunction[..., Any]]]:
        """Yield name and function of every command."""

    def find_command(self, name: str | None) -> CapturedFunction[..., Any]:
        """Return the command of this name, or the default one for None."""

    def new_run(self, request: Request) -> Run:
        """Return a run that has not started."""
