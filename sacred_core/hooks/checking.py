"""Finds in a plugin's module what pluggy would overlook."""

import difflib
import inspect
import re
from types import ModuleType
from typing import Any

from sacred_core.hooks import specs

HOOKS: dict[str, tuple[str, ...]] = {
    name: tuple(inspect.signature(spec).parameters)
    for name, spec in vars(specs).items()
    if name.startswith("sacred_")
}
_MARK = "sacred_core_impl"  # what pluggy's marker sets on an implementation


def implemented_hooks(module: Any) -> tuple[str, ...]:
    """Return the hooks that ``module`` implements."""
    return tuple(name for name in HOOKS if hasattr(getattr(module, name, None), _MARK))


def mistakes(module: Any) -> list[str]:
    """Return a sentence for each misspelt hook, unknown argument and forgotten decorator."""
    found = []
    for name, value in vars(module).items():
        is_own = not isinstance(module, ModuleType) or _module_of(value) == module.__name__
        if hasattr(value, _MARK) and name not in HOOKS:
            found.append(f"there is no hook {name!r}{_suggestion(name)}")
        elif hasattr(value, _MARK):
            found += _unknown_arguments(name, value)
        elif name.startswith("sacred_") and is_own and _close(name):
            found.append(f"the function {name!r} lacks the decorator @hookimpl{_if_close(name)}")
    return found


def _module_of(value: Any) -> str | None:
    """Return the name of the module in which a function was defined; None for other values."""
    return value.__module__ if inspect.isfunction(value) else None


def _unknown_arguments(name: str, implementation: Any) -> list[str]:
    known = HOOKS[name]
    given = inspect.signature(implementation).parameters
    takes = f"it takes ({', '.join(known)})"
    return [
        f"the hook {name!r} has no argument {argument!r}: {takes}"
        for argument in given
        if argument not in known
    ]


def _close(name: str) -> list[str]:
    return difflib.get_close_matches(name, HOOKS, 1, 0.8)


def _suggestion(name: str) -> str:
    close = difflib.get_close_matches(name, HOOKS, 1)
    return f", did you mean {close[0]!r}?" if close else f": there are {', '.join(HOOKS)}"


def _if_close(name: str) -> str:
    return "" if name in HOOKS else _suggestion(name)


def version_mismatch(requirement: str, version: str) -> str:
    """Tell how ``version`` of the core misses ``requirement``, like ``">=0.2,<0.3"``, or ``""``.

    Compared are the numbers of ``>=``, ``>`` and ``<``; anything else pip has looked at.
    """
    have = _numbers(version)
    told = f"it needs sacred-core{requirement}, and {version} is installed"
    for operator, bound in re.findall(r"(>=|<=|>|<)\s*([\d.]+)", requirement):
        want = _numbers(bound)
        if (operator == ">=" and have < want) or (operator == ">" and have <= want):
            return f"{told}: pip install -U sacred-core"
        if operator == "<" and have >= want:
            return f"{told}: upgrade the plugin"
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3]]
    return tuple(numbers + [0] * (3 - len(numbers)))
