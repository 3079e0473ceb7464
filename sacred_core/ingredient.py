"""The reusable part of an experiment: a piece of configuration with its functions."""

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class Ingredient:
    """A named set of commands."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.commands: dict[str, Callable[..., Any]] = {}

    def command(self, function: F) -> F:
        """Offer ``function`` under its own name."""
        self.commands[function.__name__] = function
        return function
