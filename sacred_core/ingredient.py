"""A reusable part of an experiment: configuration with the functions that use it."""

import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

from sacred_core.config.captured_function import CapturedFunction, check_function, check_kind
from sacred_core.dotted_path import join_paths
from sacred_core.exceptions import ConfigArgumentError, HookSignatureError
from sacred_core.interactive import SentenceOnly, add_definition, code_of, defining_file

# What only a run or a scope needs is imported when there is one: every script, also one that
# only prints its help, imports what is imported here.
if TYPE_CHECKING:
    import logging

    from sacred_core.config.config_dict import ConfigDict
    from sacred_core.config.config_scope import ConfigScope
    from sacred_core.config.contributions import Configuration
    from sacred_core.provenance.dependencies import PackageDependency
    from sacred_core.provenance.experiment_info import Code
    from sacred_core.provenance.sources import SourceFile
    from sacred_core.regular_files import FilePath

P = ParamSpec("P")
R = TypeVar("R")
H = TypeVar("H", bound=Callable[..., Any])


class Ingredient:
    """Configuration entries, and functions and commands that use them.

    Args:
        path: The dotted path of its entries in the configuration of the experiment.
        ingredients: Other ingredients that it uses.
        interactive: Allow a definition without a file, as in a notebook.
        base_dir: The folder of its sources, by default the folder of the defining file.
        save_git_info: Record the git commit of its sources.

    Attributes:
        configurations: Scopes and dictionaries in order of declaration.
        named_configs: Configurations that are applied only by name.
        captured_functions: All functions that take entries, also commands and hooks.
        commands: Captured functions by the name on the command line.
        config_hooks: Called after the configuration; they return changes of it.
        pre_run_hooks, post_run_hooks: Called before and after the command.
        logger: The parent of all loggers of a run; None for the root logger.
    """

    def __init__(
        self,
        path: str | bytes | os.PathLike[str],
        ingredients: "Sequence[Ingredient]" = (),
        interactive: bool = False,
        _caller_globals: dict[str, Any] | None = None,
        base_dir: "FilePath | None" = None,
        save_git_info: bool = True,
    ) -> None:
        self.path = os.fsdecode(path)
        self.ingredients: list[Any] = list(ingredients)
        self.interactive = interactive
        self.base_dir = base_dir
        self.save_git_info = save_git_info
        self._caller_globals = _caller_globals or sys._getframe(1).f_globals
        #: The module that defines it, by its name, and its code where it is being executed.
        self.module_name = str(self._caller_globals.get("__name__"))
        self.module_code = _module_code(self._caller_globals)
        file = self._caller_globals.get("__file__")
        #: The file that defines it: its sources are searched in that file's folder.
        self.main_file: str | None = os.path.abspath(file) if isinstance(file, str) else None
        #: File names of the code that creates it and adds dictionaries to it.
        self._defining_files = {defining_file(self._caller_globals)}
        self.added_sources: list[Path] = []
        self.added_dependencies: dict[str, str] = {}
        self.configurations: list[Configuration] = []
        self.named_configs: dict[str, Configuration] = {}
        self.captured_functions: list[CapturedFunction[..., Any]] = []
        self.commands: dict[str, CapturedFunction[..., Any]] = {}
        self.config_hooks: list[Callable[..., Any]] = []
        self.pre_run_hooks: list[CapturedFunction[..., Any]] = []
        self.post_run_hooks: list[CapturedFunction[..., Any]] = []
        self.logger: logging.Logger | None = None

    @overload
    def capture(
        self, function: Callable[P, R], prefix: str | None = None
    ) -> CapturedFunction[P, R]: ...
    @overload
    def capture(
        self, function: None = None, prefix: str | None = None
    ) -> Callable[[Callable[P, R]], CapturedFunction[P, R]]: ...
    def capture(self, function: Any = None, prefix: str | None = None) -> Any:
        """Decorate a function so that missing arguments come from the configuration.

        Args:
            function: The function; without one, a decorator is returned.
            prefix: Dotted path of the part of the configuration that the function uses.
        """
        if function is None:
            return lambda f: self.capture(f, prefix=prefix)
        if isinstance(function, CapturedFunction):
            return function
        check_function(function)
        captured = CapturedFunction(function, self, prefix)
        add_definition(self.captured_functions, captured)
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

        Raises:
            FunctionKindError: it is a generator function. Coroutine functions are allowed.
        """
        if function is None:
            return lambda f: self.command(f, prefix=prefix, unobserved=unobserved)
        check_kind(function, "command", may_be_async=True)
        captured = self.capture(function, prefix)
        captured.unobserved = unobserved
        self.commands[captured.function.__name__] = captured
        return captured

    @overload
    def config(self, function: Callable[..., Any]) -> "ConfigScope": ...
    @overload
    def config(self, function: None = None) -> "Callable[[Callable[..., Any]], ConfigScope]": ...
    def config(self, function: Any = None) -> Any:
        """Turn a function into a scope: its local variables become configuration entries.

        Without a function, as in ``@ex.config()``, a decorator is returned.
        """
        if function is None:
            return self.config
        from sacred_core.config.config_scope import ConfigScope

        with SentenceOnly():
            scope = ConfigScope.of(function)
        add_definition(self.configurations, scope)
        return scope

    def add_config(
        self,
        cfg_or_file: "Mapping[str, Any] | str | os.PathLike[str] | None" = None,
        **kw_conf: Any,
    ) -> None:
        """Add configuration entries: as a dictionary, as keywords, or from a file.

        Args:
            cfg_or_file: A dictionary, or the name of a JSON, YAML, TOML or pickle file, or of
                another that a plugin reads.
            kw_conf: The entries. The record contains a readable form of other objects than plain
                data; captured functions get the objects.

        Raises:
            ConfigArgumentError: entries are given in two ways, or not at all.
            ConfigValueError: ``cfg_or_file`` has another type, or a value has no readable form.
            ConfigFileNotFoundError: the file does not exist.
            ConfigFileError: the file cannot be read.
        """
        self._defining_files.add(sys._getframe(1).f_code.co_filename)
        self.configurations.append(_config_dict(cfg_or_file, kw_conf))

    @overload
    def named_config(self, func: Callable[..., Any]) -> "ConfigScope": ...
    @overload
    def named_config(self, func: None = None) -> "Callable[[Callable[..., Any]], ConfigScope]": ...
    def named_config(self, func: Any = None) -> Any:
        """Turn a function into a scope that is applied when its name is requested.

        Without a function, as in ``@ex.named_config()``, a decorator is returned.
        """
        if func is None:
            return self.named_config
        from sacred_core.config.config_scope import ConfigScope

        with SentenceOnly():
            scope = ConfigScope.of(func)
        self.named_configs[scope.origin.name] = scope
        return scope

    def add_named_config(
        self,
        name: str,
        cfg_or_file: "Mapping[str, Any] | str | os.PathLike[str] | None" = None,
        **kw_conf: Any,
    ) -> None:
        """Add entries that are applied when ``name`` is requested; see `add_config`."""
        self._defining_files.add(sys._getframe(1).f_code.co_filename)
        self.named_configs[name] = _config_dict(cfg_or_file, kw_conf)

    @overload
    def config_hook(self, func: H) -> H: ...
    @overload
    def config_hook(self, func: None = None) -> Callable[[H], H]: ...
    def config_hook(self, func: Any = None) -> Any:
        """Register ``func(config, command_name, logger)``, which returns changes of entries.

        It is called after the scopes of this ingredient, with a copy of the whole configuration.
        It returns a dictionary of changes, nested or with dotted keys. Updates have priority.

        Raises:
            HookSignatureError: it has other parameters.
            FunctionKindError: it is a generator or a coroutine function.
        """
        if func is None:  # ``@ex.config_hook()``
            return self.config_hook
        check_kind(func, "config hook", may_be_async=False)
        names = list(inspect.signature(func).parameters)
        if names != ["config", "command_name", "logger"]:
            raise HookSignatureError(
                f"the config hook {func.__name__!r} takes ({', '.join(names)}): it must take "
                "(config, command_name, logger)"
            )
        add_definition(self.config_hooks, func)
        return func

    def traverse_ingredients(self) -> "Iterator[tuple[Ingredient, int]]":
        """Yield this ingredient and those that it uses, each with its depth, from 0.

        Raises:
            CircularDependencyError: an ingredient uses itself, directly or through others.
        """
        from sacred_core.config.tree import traverse

        yield from traverse(self)

    def gather_commands(self) -> "Iterator[tuple[str, CapturedFunction[..., Any]]]":
        """Yield name and function of all commands, this ingredient's first.

        A name is dotted and begins with the path of the command's ingredient.
        """
        for name, ingredient, attribute in self._gather("commands"):
            yield name, ingredient.commands[attribute]

    def gather_named_configs(self) -> "Iterator[tuple[str, Configuration]]":
        """Yield dotted name and configuration of all named configurations.

        Names have the form of `gather_commands`.
        """
        for name, ingredient, attribute in self._gather("named_configs"):
            yield name, ingredient.named_configs[attribute]

    def post_process_name(self, name: str, ingredient: "Ingredient") -> str:
        """Return the name that a command or named configuration is known by.

        Override it to change the names.

        Args:
            name: Its dotted name, which begins with the path of its ingredient.
            ingredient: The ingredient that it belongs to.
        """
        del ingredient
        return name

    @property
    def doc(self) -> str:
        """The docstring of the file that defines it; empty if there is none."""
        return inspect.cleandoc(self._caller_globals.get("__doc__") or "")

    def get_experiment_info(self) -> dict[str, Any]:
        """Return name, base folder, sources, dependencies and repositories.

        See `sacred_core.provenance.experiment_info.Code`.
        """
        return self.code().info()

    @property
    def sources(self) -> "set[SourceFile]":
        """The files of code of this and of its ingredients, as a run would record them now."""
        return self.code().files()

    @property
    def dependencies(self) -> "set[PackageDependency]":
        """The packages that this and its ingredients use, as a run would record them now."""
        return self.code().packages()

    @property
    def mainfile(self) -> "SourceFile | None":
        """The file that defines it; None in an interactive session."""
        from sacred_core.provenance.sources import SourceFile

        is_there = self.main_file is not None and Path(self.main_file).is_file()
        return SourceFile.create(self.main_file) if self.main_file and is_there else None

    def code(self) -> "Code":
        """Return what finds the code of this and of its ingredients."""
        from sacred_core.provenance.experiment_info import Code

        ingredients = {id(i): i for i, _ in self.traverse_ingredients()}
        return Code(self, ingredients.values())

    def code_places(self) -> set[tuple[str, str]]:
        """Return file name and name of its functions; the name is empty for other code of it.

        The file name of code in the cell of a notebook is not that of a file.
        """
        definitions: list[Any] = [
            *self.configurations,
            *self.named_configs.values(),
            *self.captured_functions,
            *self.config_hooks,
        ]
        codes = map(code_of, definitions)
        places = {(code.co_filename, code.co_name) for code in codes if code is not None}
        return places | {(file, "") for file in self._defining_files}

    def add_source_file(self, filename: "FilePath") -> None:
        """Record a file as a source that discovery does not find.

        Raises:
            OSError: it cannot be read, or is a folder, a FIFO, a socket or a device.
        """
        from sacred_core.regular_files import readable

        self.added_sources.append(readable(filename))

    def add_package_dependency(self, package_name: str, version: str) -> None:
        """Record a package, and its version, that discovery does not find.

        Raises:
            PackageVersionError: ``version`` is not a version as in PEP 440, like ``"1.2.3"``.
        """
        from sacred_core.provenance.dependencies import validate_version

        validate_version(package_name, version)
        self.added_dependencies[package_name] = version

    def pre_run_hook(self, func: Any = None, prefix: str | None = None) -> Any:
        """Run a captured function just before the command."""
        return self._hook(self.pre_run_hooks, func, prefix)

    def post_run_hook(self, func: Any = None, prefix: str | None = None) -> Any:
        """Run a captured function just after the command."""
        return self._hook(self.post_run_hooks, func, prefix)

    def _gather(self, kind: str) -> "Iterator[tuple[str, Ingredient, str]]":
        seen: set[str] = set()
        for ingredient, _ in self.traverse_ingredients():
            for attribute in getattr(ingredient, kind):
                name = self.post_process_name(join_paths(ingredient.path, attribute), ingredient)
                if name not in seen:  # an ingredient may be used by several others
                    seen.add(name)
                    yield name, ingredient, attribute

    def _hook(self, hooks: list[CapturedFunction[..., Any]], func: Any, prefix: str | None) -> Any:
        if func is None:
            return lambda f: self._hook(hooks, f, prefix)
        check_kind(func, "hook", may_be_async=True)
        captured = self.capture(func, prefix)
        add_definition(hooks, captured)
        return captured


def _module_code(namespace: dict[str, Any]) -> CodeType | None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals is namespace and frame.f_code.co_name == "<module>":
            return frame.f_code
        frame = frame.f_back
    return None


def _config_dict(given: Any, keywords: dict[str, Any]) -> "ConfigDict":
    from sacred_core.config.config_dict import ConfigDict

    if (given is None) == (not keywords):
        raise ConfigArgumentError(
            "add_config takes one of a dictionary, a file name and keyword arguments: got "
            + ("several" if keywords else "none")
        )
    if isinstance(given, (str, os.PathLike)):
        from sacred_core.config.files import load_config_file

        return ConfigDict(load_config_file(given), str(given))
    return ConfigDict(keywords if given is None else given)
