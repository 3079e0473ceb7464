"""Which kinds of functions can be commands and hooks."""

import inspect
from collections.abc import Callable
from typing import Any

from sacred_core.exceptions import FunctionKindError


def check_kind(function: Callable[..., Any], role: str, may_be_async: bool) -> None:
    """Check that calling ``function`` runs it.

    Args:
        function: The function.
        role: What it is declared as, for the error.
        may_be_async: What it returns is awaited.

    Raises:
        FunctionKindError: it is a generator function, or asynchronous without being awaited.
    """
    kind = ""
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        kind, advice = "a generator function", "return a list instead of using 'yield'"
    elif inspect.iscoroutinefunction(function) and not may_be_async:
        kind, advice = "a coroutine function", "declare it with 'def' instead of 'async def'"
    if kind:
        name = getattr(function, "__name__", repr(function))
        raise FunctionKindError(
            f"the {role} {name!r} is {kind}, so that calling it would run nothing: {advice}"
        )
