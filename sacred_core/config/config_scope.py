"""A function whose local variables are configuration entries."""

import dis
import functools
import inspect
import sys
from collections.abc import Iterator, Mapping
from types import FrameType, FunctionType, ModuleType
from typing import Any

from sacred_core.config.contributions import Contribution, Origin
from sacred_core.config.entries import ReadOnlyDict, is_same, normalize, plain_copy
from sacred_core.config.request import Overrides
from sacred_core.config.scope_source import Fix, ScopeSource
from sacred_core.exceptions import ConfigScopeError, SourceChangedError
from sacred_core.loggers import own_logger

_logger = own_logger(__name__)


class ConfigScope:
    """The scope that `sacred_core.Ingredient.config` makes of a function.

    Calling it returns the configuration that it gives on its own.

    Attributes:
        source: Runs the code of the function.

    Raises:
        ConfigScopeError: the function returns or yields, or its source is not available.
    """

    def __init__(self, func: FunctionType) -> None:
        if not inspect.isfunction(func):
            raise ConfigScopeError(f"a config scope must be a function, got {func!r}")
        functools.update_wrapper(self, func)
        self._function = func
        self.source: ScopeSource | TracedScope = _source_of(func)
        self._parameters = inspect.signature(func).parameters

    @classmethod
    def of(cls, function: Any) -> "ConfigScope":
        """Return the scope of a function, also one under decorators, or of a scope itself."""
        if isinstance(function, ConfigScope):
            return function
        return cls(inspect.unwrap(function))

    @property
    def function(self) -> FunctionType:
        """The function that was decorated."""
        return self._function

    @property
    def origin(self) -> Origin:
        """The scope's name and place."""
        code = self._function.__code__
        return Origin("scope", self._function.__name__, code.co_filename, code.co_firstlineno)

    @property
    def docs(self) -> Mapping[str, str]:
        """Comments of its entries; under ``""`` its docstring."""
        return self.source.docs

    @property
    def parameters(self) -> list[str]:
        """Names that it takes from earlier entries and from ingredients."""
        return list(self._parameters)

    def __call__(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the entries; arguments are those of earlier scopes."""
        bound = inspect.signature(self._function).bind_partial(*args, **kwargs)
        return self.evaluate(Overrides(), dict(bound.arguments)).entries

    def evaluate(self, overrides: Overrides, available: dict[str, Any]) -> Contribution:
        """Run the scope with the entries in ``overrides`` fixed.

        Args:
            overrides: What is fixed.
            available: Entries and other values that the scope may take as parameters.

        Raises:
            ConfigScopeError: a parameter is not available.
        """
        arguments = {name: available[name] for name in self._required_names(available)}
        before = {name: plain_copy(value) for name, value in arguments.items()}
        # Ingredients are resolved already, with all that is fixed in them.
        ingredients = {n for n, value in arguments.items() if isinstance(value, ReadOnlyDict)}
        fixed = set(overrides.values) - ingredients
        if self.source.code is not self._function.__code__:  # as IPython's autoreload replaces it
            self.source = _source_of(self._function)
        values = self.source.evaluate(arguments, fixed, overrides.fix)
        overrides.complete()
        # A parameter that is only changed in place contains all that earlier configurations set.
        contribution = Contribution({}, replacing=frozenset(before) - self.source.assigned)
        for name, value in values.items():
            if name in self.source.imported or (name in before and is_same(value, before[name])):
                continue  # a parameter that is unchanged is not an entry of the scope's own
            self._add(contribution, name, normalize(value))
        return contribution

    def _required_names(self, available: dict[str, Any]) -> list[str]:
        for name, parameter in self._parameters.items():
            if name not in available and parameter.default is parameter.empty:
                raise ConfigScopeError(
                    f"the config scope {self._function.__name__!r} takes {name!r}, which is not "
                    f"defined before it: available are {', '.join(sorted(available))}"
                )
        return [name for name in self._parameters if name in available]

    def _add(self, contribution: Contribution, name: str, value: Any) -> None:
        """Add an entry; private names, modules and definitions are tools of the scope."""
        is_tool = name.startswith("_") or isinstance(value, ModuleType)
        if is_tool or self.source.defines(name, value):
            contribution.extras[name] = value
        else:
            contribution.entries[name] = value


def _source_of(function: FunctionType) -> "ScopeSource | TracedScope":
    try:
        return ScopeSource(function)
    except SourceChangedError as error:
        _logger.warning("%s", error)
        return TracedScope(function)


class TracedScope:
    """The code of ``function``, with the methods of `ScopeSource`.

    Attributes:
        code: The code that is run.
        docs: Nothing: comments are in the source only.
        imported: Names that are bound by an import inside the scope.
        assigned: Names that are bound, by assignments above all.
    """

    docs: Mapping[str, str] = {}

    def __init__(self, function: FunctionType) -> None:
        self.function = function
        self.code = function.__code__
        self.imported = frozenset(_imported_names(function))
        self.assigned = frozenset(_assigned_names(function))

    def defines(self, name: str, value: Any) -> bool:
        """Return whether ``value`` is a function or class that the scope itself defines."""
        inner = getattr(value, "__wrapped__", value)
        return getattr(inner, "__qualname__", "") == f"{self.function.__qualname__}.<locals>.{name}"

    def evaluate(self, arguments: dict[str, Any], fixed: set[str], fix: Fix) -> dict[str, Any]:
        """Call the scope and return its local variables; see `ScopeSource.evaluate`."""
        own = {*self.code.co_varnames, *self.code.co_cellvars}
        values: dict[str, Any] = {}

        def trace_scope(frame: FrameType, event: str, result: Any) -> Any:
            variables = frame.f_locals  # taken once: each access reads them anew up to Python 3.12
            for name in fixed.intersection(variables):
                value = fix(name, variables[name])
                if value is not variables[name]:
                    variables[name] = value
            if event == "return":
                values.update({name: variables[name] for name in variables if name in own})
                values["return"] = result
            return trace_scope

        def trace(frame: FrameType, event: str, argument: Any) -> Any:
            return trace_scope if frame.f_code is self.code else None

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            self.function(**arguments)
        finally:
            sys.settrace(before)
        if values.pop("return") is not None:
            raise ConfigScopeError(
                f"{self.code.co_filename}:{self.code.co_firstlineno}: the config scope "
                f"{self.function.__name__!r} must not return: its local variables are the "
                "configuration"
            )
        return values


def _imported_names(function: FunctionType) -> list[str]:
    """Return the names that are stored after an import instruction."""
    names = []
    is_import = False
    for instruction in dis.get_instructions(function):
        if instruction.opname in ("IMPORT_NAME", "IMPORT_FROM"):
            is_import = True
        elif instruction.opname.startswith("STORE_"):
            if is_import:
                name = instruction.argval  # of an instruction that also loads, a pair
                names.append(name if isinstance(name, str) else name[0])
            is_import = False
    return names


def _assigned_names(function: FunctionType) -> Iterator[str]:
    """Yield the names of local variables that are stored."""
    for instruction in dis.get_instructions(function):
        if instruction.opname.startswith(("STORE_FAST", "STORE_DEREF")):
            names = instruction.argval  # of two instructions in one, a pair
            names = (names,) if isinstance(names, str) else names
            yield from names[:1] if instruction.opname.endswith("LOAD_FAST") else names
