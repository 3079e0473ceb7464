"""A function whose local variables are configuration entries."""

import functools
import inspect
from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from sacred_core.config.containers import ReadOnlyDict
from sacred_core.config.overrides import Overrides, plain_copy
from sacred_core.config.scope_source import ScopeSource
from sacred_core.config.summary import Origin
from sacred_core.config.tree import Contribution
from sacred_core.config.values import is_same, normalized
from sacred_core.exceptions import ConfigScopeError, SourceChangedError
from sacred_core.loggers import own_logger

if TYPE_CHECKING:
    from sacred_core.config.traced_scope import TracedScope

_logger = own_logger(__name__)


class ConfigScope:
    """The scope that `sacred_core.Ingredient.config` makes of a function.

    Calling it returns the configuration that it gives on its own.

    Raises:
        ConfigScopeError: the function returns or yields, or its source is not available.
    """

    def __init__(self, func: FunctionType) -> None:
        if not inspect.isfunction(func):
            raise ConfigScopeError(f"a config scope is a function, which {func!r} is not")
        functools.update_wrapper(self, func)
        self._function = func
        self._source = _source_of(func)
        self._parameters = inspect.signature(func).parameters

    @classmethod
    def of(cls, function: Any) -> "ConfigScope":
        """Return the scope of a function, also one under decorators, or of a scope itself."""
        if isinstance(function, ConfigScope):
            return function
        return cls(inspect.unwrap(function))

    @property
    def origin(self) -> Origin:
        """The scope's name and place."""
        code = self._function.__code__
        return Origin("scope", self._function.__name__, code.co_filename, code.co_firstlineno)

    @property
    def docs(self) -> Mapping[str, str]:
        """Comments of its entries; under ``""`` its docstring."""
        return self._source.docs

    @property
    def parameters(self) -> list[str]:
        """Names that it takes from earlier entries and from ingredients."""
        return list(self._parameters)

    def __call__(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the entries; arguments stand for those of earlier scopes."""
        bound = inspect.signature(self._function).bind_partial(*args, **kwargs)
        return self.evaluate(Overrides(), dict(bound.arguments)).entries

    def evaluate(self, overrides: Overrides, available: dict[str, Any]) -> Contribution:
        """Run the scope while ``overrides`` keep what they fix.

        Args:
            overrides: What is fixed.
            available: Entries and other values that the scope may take as parameters.

        Raises:
            ConfigScopeError: a parameter is not available.
        """
        arguments = {name: available[name] for name in self._required(available)}
        before = {name: plain_copy(value) for name, value in arguments.items()}
        # Ingredients are resolved already, with all that is fixed in them.
        ingredients = {n for n, value in arguments.items() if isinstance(value, ReadOnlyDict)}
        fixed = set(overrides.values) - ingredients
        if self._source.code is not self._function.__code__:  # as IPython's autoreload replaces it
            self._source = _source_of(self._function)
        values = self._source.evaluate(arguments, fixed, overrides.fix)
        overrides.complete()
        # A parameter that is only changed in place holds all that earlier configurations set.
        contribution = Contribution({}, replacing=frozenset(before) - self._source.assigned)
        for name, value in values.items():
            if name in self._source.imported or (name in before and is_same(value, before[name])):
                continue  # a parameter that is unchanged is not an entry of the scope's own
            self._add(contribution, name, normalized(value))
        return contribution

    def _required(self, available: dict[str, Any]) -> list[str]:
        for name, parameter in self._parameters.items():
            if name not in available and parameter.default is parameter.empty:
                raise ConfigScopeError(
                    f"the config scope {self._function.__name__!r} takes {name!r}, which is "
                    f"defined nowhere before it: there are {', '.join(sorted(available))}"
                )
        return [name for name in self._parameters if name in available]

    def _add(self, contribution: Contribution, name: str, value: Any) -> None:
        """Add an entry; private names, modules and definitions are tools of the scope."""
        is_tool = name.startswith("_") or isinstance(value, ModuleType)
        if is_tool or self._source.defines(name, value):
            contribution.extras[name] = value
        else:
            contribution.entries[name] = value


def _source_of(function: FunctionType) -> "ScopeSource | TracedScope":
    try:
        return ScopeSource(function)
    except SourceChangedError as error:
        from sacred_core.config.traced_scope import TracedScope

        _logger.warning("%s", error)
        return TracedScope(function)
