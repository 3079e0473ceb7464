"""From scopes, dictionaries and updates to one read-only configuration."""

import importlib
from typing import Any

_DOCUMENTED = ("config_dict", "config_scope")


def __getattr__(name: str) -> Any:
    if name in _DOCUMENTED:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
