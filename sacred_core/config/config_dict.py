"""A dictionary of configuration entries."""

import dataclasses
import inspect
from collections.abc import Mapping
from types import BuiltinFunctionType
from typing import Any, cast

from sacred_core.config.contributions import Contribution, Origin
from sacred_core.config.entries import check_keys, is_readable, normalize, objects_in, plain_copy
from sacred_core.config.request import Overrides
from sacred_core.dotted_path import DottedPath
from sacred_core.exceptions import ConfigValueError


class ConfigDict:
    """Entries given as a dictionary. Calling it returns them.

    Args:
        d: The entries. Objects that are not plain data must have a readable form for the record:
            classes, functions, paths, dates and dataclasses, for example, have one.
        file: Where they were read from.

    Raises:
        ConfigValueError: ``d`` is not a dictionary, or an entry has no readable form.
        ConfigKeyError: a key is not allowed.
    """

    docs: Mapping[str, str] = {}
    parameters: tuple[str, ...] = ()

    def __init__(self, d: Mapping[str, Any], file: str = "") -> None:
        self.origin = Origin("file", file=file) if file else Origin("dictionary")
        if not isinstance(d, Mapping):
            raise ConfigValueError(
                f"add_config takes a dictionary or a file name, got {d!r}{_hint(d)}"
            )
        self._entries: dict[str, Any] = normalize(d)
        check_keys(self._entries)
        for path, value in objects_in(self._entries):
            _refuse_unsuitable(path, value)

    def __call__(self) -> dict[str, Any]:
        """Return a copy of the entries."""
        return cast(dict[str, Any], plain_copy(self._entries))

    def evaluate(self, overrides: Overrides, available: dict[str, Any]) -> Contribution:
        """Return the entries, with what is fixed; nothing ``available`` is needed."""
        del available
        entries = {name: overrides.fix(name, value) for name, value in self().items()}
        overrides.complete()
        return Contribution(entries)


def _hint(given: Any) -> str:
    """Name the way from a frequent kind of object to a dictionary."""
    if inspect.isfunction(given):
        return ": decorate a function with @ex.config"
    if dataclasses.is_dataclass(given) and not isinstance(given, type):
        return ": use dataclasses.asdict(...)"
    if hasattr(given, "__attrs_attrs__") and not isinstance(given, type):
        return ": use attrs.asdict(...)"
    if hasattr(given, "__dict__") and vars(given) and not callable(given):
        return ": use vars(...)"
    return ""


def _refuse_unsuitable(path: DottedPath, value: Any) -> None:
    if not is_readable(value):
        raise ConfigValueError(
            f"config entry {path!r} is {value!r}, which cannot be recorded: use plain data "
            "(numbers, strings, booleans, None, lists, dictionaries) or an object with a "
            "readable form, such as a class, a function, a path or a dataclass"
        )
    if isinstance(value, BuiltinFunctionType) and value.__module__ == "builtins":
        # `dict(id=id)`: as a rule, a variable is missing.
        raise ConfigValueError(
            f"config entry {path!r} is {value!r}, a built-in function of Python: define a "
            "variable with this name first, or set the function in a config scope"
        )
