"""A reusable part of an experiment: configuration with the functions that use it."""

import os
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast, overload

from sacred_core.config.captured_function import CapturedFunction
from sacred_core.exceptions import ConfigError

# What only a run or a scope needs is imported when there is one: every script, also one that
# only prints its help, pays for what stands here.
if TYPE_CHECKING:
    from sacred_core.config.config_dict import ConfigDict
    from sacred_core.config.config_scope import ConfigScope
    from sacred_core.config.resolution import Configuration

P = ParamSpec("P")
R = TypeVar("R")


class Ingredient:
    """Configuration entries and the functions and commands that take them.

    Args:
        path: Where its configuration stands in that of the experiment, dotted.

    Attributes:
        configurations: Scopes and dictionaries in order of declaration.
        commands: Captured functions by the name that the command line gives them.
        pre_run_hooks, post_run_hooks: Called before and after the command.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.configurations: list[Configuration] = []
        self.captured_functions: list[CapturedFunction[..., Any]] = []
        self.commands: dict[str, CapturedFunction[..., Any]] = {}
        self.pre_run_hooks: list[CapturedFunction[..., Any]] = []
        self.post_run_hooks: list[CapturedFunction[..., Any]] = []

    @overload
    def capture(
        self, function: Callable[P, R], prefix: str | None = None
    ) -> CapturedFunction[P, R]: ...
    @overload
    def capture(
        self, function: None = None, prefix: str | None = None
    ) -> Callable[[Callable[P, R]], CapturedFunction[P, R]]: ...
    def capture(self, function: Any = None, prefix: str | None = None) -> Any:
        """Let a function take its missing arguments from the configuration.

        Args:
            function: The function; without one, a decorator is returned.
            prefix: Dotted path of the subtree of the configuration that the function sees.
        """
        if function is None:
            return lambda f: self.capture(f, prefix=prefix)
        if isinstance(function, CapturedFunction):
            return function
        captured = CapturedFunction(function, self._config_path, prefix)
        self.captured_functions.append(captured)
        return captured

    @overload
    def command(
        self, function: Callable[P, R], prefix: str | None = None, unobserved: bool = False
    ) -> CapturedFunction[P, R]: ...
    @overload
    def command(
        self, function: None = None, prefix: str | None = None, unobserved: bool = False
    ) -> Callable[[Callable[P, R]], CapturedFunction[P, R]]: ...
    def command(
        self, function: Any = None, prefix: str | None = None, unobserved: bool = False
    ) -> Any:
        """Offer a captured function as a command, under its own name.

        Args:
            function: The function; without one, a decorator is returned.
            prefix: As in `capture`.
            unobserved: Run it without observers.
        """
        if function is None:
            return lambda f: self.command(f, prefix=prefix, unobserved=unobserved)
        captured = self.capture(function, prefix)
        captured.unobserved = unobserved
        self.commands[captured.function.__name__] = captured
        return captured

    def config(self, function: Callable[..., Any]) -> "ConfigScope":
        """Turn a function into a scope: its local variables become configuration entries."""
        from sacred_core.config.config_scope import ConfigScope

        scope = ConfigScope(cast(FunctionType, function))
        self.configurations.append(scope)
        return scope

    def add_config(
        self,
        cfg_or_file: "Mapping[str, Any] | str | os.PathLike[str] | None" = None,
        **kw_conf: Any,
    ) -> None:
        """Add configuration entries: as a dictionary, as keywords, or from a file.

        Args:
            cfg_or_file: A dictionary, or the name of a JSON, YAML or pickle file, or of another
                that a plugin reads.
            kw_conf: The entries.

        Raises:
            ConfigError: both or neither are given, or a value is no plain data.
            ConfigFileError: the file cannot be read.
        """
        self.configurations.append(_config_dict(cfg_or_file, kw_conf))

    def pre_run_hook(self, func: Any = None, prefix: str | None = None) -> Any:
        """Run a captured function just before the command."""
        return self._hook(self.pre_run_hooks, func, prefix)

    def post_run_hook(self, func: Any = None, prefix: str | None = None) -> Any:
        """Run a captured function just after the command."""
        return self._hook(self.post_run_hooks, func, prefix)

    def _hook(self, hooks: list[CapturedFunction[..., Any]], func: Any, prefix: str | None) -> Any:
        if func is None:
            return lambda f: self._hook(hooks, f, prefix)
        hooks.append(self.capture(func, prefix))
        return hooks[-1]

    @property
    def _config_path(self) -> str:
        return self.path


def _config_dict(given: Any, keywords: dict[str, Any]) -> "ConfigDict":
    from sacred_core.config.config_dict import ConfigDict

    if (given is None) == (not keywords):
        raise ConfigError("add_config takes one of a dictionary, a file name, and keywords")
    if isinstance(given, (str, os.PathLike)):
        from sacred_core.config.sources import load_config_file

        return ConfigDict(load_config_file(given))
    return ConfigDict(keywords if given is None else given)
