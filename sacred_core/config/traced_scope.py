"""A config scope whose source is not available any more: the loaded code itself is run.

`ScopeSource` changes the source of a scope so that entries are fixed after each statement. Without
the source the same is done from outside, by a trace function that is called before each line: the
rest of a line that binds a fixed entry still sees the value that the scope gave it.
"""

import dis
import sys
from collections.abc import Iterator, Mapping
from types import FrameType, FunctionType
from typing import Any

from sacred_core.config.scope_source import Fix
from sacred_core.exceptions import ConfigScopeError


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
        self.imported = frozenset(_imported(function))
        self.assigned = frozenset(_assigned(function))

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


def _imported(function: FunctionType) -> list[str]:
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


def _assigned(function: FunctionType) -> Iterator[str]:
    """Yield the names of local variables that are stored."""
    for instruction in dis.get_instructions(function):
        if instruction.opname.startswith(("STORE_FAST", "STORE_DEREF")):
            names = instruction.argval  # of two instructions in one, a pair
            names = (names,) if isinstance(names, str) else names
            yield from names[:1] if instruction.opname.endswith("LOAD_FAST") else names
