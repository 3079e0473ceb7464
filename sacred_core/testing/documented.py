"""Observers whose methods are overridden with the signatures that Sacred documents."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from sacred_core.observers.delivering import DOCUMENTED

T = TypeVar("T")
_KIND = inspect.Parameter.POSITIONAL_OR_KEYWORD


def overridden(observer: T, by_position: bool) -> T:
    """Return ``observer`` as an object of a subclass that overrides every method.

    Each override has the signature that Sacred documents and calls ``super()`` with what it got.

    Args:
        observer: Its class changes.
        by_position: Pass the arguments on by position, otherwise by name.
    """
    parent = type(observer)
    methods: dict[str, Any] = {}
    child = type(f"Overridden{parent.__name__}", (parent,), methods)
    for method, names in DOCUMENTED.items():
        if hasattr(observer, method):
            setattr(child, method, _override(child, method, names, by_position))
    observer.__class__ = child
    return observer


def _override(
    child: type, method: str, names: tuple[str, ...], by_position: bool
) -> Callable[..., Any]:
    def override(self: Any, **arguments: Any) -> Any:
        inherited = getattr(super(child, self), method)
        if by_position:
            return inherited(*(arguments[name] for name in names))
        return inherited(**arguments)

    parameters = [inspect.Parameter(name, _KIND) for name in ("self", *names)]
    override.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return override
